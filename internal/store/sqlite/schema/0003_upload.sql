-- Files of our own packages, as their publishers sent them. The bytes are in the
-- blob store and the file's row names them; this is what the index says about it.
-- A row stays for ever: what was deleted keeps its name from being used again.
CREATE TABLE upload (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	registry     TEXT NOT NULL,
	ecosystem    TEXT NOT NULL,
	package      TEXT NOT NULL,
	number       TEXT NOT NULL,
	version_key  TEXT NOT NULL, -- hex of the version's key: equal for 1.0 and 1.0.0
	slot         TEXT NOT NULL, -- what a version can have once: kind, build and tags
	name         TEXT NOT NULL, -- of the file
	sha256       TEXT NOT NULL, -- '' once deleted: then nothing keeps the bytes
	body         TEXT NOT NULL, -- JSON of what the index says of it
	metadata     BLOB NOT NULL, -- the archive's own METADATA
	attestations TEXT NOT NULL, -- JSON list as given; '' for none
	publisher    TEXT NOT NULL,
	uploaded_ms  INTEGER NOT NULL,
	yanked_ms    INTEGER,
	yank_reason  TEXT NOT NULL DEFAULT '',
	deleted_ms   INTEGER,
	UNIQUE (registry, ecosystem, package, name),
	UNIQUE (registry, ecosystem, package, version_key, slot)
) STRICT;

-- Versions and names that were deleted, in all registries; version_key is '' for
-- the whole name.
CREATE TABLE burnt (
	ecosystem   TEXT NOT NULL,
	package     TEXT NOT NULL,
	version_key TEXT NOT NULL,
	at_ms       INTEGER NOT NULL,
	PRIMARY KEY (ecosystem, package, version_key)
) STRICT, WITHOUT ROWID;

-- Which names a publisher's token may publish: patterns, none for every name.
ALTER TABLE token ADD COLUMN names TEXT NOT NULL DEFAULT '[]';

CREATE TRIGGER upload_fixed BEFORE UPDATE OF registry, ecosystem, package, number, version_key, slot, name, body, metadata, attestations, publisher, uploaded_ms ON upload
BEGIN SELECT RAISE(ABORT, 'what was uploaded is final'); END;
CREATE TRIGGER upload_digest BEFORE UPDATE OF sha256 ON upload WHEN NEW.sha256 <> '' OR NEW.deleted_ms IS NULL
BEGIN SELECT RAISE(ABORT, 'a file has one digest for ever'); END;
CREATE TRIGGER upload_gone BEFORE UPDATE ON upload WHEN OLD.deleted_ms IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a deletion is final'); END;
CREATE TRIGGER upload_stays BEFORE DELETE ON upload BEGIN SELECT RAISE(ABORT, 'a name stays taken'); END;
CREATE TRIGGER burnt_kept   BEFORE UPDATE ON burnt  BEGIN SELECT RAISE(ABORT, 'burnt is append-only'); END;
CREATE TRIGGER burnt_stays  BEFORE DELETE ON burnt  BEGIN SELECT RAISE(ABORT, 'burnt is append-only'); END;
CREATE TRIGGER token_names  BEFORE UPDATE OF names ON token BEGIN SELECT RAISE(ABORT, 'what a token may do is final'); END;

-- The one file row that may go is that of a file of our own which was deleted in
-- every registry: its upload rows keep the name.
DROP TRIGGER file_stays;
CREATE TRIGGER file_stays BEFORE DELETE ON file WHEN OLD.origin <> 'internal'
	OR EXISTS (SELECT 1 FROM upload u WHERE u.ecosystem = OLD.ecosystem AND u.package = OLD.package AND u.name = OLD.name AND u.deleted_ms IS NULL)
	OR NOT EXISTS (SELECT 1 FROM upload u WHERE u.ecosystem = OLD.ecosystem AND u.package = OLD.package AND u.name = OLD.name)
BEGIN SELECT RAISE(ABORT, 'file is append-only'); END;
