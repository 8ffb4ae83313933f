-- When the pause began that ends at `due`; of no length for what is due at once, NULL for a time that was
-- asked for.
ALTER TABLE tasks ADD COLUMN pause_from INTEGER;

UPDATE tasks SET pause_from = due WHERE state = 'queued' AND spec ->> '$.due' IS NULL;

-- What is due at once, whatever the clock says of the process that has put it there.
CREATE INDEX tasks_due_at_once ON tasks (due, id)
    WHERE state IN ('queued', 'up_for_retry') AND due <= pause_from;

ALTER TABLE deferrals ADD COLUMN pause_from INTEGER;
