-- What became of the attestations of a file when they were last verified. claims
-- names what the upstream offered, roots the pinned keys that were asked: other ones
-- give another row, and the newest one counts.
CREATE TABLE provenance (
	seq       INTEGER PRIMARY KEY AUTOINCREMENT,
	ecosystem TEXT NOT NULL,
	package   TEXT NOT NULL,
	file      TEXT NOT NULL,
	sha256    TEXT NOT NULL,
	claims    TEXT NOT NULL,
	roots     TEXT NOT NULL,
	at_ms     INTEGER NOT NULL,
	answer    TEXT NOT NULL
) STRICT;
CREATE INDEX provenance_of_package ON provenance (ecosystem, package, seq);

CREATE TRIGGER provenance_kept  BEFORE UPDATE ON provenance BEGIN SELECT RAISE(ABORT, 'provenance is append-only'); END;
CREATE TRIGGER provenance_stays BEFORE DELETE ON provenance BEGIN SELECT RAISE(ABORT, 'provenance is append-only'); END;
