-- The attempts at the failure hook, as JSON; NULL before the first.
ALTER TABLE tasks ADD COLUMN hook TEXT;
