-- Nothing was ever counted in it.
DROP TABLE counter;

-- What earlier migrations do not say:
-- outbox.kind: 0 answer 1 notice 2 apology 3 push
