//! Windows in which something is counted.
use crate::{
    ports::rules::windows::{Window, counted, full_until},
    store::sqlite::{
        batch::{Db, Sql},
        tallies::TallyNames,
    },
    types::UnixMs,
};
use sqlx::{Row, SqliteConnection, SqlitePool};
use std::collections::HashMap;

/// The names of all windows.
pub async fn names(conn: &mut SqliteConnection) -> Sql<Vec<String>> {
    sqlx::query_scalar("SELECT name FROM tally").fetch_all(conn).await
}

/// The windows of these names, those that there are.
pub async fn read<'a>(db: &mut Db, names: &[&'a str]) -> Sql<HashMap<&'a str, Window>> {
    let mut windows = HashMap::new();
    for name in names {
        let found = sqlx::query("SELECT since, until, count FROM tally WHERE name = ?")
            .bind(*name)
            .fetch_optional(&mut db.conn)
            .await?;
        if let Some(row) = found {
            let (since, until) = (UnixMs(row.try_get(0)?), UnixMs(row.try_get(1)?));
            windows.insert(*name, Window { since, until, count: row.try_get(2)? });
        }
    }
    Ok(windows)
}

/// Counts one event in each of these windows (name, length in milliseconds, most); `before`: how they stand.
pub async fn count<'a>(
    db: &mut Db,
    windows: &'a [(String, i64, u32)],
    mut before: HashMap<&'a str, Window>,
    now: UnixMs,
) -> Sql<()> {
    for (name, span, _) in windows {
        let window = counted(before.get(name.as_str()).copied(), *span, now);
        before.insert(name, window);
        db.tallies.note(name);
        sqlx::query(
            "INSERT INTO tally (name, since, until, count) VALUES (?, ?, ?, ?) ON CONFLICT (name) \
             DO UPDATE SET since = excluded.since, until = excluded.until, count = excluded.count",
        )
        .bind(name)
        .bind(window.since.0)
        .bind(window.until.0)
        .bind(window.count)
        .execute(&mut db.conn)
        .await?;
    }
    Ok(())
}

/// Counts one event in all these windows, or in none of them when one is full. Whether it was counted.
pub async fn tally(db: &mut Db, (windows, now): &(Vec<(String, i64, u32)>, UnixMs)) -> Sql<bool> {
    let names: Vec<&str> = windows.iter().map(|(name, ..)| name.as_str()).collect();
    let before = read(db, &names).await?;
    let bounds = windows.iter().map(|(name, _, most)| (before.get(name.as_str()).copied(), *most));
    if full_until(bounds, *now).is_some() {
        return Ok(false);
    }
    count(db, windows, before, *now).await?;
    Ok(true)
}

/// Takes one event out of each of these windows that still runs.
pub async fn untally(db: &mut Db, (names, now): &(Vec<String>, UnixMs)) -> Sql<()> {
    for name in names {
        let sql = "UPDATE tally SET count = count - 1 WHERE name = ?1 AND until > ?2 AND count > 0";
        sqlx::query(sql).bind(name).bind(now.0).execute(&mut db.conn).await?;
    }
    Ok(())
}

/// Events in the running windows of these names.
pub async fn counts(readers: &SqlitePool, known: &TallyNames, names: &[String], now: UnixMs) -> Sql<Vec<u32>> {
    let mut counts = Vec::with_capacity(names.len());
    for name in names {
        if !known.may_hold(name) {
            counts.push(0);
            continue;
        }
        let sql = "SELECT count FROM tally WHERE name = ?1 AND until > ?2";
        let count = sqlx::query_scalar(sql).bind(name).bind(now.0).fetch_optional(readers).await?;
        counts.push(count.unwrap_or(0));
    }
    Ok(counts)
}

/// When the running windows of these names end; `now` for one that does not run.
pub async fn ends(readers: &SqlitePool, names: &[String], now: UnixMs) -> Sql<Vec<UnixMs>> {
    let mut ends = Vec::with_capacity(names.len());
    for name in names {
        let sql = "SELECT until FROM tally WHERE name = ?1 AND until > ?2 AND count > 0";
        let until = sqlx::query_scalar(sql).bind(name).bind(now.0).fetch_optional(readers).await?;
        ends.push(until.map_or(now, UnixMs));
    }
    Ok(ends)
}
