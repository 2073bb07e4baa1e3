-- Segments of one number go out one at a time, in the order of their ids.
ALTER TABLE outbox ADD COLUMN number_mac BLOB;   -- NULL: written by an earlier version, or swept
CREATE INDEX outbox_number ON outbox (number_mac, id) WHERE state < 3;
