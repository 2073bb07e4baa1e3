-- Parts of texts that a telco cut, until all of a text are there or were waited for long enough. The commit that stores
-- the text as an MO deletes them.
CREATE TABLE part (
  mo          BLOB NOT NULL,         -- names the text, and then its MO
  number      INTEGER NOT NULL,      -- from 1
  total       INTEGER NOT NULL,
  way         INTEGER NOT NULL,      -- 0 udh8 1 udh16 2 sar
  reference   INTEGER NOT NULL,
  smsc        TEXT NOT NULL,
  family      TEXT NOT NULL,
  session     BLOB NOT NULL,
  source_mac  BLOB NOT NULL,
  source      BLOB NOT NULL,         -- sealed
  destination TEXT NOT NULL,
  piece       BLOB NOT NULL,         -- sealed
  octets      INTEGER NOT NULL,      -- of the piece
  data_coding INTEGER NOT NULL,
  esm_class   INTEGER NOT NULL,
  digest      BLOB NOT NULL,         -- its redelivery key
  received_at INTEGER NOT NULL,
  due         INTEGER NOT NULL,      -- of the text: it is joined then
  PRIMARY KEY (mo, number)
) WITHOUT ROWID;
CREATE INDEX part_source ON part (source_mac);
CREATE INDEX part_due ON part (due, octets);

-- The session that a part came over, which may be another one than that of the text's last part; NULL: the MO's.
ALTER TABLE mo_dedupe ADD COLUMN session BLOB;

-- What the receipts of a family have proven of the ids in them, so that a start forgets nothing.
CREATE TABLE message_id_learned (
  family          TEXT PRIMARY KEY,
  receipt_decimal INTEGER NOT NULL,  -- receipts that wrote in decimal what the resp wrote in hexadecimal
  receipt_hex     INTEGER NOT NULL   -- and the other way round
) WITHOUT ROWID;
