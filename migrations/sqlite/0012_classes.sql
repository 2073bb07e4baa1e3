-- What is due goes out by its class, and within a class by age; `turn` is when it is due, later by what its class yields,
-- so that nothing waits for ever. Class: 0 answer 1 urgent 2 notice 3 bulk. Both stay as they are while a text is put off.
ALTER TABLE outbox ADD COLUMN class INTEGER NOT NULL DEFAULT 0; -- 0 answer 1 urgent 2 notice 3 bulk
ALTER TABLE outbox ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET turn = due WHERE state < 3;
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (smsc, state, turn) WHERE state < 3;

ALTER TABLE push ADD COLUMN class INTEGER NOT NULL DEFAULT 0; -- 0 answer 1 urgent 2 notice 3 bulk
ALTER TABLE push ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE push SET turn = due WHERE state = 0;
DROP INDEX push_open;
CREATE INDEX push_open ON push (turn) WHERE state = 0;
