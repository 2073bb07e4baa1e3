-- The tables of migrations/sqlite, which tell more of them, for several nodes. Whole numbers have 64 bits, times are milliseconds since
-- 1970, truths are 0 or 1, so that both databases are asked in the same words.
-- *_mac: HMAC-SHA-256 of a number. Columns marked "sealed" hold AES-256-GCM, never plain text.

-- One row per run of a node on this database.
CREATE TABLE incarnation (
  id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node       TEXT NOT NULL, -- its name in the configuration
  started_at BIGINT NOT NULL,
  lease_until BIGINT NOT NULL, -- by the database's clock: until then nobody else takes over what it has in hand
  ended_at   BIGINT -- NULL: still running, or ended uncleanly
);

-- key_check: sealed, proves that the key file belongs to this database. probe: a counter.
CREATE TABLE meta (
  name  TEXT NOT NULL,
  value BYTEA NOT NULL,
  PRIMARY KEY (name)
);
INSERT INTO meta (name, value) VALUES ('probe', '');

-- One row per number.
CREATE TABLE citizen (
  number_mac     BYTEA NOT NULL,
  language       TEXT,
  stopped        BIGINT NOT NULL,
  dialogue       BYTEA, -- sealed
  dialogue_until BIGINT NOT NULL,
  tallies        TEXT NOT NULL, -- JSON; empty: nothing counted
  in_dialogue    BIGINT NOT NULL DEFAULT 0, -- something was asked that the number's next text may answer
  PRIMARY KEY (number_mac)
);
CREATE INDEX citizen_dialogue ON citizen (dialogue_until) WHERE dialogue IS NOT NULL;

-- One row per accepted MO.
CREATE TABLE inbox (
  id           BYTEA NOT NULL,
  smsc         TEXT NOT NULL,
  family       TEXT NOT NULL,
  session      BYTEA NOT NULL,
  source_mac   BYTEA, -- NULL: not a person, or swept
  source       BYTEA, -- sealed; NULL: swept
  destination  TEXT NOT NULL,
  text         BYTEA, -- sealed; NULL: swept
  raw          BYTEA, -- sealed; NULL: swept
  data_coding  BIGINT NOT NULL,
  esm_class    BIGINT NOT NULL,
  state        BIGINT NOT NULL, -- 0 waiting 1 claimed | 2 answered 3 withheld 4 expired 5 dead 6 silent
  resp_state   BIGINT NOT NULL DEFAULT 0, -- 2: the telco has read the resp
  incarnation  BIGINT NOT NULL, -- the run that claimed it
  attempts     BIGINT NOT NULL,
  alone        BIGINT NOT NULL DEFAULT 0, -- claimed with nothing else in hand
  deaths_alone BIGINT NOT NULL DEFAULT 0,
  suspect      BIGINT NOT NULL DEFAULT 0,
  received_at  BIGINT NOT NULL,
  done_at      BIGINT,
  PRIMARY KEY (id)
);
CREATE INDEX inbox_open ON inbox (state, suspect) WHERE state < 2;
CREATE INDEX inbox_unswept ON inbox (done_at) WHERE state >= 2 AND text IS NOT NULL;

-- Redelivery keys. In the same transaction as the inbox row.
CREATE TABLE mo_dedupe (
  digest  BYTEA NOT NULL,
  family  TEXT NOT NULL,
  kind    BIGINT NOT NULL, -- 0 strong 1 segment 2 weak
  mo      BYTEA NOT NULL,
  seen_at BIGINT NOT NULL,
  session BYTEA, -- that a part came over; NULL: the MO's
  PRIMARY KEY (digest, family)
);
CREATE INDEX mo_dedupe_age ON mo_dedupe (kind, seen_at);

-- One row per segment. UNIQUE (mo, kind, part): a cause has at most one such text.
CREATE TABLE outbox (
  id            BYTEA NOT NULL,
  mo            BYTEA NOT NULL,
  kind          BIGINT NOT NULL, -- 0 answer 1 notice 2 apology 3 push
  part          BIGINT NOT NULL,
  parts         BIGINT NOT NULL,
  smsc          TEXT NOT NULL,
  family        TEXT NOT NULL,
  source        TEXT NOT NULL,
  destination   BYTEA, -- sealed; NULL: swept
  body          BYTEA, -- sealed; NULL: swept
  data_coding   BIGINT NOT NULL,
  udhi          BIGINT NOT NULL,
  reference     BIGINT NOT NULL,
  not_after     BIGINT NOT NULL,
  due           BIGINT NOT NULL,
  state         BIGINT NOT NULL, -- 0 queued 1 submitting 2 ambiguous | 3 sent 4 delivered 5 failed 6 expired 7 undelivered
  session       BYTEA, -- the session it was last handed to
  attempts      BIGINT NOT NULL,
  status        BIGINT, -- command_status of the last refusal
  message_id    TEXT,
  updated_at    BIGINT NOT NULL,
  sent_at       BIGINT,
  receipt_error TEXT,
  message_key   TEXT, -- the number that the id is, where that is not the id itself
  number_mac    BYTEA,
  class         BIGINT NOT NULL DEFAULT 0, -- 0 answer 1 urgent 2 notice 3 bulk
  turn          BIGINT NOT NULL DEFAULT 0, -- when it is due, later by what its class yields
  incarnation   BIGINT, -- the run that has it in hand
  PRIMARY KEY (id),
  UNIQUE (mo, kind, part)
);
CREATE INDEX outbox_expiry ON outbox (not_after) WHERE state = 0;
CREATE INDEX outbox_message ON outbox (message_id, family) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_unswept ON outbox (updated_at) WHERE state >= 3 AND body IS NOT NULL;
CREATE INDEX outbox_message_key ON outbox (message_key, family) WHERE message_key IS NOT NULL;
CREATE INDEX outbox_number ON outbox (number_mac, id) WHERE state < 3;
CREATE INDEX outbox_open ON outbox (smsc, state, turn) WHERE state < 3;

