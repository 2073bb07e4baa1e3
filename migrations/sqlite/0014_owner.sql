-- The run of the server that has a segment in hand, so that what a node that died was submitting is told from the others'.
ALTER TABLE outbox ADD COLUMN incarnation INTEGER;
