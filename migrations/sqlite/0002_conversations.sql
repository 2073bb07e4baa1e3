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

-- Agencies' messages; what became of the segments stands in the outbox.
CREATE TABLE message (
  id         TEXT PRIMARY KEY,
  push       BLOB NOT NULL,          -- push.id; of a rejected message there is none
  agency     TEXT NOT NULL,
  reference  TEXT,
  print      BLOB NOT NULL,          -- digest of what was asked for
  request    TEXT NOT NULL,          -- names the call that it came with
  masked     TEXT NOT NULL,
  label      TEXT NOT NULL,
  class      INTEGER NOT NULL,       -- 0 transactional 1 notice
  rejected   TEXT,                   -- why Chrak refused it
  segments   INTEGER NOT NULL,       -- 0: there is no text to count
  alphabet   INTEGER NOT NULL,       -- 0 gsm7 1 ucs2
  created_at INTEGER NOT NULL,
  send_at    INTEGER,
  expires_at INTEGER NOT NULL,
  held_at    INTEGER,
  held_until INTEGER,
  queued_at  INTEGER,
  ended_at   INTEGER,
  redacted   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX message_reference ON message (agency, reference, created_at) WHERE reference IS NOT NULL;
CREATE INDEX message_request ON message (request);
CREATE INDEX message_push ON message (push);
CREATE INDEX message_age ON message (created_at) WHERE redacted = 0;

-- Calls by their Idempotency-Key, with their outcome.
CREATE TABLE api_call (
  agency  TEXT NOT NULL,
  key     TEXT NOT NULL,
  print   BLOB NOT NULL,
  outcome TEXT NOT NULL,             -- JSON, without numbers and texts
  at      INTEGER NOT NULL,
  PRIMARY KEY (agency, key)
) WITHOUT ROWID;
CREATE INDEX api_call_age ON api_call (at);

-- Accepted messages of an agency and day.
CREATE TABLE quota (
  agency TEXT NOT NULL,
  day    TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (agency, day)
) WITHOUT ROWID;
