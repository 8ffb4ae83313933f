-- Times are milliseconds since 1970. JSON is text.
PRAGMA application_id = 1835100532;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Grows with every triggerer that acquires the file.
INSERT INTO meta VALUES ('fence', 0);

-- AUTOINCREMENT: the number of a task that was removed is not given again.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    operator TEXT NOT NULL,
    key TEXT,
    spec TEXT NOT NULL,
    state TEXT NOT NULL,
    try_number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    token TEXT NOT NULL,
    deadline INTEGER,
    due INTEGER NOT NULL,
    resumption TEXT,
    result TEXT,
    message TEXT,
    cancel TEXT,
    undo INTEGER,
    created INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER
) STRICT;

-- A task that another has replaced has given up its key.
CREATE UNIQUE INDEX tasks_open_key ON tasks (key)
    WHERE key IS NOT NULL AND ended IS NULL AND cancel IS NOT 'replaced';
CREATE INDEX tasks_key ON tasks (key) WHERE key IS NOT NULL;
CREATE INDEX tasks_due ON tasks (due, id) WHERE state IN ('queued', 'up_for_retry');
CREATE INDEX tasks_state ON tasks (state);
CREATE INDEX tasks_cancel ON tasks (id) WHERE cancel IS NOT NULL;

CREATE TABLE deferrals (
    task INTEGER PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
    step INTEGER NOT NULL,
    trigger_name TEXT NOT NULL,
    trigger_version INTEGER NOT NULL,
    trigger_kwargs TEXT NOT NULL,
    state TEXT NOT NULL,
    due INTEGER NOT NULL,
    timeout_at INTEGER,
    method TEXT NOT NULL,
    kwargs TEXT NOT NULL,
    on_cancel TEXT
) STRICT;

CREATE TABLE intents (
    task INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE,
    step INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    details TEXT NOT NULL,
    result TEXT,
    PRIMARY KEY (task, step, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE transitions (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE,
    at INTEGER NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX transitions_task ON transitions (task);

CREATE TABLE lines (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES tasks ON DELETE CASCADE,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;

CREATE INDEX lines_task ON lines (task);

CREATE TABLE definitions (
    hash TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
