-- The index of UNIQUE (mo, kind, part) begins with the same column: one page less for each answer.
DROP INDEX outbox_cause;
