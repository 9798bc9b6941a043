-- Work that outlives the process: a lease table, fenced by attempt. A row is
-- claimed by raising attempt and setting lease_ms; whoever holds an older attempt
-- can no longer end it.
CREATE TABLE job (
	seq           INTEGER PRIMARY KEY AUTOINCREMENT,
	id            TEXT NOT NULL UNIQUE,
	kind          TEXT NOT NULL,
	subject       TEXT NOT NULL, -- what it is about: a request's id
	share         TEXT NOT NULL, -- whose turn it counts as: a project
	priority      INTEGER NOT NULL,
	state         TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead', 'cancelled')),
	attempt       INTEGER NOT NULL DEFAULT 0,
	tries         INTEGER NOT NULL DEFAULT 0, -- attempts that count against it
	turn          INTEGER NOT NULL DEFAULT 0, -- claims of its kind are counted: the number of its last one
	not_before_ms INTEGER NOT NULL,
	lease_ms      INTEGER, -- until when the holder of the attempt may work
	created_ms    INTEGER NOT NULL,
	finished_ms   INTEGER,
	error         TEXT NOT NULL DEFAULT '', -- what stopped the last attempt
	CHECK ((state = 'running') = (lease_ms IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX job_live ON job (kind, subject) WHERE state IN ('waiting', 'running');
CREATE INDEX job_ready ON job (kind, priority, seq) WHERE state = 'waiting';
CREATE INDEX job_turn ON job (kind, turn);
CREATE INDEX job_share ON job (kind, share, turn);
CREATE INDEX job_waits ON job (kind, share) WHERE state = 'waiting';
CREATE INDEX job_leased ON job (kind, share, lease_ms) WHERE state = 'running';
CREATE INDEX job_subject ON job (subject, kind);

-- A request is queued until it has an outcome; that it runs, or that it waits for
-- somebody to start it again, is what its job says. It can be cancelled.
CREATE TABLE request_next (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL UNIQUE,
	registry    TEXT NOT NULL,
	door        TEXT NOT NULL,
	project     TEXT NOT NULL,
	actor       TEXT NOT NULL,
	created_ms  INTEGER NOT NULL,
	body        TEXT NOT NULL,
	status      TEXT NOT NULL CHECK (status IN ('queued', 'done', 'failed', 'cancelled')),
	outcome     TEXT,
	finished_ms INTEGER,
	CHECK ((status = 'queued') = (outcome IS NULL))
) STRICT;
INSERT INTO request_next (seq, id, registry, door, project, actor, created_ms, body, status, outcome, finished_ms)
	SELECT seq, id, registry, door, project, actor, created_ms, body, iif(status = 'running', 'queued', status), outcome, finished_ms
	FROM request ORDER BY seq;
DROP TABLE request;
ALTER TABLE request_next RENAME TO request;
CREATE INDEX request_of_registry ON request (registry, seq);
CREATE TRIGGER request_final BEFORE UPDATE ON request WHEN OLD.status <> 'queued'
BEGIN SELECT RAISE(ABORT, 'a finished request is final'); END;
CREATE TRIGGER request_asked BEFORE UPDATE OF id, registry, door, project, actor, created_ms, body ON request
BEGIN SELECT RAISE(ABORT, 'what a request asked is final'); END;

-- What a gate without this table left unanswered is looked at after all.
INSERT INTO job (id, kind, subject, share, priority, state, not_before_ms, created_ms)
	SELECT 'j' || substr(id, 2), 'request', id, iif(project <> '', project, 'by ' || actor), 2, 'waiting', created_ms, created_ms
	FROM request WHERE status = 'queued' ORDER BY seq;
