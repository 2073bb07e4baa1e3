//! A run of the server on the database: its beginning, its end, and whether anything can be written.
use crate::{
    ports::inbox::Recovery,
    store::{
        sqlite::batch::{Db, Sql},
        statement::sql,
    },
    types::UnixMs,
};
use sqlx::Row;

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
pub async fn begin(db: &mut Db, now: &UnixMs) -> Sql<Recovery> {
    let conn = &mut db.conn;
    let last: Option<Option<i64>> = sqlx::query_scalar("SELECT ended_at FROM incarnation ORDER BY id DESC LIMIT 1")
        .fetch_optional(&mut *conn)
        .await?;
    let clean = !matches!(last, Some(None));
    sqlx::query(CLAIMED_BECOME_WAITING).bind(!clean).execute(&mut *conn).await?;
    sqlx::query(SUBMITTING_BECOME_AMBIGUOUS).bind(now.0).execute(&mut *conn).await?;
    let incarnation: i64 = sqlx::query_scalar("INSERT INTO incarnation (started_at) VALUES (?) RETURNING id")
        .bind(now.0)
        .fetch_one(&mut *conn)
        .await?;
    let found = sqlx::query(FOUND).fetch_one(&mut *conn).await?;
    db.incarnation = incarnation;
    Ok(Recovery {
        incarnation,
        clean,
        suspects: found.try_get(0)?,
        waiting: found.try_get(1)?,
        ambiguous: found.try_get(2)?,
    })
}

/// Ends this run cleanly.
pub async fn end(db: &mut Db, now: &UnixMs) -> Sql<()> {
    sqlx::query(GIVEN_BACK).execute(&mut db.conn).await?;
    sqlx::query("UPDATE incarnation SET ended_at = ? WHERE id = ?")
        .bind(now.0)
        .bind(db.incarnation)
        .execute(&mut db.conn)
        .await?;
    Ok(())
}

/// A write.
pub async fn probe(db: &mut Db, (): &()) -> Sql<()> {
    sqlx::query("UPDATE meta SET value = value + 1 WHERE name = 'probe'").execute(&mut db.conn).await?;
    Ok(())
}
