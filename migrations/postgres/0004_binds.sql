-- Who holds which bind of a telco. `owner` is the run (incarnation.id) of the node; times are by the database's clock.
CREATE TABLE bind_lease (
  telco       TEXT NOT NULL,
  number      BIGINT NOT NULL, -- from 1; a transmitter and its receiver are one
  node        TEXT NOT NULL, -- the owner's name, for people and for its next run
  owner       BIGINT NOT NULL,
  epoch       BIGINT NOT NULL, -- one more whenever it is taken or given back: what an earlier holder says late changes nothing
  lease_until BIGINT NOT NULL, -- until then nobody else takes it
  up          BIGINT NOT NULL, -- as its holder said last: bound
  PRIMARY KEY (telco, number)
);

-- Which nodes want binds of a telco: they are shared among those.
CREATE TABLE bind_seat (
  telco      TEXT NOT NULL,
  node       TEXT NOT NULL,
  owner      BIGINT NOT NULL,
  seat_until BIGINT NOT NULL,
  PRIMARY KEY (telco, node)
);

-- What operators have ordered of a telco, on every node, until they order something else.
CREATE TABLE telco_order (
  telco   TEXT NOT NULL,
  paused  BIGINT NOT NULL, -- 1: nothing is submitted to it
  drained BIGINT NOT NULL, -- 1: nobody is bound to it
  rebinds BIGINT NOT NULL, -- how often its binds were to come anew
  PRIMARY KEY (telco)
);
