//! Kept feedback: kept once, put off, ended with what is told of it.
use super::pushes;
use crate::{
    ports::states::FeedbackState,
    store::{
        codes::Code,
        rows::{DueFeedbackRow, FeedbackEndRow, FeedbackRow},
        sqlite::batch::{Db, Sql, fixed},
        statement::sql,
    },
    types::{UnixMs, limits::FEEDBACK_WAITS_MAX},
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

/// Whether it is kept.
pub async fn keep(db: &mut Db, row: &FeedbackRow) -> Sql<bool> {
    // one that was kept before is no further one
    let sql = sql!(
        "INSERT INTO feedback (id, state, said, due, not_after, attempts, created_at) \
         SELECT ?1, {FeedbackState::Waiting}, ?2, ?3, ?4, 0, ?5 \
         WHERE (SELECT COUNT(*) FROM feedback WHERE state = {FeedbackState::Waiting}) < ?6 \
         OR EXISTS (SELECT 1 FROM feedback WHERE id = ?1) \
         ON CONFLICT (id) DO UPDATE SET id = excluded.id"
    );
    let kept = sqlx::query(sql)
        .bind(&row.id[..])
        .bind(&row.said)
        .bind(row.due)
        .bind(row.not_after)
        .bind(row.now)
        .bind(row.most)
        .execute(&mut db.conn)
        .await?;
    Ok(kept.rows_affected() == 1)
}

pub(super) const DUE: &str = sql!(
    "SELECT id, said, due, not_after, attempts, created_at FROM feedback \
     WHERE state = {FeedbackState::Waiting} AND due <= ? ORDER BY due, id LIMIT ?"
);

fn due_row(row: &SqliteRow) -> Sql<DueFeedbackRow> {
    Ok(DueFeedbackRow {
        id: fixed(row, 0)?,
        said: row.try_get(1)?,
        due: UnixMs(row.try_get(2)?),
        not_after: UnixMs(row.try_get(3)?),
        attempts: row.try_get(4)?,
        created_at: UnixMs(row.try_get(5)?),
    })
}

/// What waits and is due, the oldest first.
pub async fn due(readers: &SqlitePool, now: UnixMs, limit: usize) -> Sql<Vec<DueFeedbackRow>> {
    let rows = sqlx::query(DUE).bind(now.0).bind(limit as i64).fetch_all(readers).await?;
    rows.iter().map(due_row).collect()
}

/// Whether it was still waiting.
pub async fn end(db: &mut Db, end: &FeedbackEndRow) -> Sql<bool> {
    let sql = if end.state == FeedbackState::Waiting {
        sql!("UPDATE feedback SET due = ?3, attempts = attempts + 1 WHERE id = ?1 AND state = {FeedbackState::Waiting}")
    } else {
        sql!(
            "UPDATE feedback SET state = ?2, said = NULL, ended_at = ?4 \
             WHERE id = ?1 AND state = {FeedbackState::Waiting}"
        )
    };
    let changed = sqlx::query(sql)
        .bind(&end.id[..])
        .bind(end.state.code())
        .bind(end.due)
        .bind(end.now)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    if let (1, Some(push)) = (changed, &end.push) {
        pushes::insert(db, push).await?;
    }
    Ok(changed == 1)
}

pub(super) const ENDED: &str = sql!(
    "DELETE FROM feedback WHERE id IN (\
     SELECT id FROM feedback WHERE state {FeedbackState::ENDED} AND ended_at < ?1 LIMIT ?2)"
);

/// What a sweep deletes, and from when on it stays.
pub fn old(now: UnixMs) -> [(&'static str, UnixMs); 1] {
    let span = i64::try_from(FEEDBACK_WAITS_MAX.as_millis()).unwrap_or(i64::MAX);
    [(ENDED, now.plus_ms(-span))]
}
