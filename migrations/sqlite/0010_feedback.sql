-- Ratings and complaints that did not reach the portal, until it has them. What was said is sealed, and destroyed in the
-- commit that ends the row; the row itself stays a while, so that the same one is not kept anew.
CREATE TABLE feedback (
  id         BLOB PRIMARY KEY,        -- the Idempotency-Key under which the portal is told, for ever
  state      INTEGER NOT NULL,        -- 0 waiting | 1 passed-on 2 declined 3 given-up
  said       BLOB,                    -- sealed; of what has ended there is none
  due        INTEGER NOT NULL,
  not_after  INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER
) WITHOUT ROWID;
CREATE INDEX feedback_open ON feedback (due) WHERE state = 0;
CREATE INDEX feedback_ended ON feedback (ended_at) WHERE state > 0;
