-- The audit log: what operators and agencies did, and what was changed at the portal in a citizen's name. Rows are only added, and
-- taken away at the front when they are old. Nothing of a person stands in it.
CREATE TABLE audit (
  seq    INTEGER PRIMARY KEY, -- from 1 on, without gaps
  at     INTEGER NOT NULL,
  run    INTEGER NOT NULL,    -- of the server that wrote it; 0: a command beside it
  who    TEXT NOT NULL,       -- operator, command-line, agency:NAME, citizen, server
  what   TEXT NOT NULL,
  about  TEXT NOT NULL,       -- a telco, a device, a request, an Idempotency-Key
  detail TEXT NOT NULL,
  hash   BLOB NOT NULL,       -- SHA-256 over the hash of the row before and this row
  mac    BLOB NOT NULL        -- HMAC-SHA-256 of the hash: who has no key file cannot make one
);

-- Texts that were given up and are not swept yet: the console asks for them every other second.
CREATE INDEX inbox_dead ON inbox (done_at) WHERE state = 5 AND text IS NOT NULL;
