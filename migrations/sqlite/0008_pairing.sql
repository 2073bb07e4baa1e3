-- Devices that show a code and wait for an operator, and devices that were paired and have not taken their new token
-- yet. Codes last ten minutes, so those of an earlier version are not carried over.
DROP TABLE pairing;
CREATE TABLE pairing (
  token BLOB PRIMARY KEY,             -- SHA-256 of what the device's cookie holds until it is paired
  code  TEXT NOT NULL,
  place BLOB NOT NULL,                -- keyed digest of the address (IPv6: of its /64) that asked for the code
  at    INTEGER NOT NULL,
  tries INTEGER NOT NULL,             -- wrong codes that were entered while this one could be guessed
  until INTEGER NOT NULL,
  kiosk TEXT                          -- which kiosk the device became
) WITHOUT ROWID;
CREATE INDEX pairing_age ON pairing (until);
CREATE INDEX pairing_kiosk ON pairing (kiosk) WHERE kiosk IS NOT NULL;
