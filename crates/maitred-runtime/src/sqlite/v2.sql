-- Whether the task has failed and its failure hook has still to be run.
ALTER TABLE tasks ADD COLUMN hook_pending INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tasks_hook ON tasks (id) WHERE hook_pending = 1;

-- How the wait or the call has failed that the task failed by, where that is known.
ALTER TABLE tasks ADD COLUMN failure TEXT;
