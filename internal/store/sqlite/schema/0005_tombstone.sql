-- A blob on its way out. Whoever records a row that names the blob takes the
-- tombstone away in the same transaction; a collector that finds it gone leaves
-- the blob alone.
CREATE TABLE tombstone (
	sha256 TEXT PRIMARY KEY,
	at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_of_digest ON upload (sha256); -- the collector asks for each blob
