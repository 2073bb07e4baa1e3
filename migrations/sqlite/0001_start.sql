-- Every index on a growing table is partial or grows at its end, so that old rows cost new texts nothing.
-- *_mac: HMAC-SHA-256 of a number. Columns marked "sealed" hold AES-256-GCM, never plain text.

-- One row per run of the server on this database.
CREATE TABLE incarnation (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER                 -- NULL: still running, or ended uncleanly
);

-- key_check: sealed, proves that the key file belongs to this database. probe: a counter.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('probe', 0);

-- One row per number.
CREATE TABLE citizen (
  number_mac     BLOB PRIMARY KEY,
  language       TEXT,
  stopped        INTEGER NOT NULL,
  dialogue       BLOB,               -- sealed
  dialogue_until INTEGER NOT NULL,
  tallies        TEXT NOT NULL       -- JSON; empty: nothing counted
) WITHOUT ROWID;
CREATE INDEX citizen_dialogue ON citizen (dialogue_until) WHERE dialogue IS NOT NULL;

-- One row per accepted MO.
CREATE TABLE inbox (
  id           BLOB PRIMARY KEY,
  smsc         TEXT NOT NULL,
  family       TEXT NOT NULL,
  session      BLOB NOT NULL,
  source_mac   BLOB,                 -- NULL: not a person, or swept
  source       BLOB,                 -- sealed; NULL: swept
  destination  TEXT NOT NULL,
  text         BLOB,                 -- sealed; NULL: swept
  raw          BLOB,                 -- sealed; NULL: swept
  data_coding  INTEGER NOT NULL,
  esm_class    INTEGER NOT NULL,
  state        INTEGER NOT NULL,     -- 0 waiting 1 claimed | 2 answered 3 withheld 4 expired 5 dead 6 silent
  resp_state   INTEGER NOT NULL DEFAULT 0, -- 2: the telco has read the resp
  incarnation  INTEGER NOT NULL,     -- the run that claimed it
  attempts     INTEGER NOT NULL,
  alone        INTEGER NOT NULL DEFAULT 0, -- claimed with nothing else in hand
  deaths_alone INTEGER NOT NULL DEFAULT 0,
  suspect      INTEGER NOT NULL DEFAULT 0,
  received_at  INTEGER NOT NULL,
  done_at      INTEGER
) WITHOUT ROWID;
CREATE INDEX inbox_open ON inbox (state, suspect) WHERE state < 2;
CREATE INDEX inbox_unswept ON inbox (done_at) WHERE state >= 2 AND text IS NOT NULL;

-- Redelivery keys. In the same transaction as the inbox row.
CREATE TABLE mo_dedupe (
  digest  BLOB NOT NULL,
  family  TEXT NOT NULL,
  kind    INTEGER NOT NULL,          -- 0 strong 1 segment 2 weak
  mo      BLOB NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (digest, family)
) WITHOUT ROWID;
CREATE INDEX mo_dedupe_age ON mo_dedupe (kind, seen_at);

-- One row per segment. UNIQUE (mo, kind, part): a cause has at most one such text.
CREATE TABLE outbox (
  id          BLOB PRIMARY KEY,
  mo          BLOB NOT NULL,
  kind        INTEGER NOT NULL,      -- 0 answer 1 notice 2 apology
  part        INTEGER NOT NULL,
  parts       INTEGER NOT NULL,
  smsc        TEXT NOT NULL,
  family      TEXT NOT NULL,
  source      TEXT NOT NULL,
  destination BLOB,                  -- sealed; NULL: swept
  body        BLOB,                  -- sealed; NULL: swept
  data_coding INTEGER NOT NULL,
  udhi        INTEGER NOT NULL,
  reference   INTEGER NOT NULL,
  not_after   INTEGER NOT NULL,
  due         INTEGER NOT NULL,
  -- 0 queued 1 submitting 2 ambiguous | 3 sent 4 delivered 5 failed 6 expired 7 undelivered
  state       INTEGER NOT NULL,
  session     BLOB,                  -- the session it was last handed to
  attempts    INTEGER NOT NULL,
  status      INTEGER,               -- command_status of the last refusal
  message_id  TEXT,
  updated_at  INTEGER NOT NULL,
  UNIQUE (mo, kind, part)
) WITHOUT ROWID;
CREATE INDEX outbox_open ON outbox (smsc, state, due) WHERE state < 3;
CREATE INDEX outbox_expiry ON outbox (not_after) WHERE state = 0;
CREATE INDEX outbox_message ON outbox (message_id, family) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_unswept ON outbox (updated_at) WHERE state >= 3 AND body IS NOT NULL;

-- Receipts that came before the resp that names their segment.
CREATE TABLE receipt_orphan (
  message_id TEXT NOT NULL,
  family     TEXT NOT NULL,
  state      INTEGER NOT NULL,       -- 4 delivered 7 undelivered
  at         INTEGER NOT NULL,
  PRIMARY KEY (message_id, family)
) WITHOUT ROWID;
CREATE INDEX receipt_orphan_age ON receipt_orphan (at);
