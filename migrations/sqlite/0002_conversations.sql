-- Whether something was asked that the number's next text may answer: an equal text is then no redelivery
-- unless its session has died.
ALTER TABLE citizen ADD COLUMN in_dialogue INTEGER NOT NULL DEFAULT 0;

-- When the telco took a segment; updated_at goes on to its receipt.
ALTER TABLE outbox ADD COLUMN sent_at INTEGER;
-- The telco's own word for why it did not arrive.
ALTER TABLE outbox ADD COLUMN receipt_error TEXT;
CREATE INDEX outbox_cause ON outbox (mo);

-- What is counted over all numbers, by clock hour.
CREATE TABLE counter (
  name  TEXT NOT NULL,
  hour  INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (name, hour)
) WITHOUT ROWID;

-- Work that ends in a text nobody asked for just now. Its id is the cause (outbox.mo) of the segments.
CREATE TABLE push (
  id         BLOB PRIMARY KEY,
  kind       INTEGER NOT NULL,       -- 0 event 1 message 2 follow-up
  state      INTEGER NOT NULL,       -- 0 waiting | 1 queued 2 dropped
  number_mac BLOB,                   -- NULL: swept
  number     BLOB,                   -- sealed; NULL: swept
  payload    BLOB,                   -- sealed; NULL: swept
  due        INTEGER NOT NULL,
  not_after  INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  done_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX push_open ON push (due) WHERE state = 0;
CREATE INDEX push_unswept ON push (done_at) WHERE state > 0 AND payload IS NOT NULL;

-- Ids of the portal's events that were handled.
CREATE TABLE event_seen (
  id      TEXT PRIMARY KEY,
  seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX event_seen_age ON event_seen (seen_at);
