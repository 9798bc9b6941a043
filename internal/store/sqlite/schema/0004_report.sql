-- Reports of requests that have ended, rendered once. Their bytes are in the blob
-- store. A report may be cleared away, because it can be made again from its
-- request's row; what is there is never changed.
CREATE TABLE report (
	request TEXT NOT NULL,
	format  TEXT NOT NULL,
	sha256  TEXT NOT NULL,
	size    INTEGER NOT NULL CHECK (size >= 0),
	at_ms   INTEGER NOT NULL,
	PRIMARY KEY (request, format)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_of_digest ON report (sha256);
CREATE TRIGGER report_kept BEFORE UPDATE ON report BEGIN SELECT RAISE(ABORT, 'a report is never changed'); END;
