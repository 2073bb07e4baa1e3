//! A run of the server on the database: its beginning, its end, and whether anything can be written.
use crate::{
    ports::{
        inbox::Recovery,
        nodes::{Neighbours, TakenOver},
    },
    store::{
        batch::Db,
        conn::{Both, Conn, Dialect, Row, Sql, params},
        statement::sql,
    },
    types::UnixMs,
};

// Of SQLite, which one process has, every run but this one has ended.
macro_rules! taken_back {
    ($whose:literal) => {
        sql!(concat!(
            "UPDATE inbox SET state = {MoState::Waiting}, suspect = CASE WHEN ?1 > suspect THEN ?1 ELSE suspect END, \
             alone = 0, deaths_alone = deaths_alone + alone * ?1 \
             WHERE state {MoState::OPEN} AND state = {MoState::Claimed}",
            $whose
        ))
    };
}
macro_rules! uncertain {
    ($whose:literal) => {
        sql!(concat!(
            "UPDATE outbox SET state = {MtState::Ambiguous}, updated_at = ? \
             WHERE state {MtState::OPEN} AND state = {MtState::Submitting}",
            $whose
        ))
    };
}
pub(in crate::store) const CLAIMED_BECOME_WAITING: Both = Both {
    sqlite: taken_back!(""),
    postgres: taken_back!(" AND incarnation IN (SELECT id FROM incarnation WHERE ended_at IS NOT NULL)"),
};
pub(in crate::store) const SUBMITTING_BECOME_AMBIGUOUS: Both = Both {
    sqlite: uncertain!(""),
    postgres: uncertain!(" AND incarnation IN (SELECT id FROM incarnation WHERE ended_at IS NOT NULL)"),
};
pub(in crate::store) const FOUND: &str = sql!(
    "SELECT (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting} AND suspect = 1), \
     (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting}), \
     (SELECT count(*) FROM outbox WHERE state {MtState::OPEN} AND state = {MtState::Ambiguous})"
);
pub(in crate::store) const GIVEN_BACK: &str = sql!(
    "UPDATE inbox SET state = {MoState::Waiting}, alone = 0, \
     attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END \
     WHERE state {MoState::OPEN} AND state = {MoState::Claimed} AND incarnation = ?"
);

/// Takes over from the last run.
pub fn begin(db: &mut Db, now: &UnixMs) -> Sql<Recovery> {
    let (incarnation, clean) = match db.conn.dialect() {
        Dialect::Sqlite => after_the_last(db, *now)?,
        Dialect::Postgres => after_the_dead(db, *now)?,
    };
    db.conn.execute(CLAIMED_BECOME_WAITING, params![!clean])?;
    db.conn.execute(SUBMITTING_BECOME_AMBIGUOUS, params![now.0])?;
    let found = |row: &Row<'_>| {
        let (suspects, waiting, ambiguous) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Recovery { incarnation, clean, suspects, waiting, ambiguous })
    };
    let recovery = db.conn.one(FOUND, &[], found)?;
    db.incarnation = incarnation;
    Ok(recovery)
}

/// The number of this run, and whether the last one ended cleanly.
fn after_the_last(db: &mut Db, now: UnixMs) -> Sql<(i64, bool)> {
    let last: Option<Option<i64>> =
        db.conn.find("SELECT ended_at FROM incarnation ORDER BY id DESC LIMIT 1", &[], |row| row.get(0))?;
    let sql = "INSERT INTO incarnation (started_at) VALUES (?) RETURNING id";
    Ok((db.conn.value(sql, params![now.0])?, !matches!(last, Some(None))))
}