-- Receipts that came before the resp that names their segment.
CREATE TABLE receipt_orphan (
  message_id  TEXT NOT NULL,
  family      TEXT NOT NULL,
  state       BIGINT NOT NULL, -- 4 delivered 7 undelivered
  at          BIGINT NOT NULL,
  message_key TEXT,
  rule        BIGINT NOT NULL DEFAULT 0, -- 0 auto 1 exact 2 hex 3 decimal
  number_mac  BYTEA, -- digest of the number that it is about
  PRIMARY KEY (message_id, family)
);
CREATE INDEX receipt_orphan_age ON receipt_orphan (at);
CREATE INDEX receipt_orphan_key ON receipt_orphan (message_key, family) WHERE message_key IS NOT NULL;

-- Work that ends in a text nobody asked for just now. Its id is the cause (outbox.mo) of the segments.
CREATE TABLE push (
  id         BYTEA NOT NULL,
  kind       BIGINT NOT NULL, -- 0 event 1 message 2 follow-up
  state      BIGINT NOT NULL, -- 0 waiting | 1 queued 2 dropped
  number_mac BYTEA, -- NULL: swept
  number     BYTEA, -- sealed; NULL: swept
  payload    BYTEA, -- sealed; NULL: swept
  due        BIGINT NOT NULL,
  not_after  BIGINT NOT NULL,
  attempts   BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  done_at    BIGINT,
  class      BIGINT NOT NULL DEFAULT 0, -- 0 answer 1 urgent 2 notice 3 bulk
  turn       BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (id)
);
CREATE INDEX push_unswept ON push (done_at) WHERE state > 0 AND payload IS NOT NULL;
CREATE INDEX push_open ON push (turn) WHERE state = 0;

