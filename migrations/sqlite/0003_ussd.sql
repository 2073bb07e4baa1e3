-- USSD sessions: one for each number and family of telcos, swept when they are over.
CREATE TABLE ussd_session (
  number_mac BLOB NOT NULL,
  family     TEXT NOT NULL,
  name       BLOB NOT NULL,          -- as the gateway calls it; empty: it does not
  connection BLOB NOT NULL,          -- over which the last input came
  state      BLOB NOT NULL,          -- sealed; empty: over
  until      INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  PRIMARY KEY (number_mac, family)
) WITHOUT ROWID;
CREATE INDEX ussd_session_age ON ussd_session (until);