/// By the database's clock, which all nodes have in common.
macro_rules! clock {
    () => {
        "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
}
macro_rules! leased {
    () => {
        concat!(clock!(), " + 15000")
    };
}

/// The number of this run, and whether every other one that does not live ended cleanly. A run of this node's name is dead
/// where it had the key file that is ours now.
fn after_the_dead(db: &mut Db, now: UnixMs) -> Sql<(i64, bool)> {
    let dead = concat!(
        "UPDATE incarnation SET ended_at = ?1 WHERE ended_at IS NULL AND ((node = ?2 AND place = ?3) OR lease_until < ",
        clock!(),
        ")"
    );
    let dead = db.conn.execute(dead, params![now.0, &db.node, &db.place])?;
    let begun = concat!(
        "INSERT INTO incarnation (node, place, started_at, lease_until, steady_since) VALUES (?1, ?2, ?3, ",
        leased!(),
        ", ",
        clock!(),
        ") RETURNING id"
    );
    Ok((db.conn.value(begun, params![&db.node, &db.place, now.0])?, dead == 0))
}

/// Keeps this run's lease; whether it is still ours.
pub fn renew(db: &Db) -> Sql<bool> {
    let renewed = concat!(
        "UPDATE incarnation SET lease_until = ",
        leased!(),
        ", steady_since = CASE WHEN lease_until >= ",
        clock!(),
        " THEN steady_since ELSE ",
        clock!(),
        " END WHERE id = ?1 AND ended_at IS NULL"
    );
    Ok(db.conn.execute(renewed, params![db.incarnation])? == 1)
}

/// Notes the number of the transaction that has begun, and whether this run is still its own: whoever takes over from it waits for
/// the end of the transaction, and every later one sees that. `None`: it has been taken over.
pub fn fenced(db: &Db) -> Sql<Option<i64>> {
    // a lock, so that nobody ends this run between this look and the commit
    let sql = "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), \
        EXISTS (SELECT 1 FROM incarnation WHERE id = ? AND ended_at IS NULL FOR SHARE)";
    let begun = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (transaction, alive): (i64, bool) = db.conn.one(sql, params![db.incarnation], begun)?;
    Ok((alive || db.incarnation == 0).then_some(transaction))
}

// Whose lease has run out, in the eyes of one who has kept its own for as long as one lasts: when the database was away from all
// of them, each has that long to come back.
macro_rules! dead {
    () => {
        concat!(
            "FROM incarnation d JOIN incarnation m ON m.ended_at IS NULL AND m.node = ? AND m.steady_since + 15000 < ",
            clock!(),
            " WHERE d.ended_at IS NULL AND d.id <> m.id AND d.lease_until < ",
            clock!()
        )
    };
}

/// What is seen of the runs on this database by the node of this name.
pub fn neighbours(conn: &Conn, node: &str) -> Sql<Neighbours> {
    let sql = concat!(
        "SELECT (SELECT count(*) FROM incarnation WHERE ended_at IS NOT NULL), EXISTS (SELECT 1 ",
        dead!(),
        "), coalesce((SELECT node = ? FROM incarnation WHERE ended_at IS NULL AND lease_until >= ",
        clock!(),
        " ORDER BY id LIMIT 1), false)"
    );
    let seen = |row: &Row<'_>| Ok(Neighbours { ended: row.get(0)?, dead: row.get(1)?, first: row.get(2)? });
    conn.one(sql, params![node, node], seen)
}

/// Ends runs that are dead, and takes back what they had in hand; those that another node is about to end are left to it.
pub fn take_over(db: &mut Db, now: &UnixMs) -> Sql<TakenOver> {
    if db.conn.dialect() == Dialect::Sqlite {
        return Ok(TakenOver::default());
    }
    let dead = concat!(
        "UPDATE incarnation SET ended_at = ? WHERE id IN (SELECT d.id ",
        dead!(),
        " FOR UPDATE OF d SKIP LOCKED)"
    );
    let runs = db.conn.execute(dead, params![now.0, &db.node])?;
    if runs == 0 {
        return Ok(TakenOver::default());
    }
    db.conn.execute(CLAIMED_BECOME_WAITING, params![true])?;
    db.conn.execute(SUBMITTING_BECOME_AMBIGUOUS, params![now.0])?;
    db.conn.one(FOUND, &[], |row| Ok(TakenOver { runs, suspects: row.get(0)?, ambiguous: row.get(2)? }))
}

/// A run that has ended: nothing more is written.
pub(in crate::store) const LEFT: i64 = -1;

/// Ends this run cleanly.
pub fn end(db: &mut Db, now: &UnixMs) -> Sql<()> {
    db.conn.execute(GIVEN_BACK, params![db.incarnation])?;
    db.conn.execute("UPDATE incarnation SET ended_at = ? WHERE id = ?", params![now.0, db.incarnation])?;
    if db.conn.dialect() == Dialect::Postgres {
        db.incarnation = LEFT;
    }
    Ok(())
}

/// A write.
pub fn probe(db: &mut Db, (): &()) -> Sql<()> {
    const PROBE: Both = Both {
        sqlite: "UPDATE meta SET value = value + 1 WHERE name = 'probe'",
        postgres: "UPDATE meta SET value = CAST(CAST(clock_timestamp() AS TEXT) AS BYTEA) WHERE name = 'probe'",
    };
    db.conn.execute(PROBE, &[])?;
    Ok(())
}
