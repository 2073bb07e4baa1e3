-- Several nodes work at once.

-- The key file that a run has locked: machine since it was switched on, disk, file. Another run that has it is dead.
ALTER TABLE incarnation ADD COLUMN place TEXT;
-- Since when it has renewed its lease in time, by the database's clock: only such a run takes over from others.
ALTER TABLE incarnation ADD COLUMN steady_since BIGINT;
-- No two nodes have one name.
CREATE UNIQUE INDEX incarnation_node ON incarnation (node) WHERE ended_at IS NULL;
-- Whether a number has a text in hand at any node.
CREATE INDEX inbox_number ON inbox (source_mac, id) WHERE state < 2;
