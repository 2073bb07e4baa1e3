//! Kept feedback: kept once, put off, ended with what is told of it.
use super::pushes;
use crate::{
    ports::states::FeedbackState,
    store::{
        batch::{Db, fixed},
        codes::Code,
        conn::{Conn, Row, Sql, params},
        rows::{DueFeedbackRow, FeedbackEndRow, FeedbackRow},
        statement::sql,
    },
    types::{UnixMs, limits::FEEDBACK_WAITS_MAX},
};

/// Whether it is kept.
pub fn keep(db: &mut Db, row: &FeedbackRow) -> Sql<bool> {
    // one that was kept before is no further one
    let sql = sql!(
        "INSERT INTO feedback (id, state, said, due, not_after, attempts, created_at) \
         SELECT ?1, {FeedbackState::Waiting}, ?2, ?3, ?4, 0, ?5 \
         WHERE (SELECT COUNT(*) FROM feedback WHERE state = {FeedbackState::Waiting}) < ?6 \
         OR EXISTS (SELECT 1 FROM feedback WHERE id = ?1) \
         ON CONFLICT (id) DO UPDATE SET id = excluded.id"
    );
    let kept = db.conn.execute(sql, params![&row.id[..], &row.said, row.due, row.not_after, row.now, row.most])?;
    Ok(kept == 1)
}

pub(in crate::store) const DUE: &str = sql!(
    "SELECT id, said, due, not_after, attempts, created_at FROM feedback \
     WHERE state = {FeedbackState::Waiting} AND due <= ? ORDER BY due, id LIMIT ?"
);

fn due_row(row: &Row<'_>) -> Sql<DueFeedbackRow> {
    Ok(DueFeedbackRow {
        id: fixed(row, 0)?,
        said: row.get(1)?,
        due: UnixMs(row.get(2)?),
        not_after: UnixMs(row.get(3)?),
        attempts: row.get(4)?,
        created_at: UnixMs(row.get(5)?),
    })
}

/// What waits and is due, the oldest first.
pub fn due(conn: &Conn, now: UnixMs, limit: usize) -> Sql<Vec<DueFeedbackRow>> {
    conn.rows(DUE, params![now.0, limit as i64], due_row)
}

/// Whether it was still waiting.
pub fn end(db: &mut Db, end: &FeedbackEndRow) -> Sql<bool> {
    let changed = if end.state == FeedbackState::Waiting {
        let sql = sql!(
            "UPDATE feedback SET due = ?2, attempts = attempts + 1 WHERE id = ?1 AND state = {FeedbackState::Waiting}"
        );
        db.conn.execute(sql, params![&end.id[..], end.due])?
    } else {
        let sql = sql!(
            "UPDATE feedback SET state = ?2, said = NULL, ended_at = ?3 \
             WHERE id = ?1 AND state = {FeedbackState::Waiting}"
        );
        db.conn.execute(sql, params![&end.id[..], end.state.code(), end.now])?
    };
    if let (1, Some(push)) = (changed, &end.push) {
        pushes::insert(db, push)?;
    }
    Ok(changed == 1)
}

pub(in crate::store) const ENDED: &str = sql!(
    "DELETE FROM feedback WHERE id IN (\
     SELECT id FROM feedback WHERE state {FeedbackState::ENDED} AND ended_at < ?1 LIMIT ?2)"
);

/// What a sweep deletes, and from when on it stays.
pub fn old(now: UnixMs) -> [(&'static str, UnixMs); 1] {
    let span = i64::try_from(FEEDBACK_WAITS_MAX.as_millis()).unwrap_or(i64::MAX);
    [(ENDED, now.plus_ms(-span))]
}
