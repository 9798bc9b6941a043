-- Names that publishers give to versions of our own packages, as npm's dist-tags.
-- They move; who moved them stands in the audit log.
CREATE TABLE upload_tag (
	registry  TEXT NOT NULL,
	ecosystem TEXT NOT NULL,
	package   TEXT NOT NULL,
	tag       TEXT NOT NULL,
	number    TEXT NOT NULL,
	at_ms     INTEGER NOT NULL,
	PRIMARY KEY (registry, ecosystem, package, tag)
) STRICT, WITHOUT ROWID;
