-- What analysers read out of the files of archives. A row is the facts of one
-- file, named by the digest of the facts themselves: the wheels and versions that
-- hold the same file share it, and what was said about one archive can never stand
-- for another. body is zstd-compressed JSON.
CREATE TABLE facts (
	key  TEXT PRIMARY KEY,
	body BLOB NOT NULL
) STRICT;

-- Which files an archive holds, in which roles, with the keys of their facts;
-- zstd-compressed JSON. Evidence from before this table has no row here.
CREATE TABLE evidence_code (
	evidence TEXT PRIMARY KEY REFERENCES evidence (key),
	files    BLOB NOT NULL
) STRICT;

-- What the rules of behaviour made of an archive's facts when they were last
-- asked; rules is the digest of those rules. It follows from the facts, so it may
-- be replaced.
CREATE TABLE behaviour (
	evidence TEXT PRIMARY KEY REFERENCES evidence (key),
	rules    TEXT NOT NULL,
	at_ms    INTEGER NOT NULL,
	body     TEXT NOT NULL
) STRICT;

-- Files that were admitted once and taken back, whatever became of them later:
-- their versions never vouch for another one.
CREATE TABLE recalled (
	registry  TEXT NOT NULL,
	ecosystem TEXT NOT NULL,
	package   TEXT NOT NULL,
	number    TEXT NOT NULL,
	file      TEXT NOT NULL,
	at_ms     INTEGER NOT NULL,
	PRIMARY KEY (registry, ecosystem, package, number, file)
) STRICT, WITHOUT ROWID;
-- What admitted a file last is asked for each file of a package after an upgrade of
-- the scanners.
CREATE INDEX decision_admitting ON decision (registry, ecosystem, package, number, file) WHERE verdict = 'admit';

-- Of the time before this table it is known only that a refusal came after an
-- admission; some were faults that passed, and count as recalls all the same.
INSERT INTO recalled (registry, ecosystem, package, number, file, at_ms)
	SELECT d.registry, d.ecosystem, d.package, d.number, d.file, max(o.at_ms)
	FROM decision d JOIN decided o ON o.decision = d.id
	WHERE d.verdict <> 'admit' AND d.file <> '' AND EXISTS (
		SELECT 1 FROM decision a JOIN decided p ON p.decision = a.id
		WHERE a.registry = d.registry AND a.ecosystem = d.ecosystem AND a.package = d.package AND a.number = d.number
			AND a.file = d.file AND a.verdict = 'admit' AND p.seq < o.seq)
	GROUP BY d.registry, d.ecosystem, d.package, d.number, d.file;

CREATE TRIGGER facts_kept          BEFORE UPDATE ON facts         BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER facts_stay          BEFORE DELETE ON facts         BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER evidence_code_kept  BEFORE UPDATE ON evidence_code BEGIN SELECT RAISE(ABORT, 'evidence_code is append-only'); END;
CREATE TRIGGER evidence_code_stays BEFORE DELETE ON evidence_code BEGIN SELECT RAISE(ABORT, 'evidence_code is append-only'); END;
CREATE TRIGGER recalled_kept       BEFORE UPDATE ON recalled      BEGIN SELECT RAISE(ABORT, 'recalled is append-only'); END;
CREATE TRIGGER recalled_stays      BEFORE DELETE ON recalled      BEGIN SELECT RAISE(ABORT, 'recalled is append-only'); END;
