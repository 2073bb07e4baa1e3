//! Texts that visitors ask for: looked up, counted and stored in one transaction.
use super::{pushes, windows};
use crate::{
    ports::{pushes::Asked, rules::windows::full_until},
    store::{
        batch::Db,
        conn::{Sql, params},
        rows::AskedRow,
    },
};

/// Stores a text that was asked for, if it is new and every window has room.
pub fn take(db: &mut Db, row: &AskedRow) -> Sql<Asked> {
    let before: i64 = db.conn.value("SELECT COUNT(*) FROM event_seen WHERE id = ?1", params![&row.name])?;
    if before > 0 {
        return Ok(Asked::Before);
    }
    let bounds = &row.bounds;
    // counted in no window, but one event in it is enough
    let closed = (bounds.closed_by.clone(), 0, 1);
    let bounded = || bounds.windows.iter().chain([&closed]);
    let names: Vec<&str> = bounded().map(|(name, ..)| name.as_str()).collect();
    let windows = windows::read(db, &names)?;
    let most = bounded().map(|(name, _, most)| (windows.get(name.as_str()).copied(), *most));
    if let Some(until) = full_until(most, row.now) {
        return Ok(Asked::Full(until));
    }
    windows::count(db, &bounds.windows, windows, row.now)?;
    pushes::take_named(db, &row.name, Some(&row.push), row.now.0)?;
    Ok(Asked::Taken)
}
