-- The number that an id is, in lower case without zeros before it, where that is not the id itself: receipts
-- write ids in another case, with other zeros, or in another radix than the submit_sm_resp did.
ALTER TABLE outbox ADD COLUMN message_key TEXT;
CREATE INDEX outbox_message_key ON outbox (message_key, family) WHERE message_key IS NOT NULL;

ALTER TABLE receipt_orphan ADD COLUMN message_key TEXT;
-- How its id compares: 0 auto 1 exact 2 hex 3 decimal
ALTER TABLE receipt_orphan ADD COLUMN rule INTEGER NOT NULL DEFAULT 0;
-- Digest of the number that it is about.
ALTER TABLE receipt_orphan ADD COLUMN number_mac BLOB;
CREATE INDEX receipt_orphan_key ON receipt_orphan (message_key, family) WHERE message_key IS NOT NULL;
