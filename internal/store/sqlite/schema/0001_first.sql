-- The first schema. A numbered file is never edited after a release: the next
-- change is the next number.

-- A number for each package that grows with whatever its decisions depend on.
CREATE TABLE generation (
	ecosystem TEXT NOT NULL,
	package   TEXT NOT NULL,
	n         INTEGER NOT NULL,
	PRIMARY KEY (ecosystem, package)
) STRICT, WITHOUT ROWID;

-- A name's place of origin. Changing one is an audited act of its own.
CREATE TABLE origin (
	ecosystem TEXT NOT NULL,
	package   TEXT NOT NULL,
	origin    TEXT NOT NULL,
	since_ms  INTEGER NOT NULL,
	PRIMARY KEY (ecosystem, package)
) STRICT, WITHOUT ROWID;

-- A file whose bytes are in the blob store. Within an origin its name has one
-- digest for ever.
CREATE TABLE file (
	ecosystem     TEXT NOT NULL,
	package       TEXT NOT NULL,
	name          TEXT NOT NULL,
	origin        TEXT NOT NULL,
	number        TEXT NOT NULL,
	kind          TEXT NOT NULL,
	sha256        TEXT NOT NULL,
	size          INTEGER NOT NULL CHECK (size >= 0),
	uploaded_ms   INTEGER,
	first_seen_ms INTEGER NOT NULL,
	PRIMARY KEY (ecosystem, package, name, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_of_version ON file (ecosystem, package, number);
CREATE INDEX file_of_digest ON file (sha256);

-- What a worker reported about a file, under the digest of every input.
CREATE TABLE evidence (
	key    TEXT PRIMARY KEY,
	sha256 TEXT NOT NULL,
	at_ms  INTEGER NOT NULL,
	report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_of_digest ON evidence (sha256);

-- A decision with every input; file is '' for one about the version as such.
CREATE TABLE decision (
	id        TEXT PRIMARY KEY,
	registry  TEXT NOT NULL,
	ecosystem TEXT NOT NULL,
	package   TEXT NOT NULL,
	number    TEXT NOT NULL,
	file      TEXT NOT NULL,
	verdict   TEXT NOT NULL CHECK (verdict IN ('hold', 'admit', 'reject')),
	until_ms  INTEGER,
	at_ms     INTEGER NOT NULL,
	body      TEXT NOT NULL
) STRICT;
CREATE INDEX decision_of_version ON decision (registry, ecosystem, package, number);

-- When a decision was first written, and each time it became the one that
-- stands. The same answer may come back later (an advisory comes and goes): one
-- decision, two rows here.
CREATE TABLE decided (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	decision TEXT NOT NULL REFERENCES decision (id),
	at_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX decided_of_decision ON decided (decision, seq);

-- The decision that holds for a file in a registry now; admitted_ms since when
-- it is admitted, NULL when it is not.
CREATE TABLE standing (
	registry    TEXT NOT NULL,
	ecosystem   TEXT NOT NULL,
	package     TEXT NOT NULL,
	file        TEXT NOT NULL,
	number      TEXT NOT NULL,
	decision    TEXT NOT NULL REFERENCES decision (id),
	admitted_ms INTEGER,
	PRIMARY KEY (registry, ecosystem, package, file, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX standing_admitted ON standing (registry, ecosystem, package, number) WHERE admitted_ms IS NOT NULL;

CREATE TABLE request (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	registry    TEXT NOT NULL,
	door        TEXT NOT NULL,
	project     TEXT NOT NULL,
	actor       TEXT NOT NULL,
	created_ms  INTEGER NOT NULL,
	body        TEXT NOT NULL,
	status      TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
	outcome     TEXT,
	finished_ms INTEGER
) STRICT;
CREATE INDEX request_of_registry ON request (registry, seq);

-- What people gave, and what was taken back: never changed, only added to.
CREATE TABLE waiver (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	id           TEXT NOT NULL UNIQUE,
	registry     TEXT NOT NULL,
	ecosystem    TEXT NOT NULL,
	package      TEXT NOT NULL,
	purl         TEXT NOT NULL,
	versions     TEXT NOT NULL,
	rule         TEXT NOT NULL,
	advisories   TEXT NOT NULL,
	fingerprints TEXT NOT NULL,
	reason       TEXT NOT NULL,
	owner        TEXT NOT NULL,
	created_ms   INTEGER NOT NULL,
	until_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX waiver_of_package ON waiver (ecosystem, package);
CREATE TABLE waiver_approval (
	waiver   TEXT PRIMARY KEY REFERENCES waiver (id),
	approver TEXT NOT NULL CHECK (approver <> ''),
	at_ms    INTEGER NOT NULL
) STRICT;
CREATE TABLE waiver_revocation (
	waiver TEXT PRIMARY KEY REFERENCES waiver (id),
	actor  TEXT NOT NULL,
	at_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE approval (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL UNIQUE,
	registry   TEXT NOT NULL,
	ecosystem  TEXT NOT NULL,
	package    TEXT NOT NULL,
	number     TEXT NOT NULL,
	purl       TEXT NOT NULL,
	file       TEXT NOT NULL,
	decision   TEXT NOT NULL,
	evidence   TEXT NOT NULL,
	reason     TEXT NOT NULL,
	approver   TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX approval_of_version ON approval (ecosystem, package, number);
CREATE TABLE approval_revocation (
	approval TEXT PRIMARY KEY REFERENCES approval (id),
	actor    TEXT NOT NULL,
	at_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE ask (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL UNIQUE,
	registry   TEXT NOT NULL,
	decision   TEXT NOT NULL,
	purl       TEXT NOT NULL,
	reason     TEXT NOT NULL,
	actor      TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE ask_closing (
	ask   TEXT PRIMARY KEY REFERENCES ask (id),
	actor TEXT NOT NULL,
	how   TEXT NOT NULL,
	at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms  INTEGER NOT NULL,
	actor  TEXT NOT NULL,
	act    TEXT NOT NULL,
	object TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;

-- Who was handed which bytes, one row a day however often: day counts from 1970
-- in UTC.
CREATE TABLE pull (
	sha256   TEXT NOT NULL,
	registry TEXT NOT NULL,
	actor    TEXT NOT NULL,
	day      INTEGER NOT NULL,
	first_ms INTEGER NOT NULL,
	last_ms  INTEGER NOT NULL,
	times    INTEGER NOT NULL,
	PRIMARY KEY (sha256, registry, actor, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	id           TEXT NOT NULL UNIQUE,
	hash         TEXT NOT NULL UNIQUE,
	name         TEXT NOT NULL,
	role         TEXT NOT NULL,
	registries   TEXT NOT NULL,
	created_by   TEXT NOT NULL,
	created_ms   INTEGER NOT NULL,
	expires_ms   INTEGER NOT NULL,
	revoked_ms   INTEGER,
	revoked_by   TEXT NOT NULL DEFAULT '',
	last_used_ms INTEGER
) STRICT;

-- Appended, never rewritten. These hold against a mistake in our own code;
-- against whoever can write the file nothing in the file holds.
CREATE TRIGGER file_kept                BEFORE UPDATE ON file                BEGIN SELECT RAISE(ABORT, 'file is append-only'); END;
CREATE TRIGGER file_stays               BEFORE DELETE ON file                BEGIN SELECT RAISE(ABORT, 'file is append-only'); END;
CREATE TRIGGER evidence_kept            BEFORE UPDATE ON evidence            BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_stays           BEFORE DELETE ON evidence            BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER decision_kept            BEFORE UPDATE ON decision            BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decision_stays           BEFORE DELETE ON decision            BEGIN SELECT RAISE(ABORT, 'decision is append-only'); END;
CREATE TRIGGER decided_kept             BEFORE UPDATE ON decided             BEGIN SELECT RAISE(ABORT, 'decided is append-only'); END;
CREATE TRIGGER decided_stays            BEFORE DELETE ON decided             BEGIN SELECT RAISE(ABORT, 'decided is append-only'); END;
CREATE TRIGGER waiver_kept              BEFORE UPDATE ON waiver              BEGIN SELECT RAISE(ABORT, 'waiver is append-only'); END;
CREATE TRIGGER waiver_stays             BEFORE DELETE ON waiver              BEGIN SELECT RAISE(ABORT, 'waiver is append-only'); END;
CREATE TRIGGER waiver_approval_kept     BEFORE UPDATE ON waiver_approval     BEGIN SELECT RAISE(ABORT, 'waiver_approval is append-only'); END;
CREATE TRIGGER waiver_approval_stays    BEFORE DELETE ON waiver_approval     BEGIN SELECT RAISE(ABORT, 'waiver_approval is append-only'); END;
CREATE TRIGGER waiver_revocation_kept   BEFORE UPDATE ON waiver_revocation   BEGIN SELECT RAISE(ABORT, 'waiver_revocation is append-only'); END;
CREATE TRIGGER waiver_revocation_stays  BEFORE DELETE ON waiver_revocation   BEGIN SELECT RAISE(ABORT, 'waiver_revocation is append-only'); END;
CREATE TRIGGER approval_kept            BEFORE UPDATE ON approval            BEGIN SELECT RAISE(ABORT, 'approval is append-only'); END;
CREATE TRIGGER approval_stays           BEFORE DELETE ON approval            BEGIN SELECT RAISE(ABORT, 'approval is append-only'); END;
CREATE TRIGGER approval_revocation_kept BEFORE UPDATE ON approval_revocation BEGIN SELECT RAISE(ABORT, 'approval_revocation is append-only'); END;
CREATE TRIGGER approval_revocation_stays BEFORE DELETE ON approval_revocation BEGIN SELECT RAISE(ABORT, 'approval_revocation is append-only'); END;
CREATE TRIGGER ask_kept                 BEFORE UPDATE ON ask                 BEGIN SELECT RAISE(ABORT, 'ask is append-only'); END;
CREATE TRIGGER ask_stays                BEFORE DELETE ON ask                 BEGIN SELECT RAISE(ABORT, 'ask is append-only'); END;
CREATE TRIGGER ask_closing_kept         BEFORE UPDATE ON ask_closing         BEGIN SELECT RAISE(ABORT, 'ask_closing is append-only'); END;
CREATE TRIGGER ask_closing_stays        BEFORE DELETE ON ask_closing         BEGIN SELECT RAISE(ABORT, 'ask_closing is append-only'); END;
CREATE TRIGGER audit_kept               BEFORE UPDATE ON audit               BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_stays              BEFORE DELETE ON audit               BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;

CREATE TRIGGER request_final BEFORE UPDATE ON request WHEN OLD.status IN ('done', 'failed')
BEGIN SELECT RAISE(ABORT, 'a finished request is final'); END;
CREATE TRIGGER request_asked BEFORE UPDATE OF id, registry, door, project, actor, created_ms, body ON request
BEGIN SELECT RAISE(ABORT, 'what a request asked is final'); END;
CREATE TRIGGER token_fixed BEFORE UPDATE OF id, hash, name, role, registries, created_by, created_ms, expires_ms ON token
BEGIN SELECT RAISE(ABORT, 'what a token may do is final'); END;
CREATE TRIGGER token_revoked BEFORE UPDATE OF revoked_ms, revoked_by ON token WHEN OLD.revoked_ms IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a revocation is final'); END;
CREATE TRIGGER token_stays BEFORE DELETE ON token
BEGIN SELECT RAISE(ABORT, 'tokens are kept for the audit log'); END;
