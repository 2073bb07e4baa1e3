//! Texts that visitors ask for, on SQLite: looked up, counted and stored in one transaction.
use super::{
    SqliteStore, kiosks,
    pushes::{self, PushRow},
    rows::Sql,
    writer::{Answer, Db, Op},
};
use crate::{
    ports::{
        StoreFault,
        pushes::{Asked, Bounds, NewPush},
    },
    types::UnixMs,
};

/// A text that was asked for, sealed.
pub(super) struct AskedRow {
    pub name: String,
    pub push: PushRow,
    pub bounds: Bounds,
    pub now: i64,
}

pub(super) async fn take(db: &mut Db, row: &AskedRow) -> Sql<Asked> {
    let before: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM event_seen WHERE id = ?1")
        .bind(&row.name)
        .fetch_one(&mut db.conn)
        .await?;
    if before > 0 {
        return Ok(Asked::Before);
    }
    let mut full: Option<i64> = None;
    let closed = (row.bounds.closed_by.clone(), 0, 1);
    for (name, _, most) in row.bounds.windows.iter().chain([&closed]).filter(|(_, _, most)| *most > 0) {
        let until: Option<i64> =
            sqlx::query_scalar("SELECT until FROM tally WHERE name = ?1 AND until > ?2 AND count >= ?3")
                .bind(name)
                .bind(row.now)
                .bind(most)
                .fetch_optional(&mut db.conn)
                .await?;
        full = full.max(until);
    }
    if let Some(until) = full {
        return Ok(Asked::Full(UnixMs(until)));
    }
    kiosks::tally(db, &row.bounds.windows, row.now).await?;
    pushes::take_event(db, &row.name, Some(&row.push), row.now).await?;
    Ok(Asked::Taken)
}

impl SqliteStore {
    pub(super) async fn ask_for(
        &self,
        name: String,
        push: NewPush,
        bounds: Bounds,
        now: UnixMs,
    ) -> Result<Asked, StoreFault> {
        let push = self.seal_push(push, now)?;
        match self.submit(Op::TakeAsked(Box::new(AskedRow { name, push, bounds, now: now.0 }))).await? {
            Answer::Asked(asked) => Ok(asked),
            _ => Err(StoreFault::Unknown),
        }
    }
}
