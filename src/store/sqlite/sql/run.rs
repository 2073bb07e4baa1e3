//! A run of the server on the database: its beginning, its end, and whether anything can be written.
use crate::{
    ports::inbox::Recovery,
    store::{
        sqlite::{
            batch::Db,
            conn::{Row, Sql, params},
        },
        statement::sql,
    },
    types::UnixMs,
};

pub(super) const CLAIMED_BECOME_WAITING: &str = sql!(
    "UPDATE inbox SET state = {MoState::Waiting}, suspect = max(suspect, ?1), alone = 0, \
     deaths_alone = deaths_alone + alone * ?1 WHERE state {MoState::OPEN} AND state = {MoState::Claimed}"
);
pub(super) const SUBMITTING_BECOME_AMBIGUOUS: &str = sql!(
    "UPDATE outbox SET state = {MtState::Ambiguous}, updated_at = ? \
     WHERE state {MtState::OPEN} AND state = {MtState::Submitting}"
);
pub(super) const FOUND: &str = sql!(
    "SELECT (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting} AND suspect = 1), \
     (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting}), \
     (SELECT count(*) FROM outbox WHERE state {MtState::OPEN} AND state = {MtState::Ambiguous})"
);
pub(super) const GIVEN_BACK: &str = sql!(
    "UPDATE inbox SET state = {MoState::Waiting}, alone = 0, attempts = max(attempts - 1, 0) \
     WHERE state {MoState::OPEN} AND state = {MoState::Claimed}"
);

/// Takes over from the last run.
pub fn begin(db: &mut Db, now: &UnixMs) -> Sql<Recovery> {
    let conn = &db.conn;
    let last: Option<Option<i64>> =
        conn.find("SELECT ended_at FROM incarnation ORDER BY id DESC LIMIT 1", params![], |row| row.get(0))?;
    let clean = !matches!(last, Some(None));
    conn.execute(CLAIMED_BECOME_WAITING, params![!clean])?;
    conn.execute(SUBMITTING_BECOME_AMBIGUOUS, params![now.0])?;
    let incarnation: i64 =
        conn.value("INSERT INTO incarnation (started_at) VALUES (?) RETURNING id", params![now.0])?;
    let found = |row: &Row<'_>| {
        let (suspects, waiting, ambiguous) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Recovery { incarnation, clean, suspects, waiting, ambiguous })
    };
    let recovery = conn.one(FOUND, [], found)?;
    db.incarnation = incarnation;
    Ok(recovery)
}

/// Ends this run cleanly.
pub fn end(db: &mut Db, now: &UnixMs) -> Sql<()> {
    db.conn.execute(GIVEN_BACK, [])?;
    db.conn.execute("UPDATE incarnation SET ended_at = ? WHERE id = ?", params![now.0, db.incarnation])?;
    Ok(())
}

/// A write.
pub fn probe(db: &mut Db, (): &()) -> Sql<()> {
    db.conn.execute("UPDATE meta SET value = value + 1 WHERE name = 'probe'", [])?;
    Ok(())
}
