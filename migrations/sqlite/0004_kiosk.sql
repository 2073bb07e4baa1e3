-- Paired kiosks. token: SHA-256 of what the device's cookie holds.
CREATE TABLE kiosk (
  id         TEXT PRIMARY KEY,
  token      BLOB NOT NULL UNIQUE,
  office     TEXT NOT NULL,
  profile    TEXT NOT NULL,
  paired_at  INTEGER NOT NULL,
  revoked_at INTEGER,
  closed     TEXT,                   -- JSON: what an operator says on its closed screen; NULL: it is open
  message    TEXT,                   -- JSON: what an operator says on its first page
  volume     INTEGER,
  language   TEXT,
  seen_at    INTEGER,                -- the last heartbeat, and what it said
  page       TEXT,
  build      TEXT,
  printer    TEXT,
  network_ms INTEGER,
  battery    INTEGER
) WITHOUT ROWID;

-- Devices that show a code and wait for an operator.
CREATE TABLE pairing (
  token BLOB PRIMARY KEY,
  code  TEXT NOT NULL,
  tries INTEGER NOT NULL,            -- wrong codes that were entered while this one could be guessed
  until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pairing_age ON pairing (until);

-- What kiosks are told at their next heartbeat, until they say that it is done.
CREATE TABLE kiosk_command (
  id      TEXT PRIMARY KEY,
  kiosk   TEXT NOT NULL,
  kind    TEXT NOT NULL,
  value   TEXT,                      -- JSON
  at      INTEGER NOT NULL,
  done_at INTEGER
) WITHOUT ROWID;
CREATE INDEX kiosk_command_open ON kiosk_command (kiosk, at) WHERE done_at IS NULL;

-- What is counted over spans other than the clock's: a window begins with its first event.
CREATE TABLE tally (
  name  TEXT PRIMARY KEY,            -- of a number or device: its digest
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tally_age ON tally (until);