-- Ids of the portal's events that were handled.
CREATE TABLE event_seen (
  id      TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX event_seen_age ON event_seen (seen_at);

-- Agencies' messages; what became of the segments stands in the outbox.
CREATE TABLE message (
  id         TEXT NOT NULL,
  push       BYTEA NOT NULL, -- push.id; of a rejected message there is none
  agency     TEXT NOT NULL,
  reference  TEXT,
  print      BYTEA NOT NULL, -- digest of what was asked for
  request    TEXT NOT NULL, -- names the call that it came with
  masked     TEXT NOT NULL,
  label      TEXT NOT NULL,
  class      BIGINT NOT NULL, -- 0 transactional 1 notice
  rejected   TEXT, -- why Chrak refused it
  segments   BIGINT NOT NULL, -- 0: there is no text to count
  alphabet   BIGINT NOT NULL, -- 0 gsm7 1 ucs2
  created_at BIGINT NOT NULL,
  send_at    BIGINT,
  expires_at BIGINT NOT NULL,
  held_at    BIGINT,
  held_until BIGINT,
  queued_at  BIGINT,
  ended_at   BIGINT,
  redacted   BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (id)
);
CREATE INDEX message_reference ON message (agency, reference, created_at) WHERE reference IS NOT NULL;
CREATE INDEX message_request ON message (request);
CREATE INDEX message_push ON message (push);
CREATE INDEX message_age ON message (created_at) WHERE redacted = 0;

-- Calls by their Idempotency-Key, with their outcome.
CREATE TABLE api_call (
  agency  TEXT NOT NULL,
  key     TEXT NOT NULL,
  print   BYTEA NOT NULL,
  outcome TEXT NOT NULL, -- JSON, without numbers and texts
  at      BIGINT NOT NULL,
  PRIMARY KEY (agency, key)
);
CREATE INDEX api_call_age ON api_call (at);

-- Accepted messages of an agency and day.
CREATE TABLE quota (
  agency TEXT NOT NULL,
  day    TEXT NOT NULL,
  count  BIGINT NOT NULL,
  PRIMARY KEY (agency, day)
);

-- USSD sessions: one for each number and family of telcos, swept when they are over.
CREATE TABLE ussd_session (
  number_mac BYTEA NOT NULL,
  family     TEXT NOT NULL,
  name       BYTEA NOT NULL, -- as the gateway calls it; empty: it does not
  connection BYTEA NOT NULL, -- over which the last input came
  state      BYTEA NOT NULL, -- sealed; empty: over
  until      BIGINT NOT NULL,
  version    BIGINT NOT NULL,
  PRIMARY KEY (number_mac, family)
);
CREATE INDEX ussd_session_age ON ussd_session (until);

-- Paired kiosks. token: SHA-256 of what the device's cookie holds.
CREATE TABLE kiosk (
  id         TEXT NOT NULL,
  token      BYTEA NOT NULL,
  office     TEXT NOT NULL,
  profile    TEXT NOT NULL,
  paired_at  BIGINT NOT NULL,
  revoked_at BIGINT,
  closed     TEXT, -- JSON: what an operator says on its closed screen; NULL: it is open
  message    TEXT, -- JSON: what an operator says on its first page
  volume     BIGINT,
  language   TEXT,
  seen_at    BIGINT, -- the last heartbeat, and what it said
  page       TEXT,
  build      TEXT,
  printer    TEXT,
  network_ms BIGINT,
  battery    BIGINT,
  PRIMARY KEY (id),
  UNIQUE (token)
);

-- What kiosks are told at their next heartbeat, until they say that it is done.
CREATE TABLE kiosk_command (
  id      TEXT NOT NULL,
  kiosk   TEXT NOT NULL,
  kind    TEXT NOT NULL,
  value   TEXT, -- JSON
  at      BIGINT NOT NULL,
  done_at BIGINT,
  PRIMARY KEY (id)
);
CREATE INDEX kiosk_command_open ON kiosk_command (kiosk, at) WHERE done_at IS NULL;

-- What is counted over spans other than the clock's: a window begins with its first event.
CREATE TABLE tally (
  name  TEXT NOT NULL, -- of a number or device: its digest
  since BIGINT NOT NULL,
  until BIGINT NOT NULL,
  count BIGINT NOT NULL,
  PRIMARY KEY (name)
);
CREATE INDEX tally_age ON tally (until);

-- Devices that show a code and wait for an operator, and devices that were paired and have not taken their new token yet.
CREATE TABLE pairing (
  token BYTEA NOT NULL, -- SHA-256 of what the device's cookie holds until it is paired
  code  TEXT NOT NULL,
  place BYTEA NOT NULL, -- keyed digest of the address that asked for the code
  at    BIGINT NOT NULL,
  tries BIGINT NOT NULL, -- wrong codes that were entered while this one could be guessed
  until BIGINT NOT NULL,
  kiosk TEXT, -- which kiosk the device became
  PRIMARY KEY (token)
);
CREATE INDEX pairing_age ON pairing (until);
CREATE INDEX pairing_kiosk ON pairing (kiosk) WHERE kiosk IS NOT NULL;

-- Ratings and complaints that did not reach the portal, until it has them; what was said is destroyed in the commit that ends the row.
CREATE TABLE feedback (
  id         BYTEA NOT NULL, -- the Idempotency-Key under which the portal is told, for ever
  state      BIGINT NOT NULL, -- 0 waiting | 1 passed-on 2 declined 3 given-up
  said       BYTEA, -- sealed; of what has ended there is none
  due        BIGINT NOT NULL,
  not_after  BIGINT NOT NULL,
  attempts   BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at   BIGINT,
  PRIMARY KEY (id)
);
CREATE INDEX feedback_open ON feedback (due) WHERE state = 0;
CREATE INDEX feedback_ended ON feedback (ended_at) WHERE state > 0;

-- Parts of texts that a telco cut, until all of a text are there or were waited for long enough.
CREATE TABLE part (
  mo          BYTEA NOT NULL, -- names the text, and then its MO
  number      BIGINT NOT NULL, -- from 1
  total       BIGINT NOT NULL,
  way         BIGINT NOT NULL, -- 0 udh8 1 udh16 2 sar
  reference   BIGINT NOT NULL,
  smsc        TEXT NOT NULL,
  family      TEXT NOT NULL,
  session     BYTEA NOT NULL,
  source_mac  BYTEA NOT NULL,
  source      BYTEA NOT NULL, -- sealed
  destination TEXT NOT NULL,
  piece       BYTEA NOT NULL, -- sealed
  octets      BIGINT NOT NULL, -- of the piece
  data_coding BIGINT NOT NULL,
  esm_class   BIGINT NOT NULL,
  digest      BYTEA NOT NULL, -- its redelivery key
  received_at BIGINT NOT NULL,
  due         BIGINT NOT NULL, -- of the text: it is joined then
  PRIMARY KEY (mo, number)
);
CREATE INDEX part_source ON part (source_mac);
CREATE INDEX part_due ON part (due, octets);

-- What the receipts of a family have proven of the ids in them.
CREATE TABLE message_id_learned (
  family          TEXT NOT NULL,
  receipt_decimal BIGINT NOT NULL, -- receipts that wrote in decimal what the resp wrote in hexadecimal
  receipt_hex     BIGINT NOT NULL, -- and the other way round
  PRIMARY KEY (family)
);
