//! Texts that visitors ask for, on SQLite: looked up, counted and stored in one transaction.
use super::{
    SqliteStore,
    pushes::{self, PushRow},
    rows::Sql,
    windows,
    writer::{Answer, Db, Op},
};
use crate::{
    ports::{
        StoreFault,
        pushes::{Asked, Bounds, NewPush},
        rules::windows::full_until,
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
    let now = UnixMs(row.now);
    let bounds = &row.bounds;
    // counted in no window, but one event in it is enough
    let closed = (bounds.closed_by.clone(), 0, 1);
    let bounded = || bounds.windows.iter().chain([&closed]);
    let names: Vec<&str> = bounded().map(|(name, ..)| name.as_str()).collect();
    let windows = windows::read(db, &names).await?;
    let most = bounded().map(|(name, _, most)| (windows.get(name.as_str()).copied(), *most));
    if let Some(until) = full_until(most, now) {
        return Ok(Asked::Full(until));
    }
    windows::count(db, &bounds.windows, windows, now).await?;
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
