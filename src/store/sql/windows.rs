//! Windows in which something is counted.
use crate::{
    ports::rules::windows::{Window, counted, full_until},
    store::{
        batch::Db,
        conn::{Both, Conn, Dialect, Row, Sql, params},
    },
    types::UnixMs,
};
use std::collections::HashMap;

/// The names of all windows.
pub fn names(conn: &Conn) -> Sql<Vec<String>> {
    conn.rows("SELECT name FROM tally", &[], |row| row.get(0))
}

/// What another node counts at this moment would be lost otherwise: whoever counts second waits until the first has.
const READ: Both = Both {
    sqlite: "SELECT since, until, count FROM tally WHERE name = ?",
    postgres: "SELECT since, until, count FROM tally WHERE name = ? FOR UPDATE",
};

/// Makes a row for each window, so that there is one to wait at; those of one text in the order of their names.
fn stand_in_line(db: &Db, names: &[&str]) -> Sql<()> {
    if db.conn.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let sql = "INSERT INTO tally (name, since, until, count) VALUES (?, 0, 0, 0) ON CONFLICT (name) DO NOTHING";
        db.conn.execute(sql, params![name])?;
        db.conn.find(READ, params![name], |_| Ok(()))?;
    }
    Ok(())
}

/// The windows of these names, those that there are. Nobody else counts in them until this transaction has ended.
pub fn read<'a>(db: &mut Db, names: &[&'a str]) -> Sql<HashMap<&'a str, Window>> {
    stand_in_line(db, names)?;
    let mut windows = HashMap::new();
    for name in names {
        let window =
            |row: &Row<'_>| Ok(Window { since: UnixMs(row.get(0)?), until: UnixMs(row.get(1)?), count: row.get(2)? });
        if let Some(window) = db.conn.find(READ, params![*name], window)? {
            windows.insert(*name, window);
        }
    }
    Ok(windows)
}

/// Counts one event in each of these windows (name, length in milliseconds, most); `before`: how they stand.
pub fn count<'a>(
    db: &mut Db,
    windows: &'a [(String, i64, u32)],
    mut before: HashMap<&'a str, Window>,
    now: UnixMs,
) -> Sql<()> {
    for (name, span, _) in windows {
        let window = counted(before.get(name.as_str()).copied(), *span, now);
        before.insert(name, window);
        db.tallies.note(name);
        db.conn.execute(
            "INSERT INTO tally (name, since, until, count) VALUES (?, ?, ?, ?) ON CONFLICT (name) \
             DO UPDATE SET since = excluded.since, until = excluded.until, count = excluded.count",
            params![name, window.since.0, window.until.0, window.count],
        )?;
    }
    Ok(())
}

/// Counts one event in all these windows, or in none of them when one is full. Whether it was counted.
pub fn tally(db: &mut Db, (windows, now): &(Vec<(String, i64, u32)>, UnixMs)) -> Sql<bool> {
    let names: Vec<&str> = windows.iter().map(|(name, ..)| name.as_str()).collect();
    let before = read(db, &names)?;
    let bounds = windows.iter().map(|(name, _, most)| (before.get(name.as_str()).copied(), *most));
    if full_until(bounds, *now).is_some() {
        return Ok(false);
    }
    count(db, windows, before, *now)?;
    Ok(true)
}

/// Takes one event out of each of these windows that still runs.
pub fn untally(db: &mut Db, (names, now): &(Vec<String>, UnixMs)) -> Sql<()> {
    for name in names {
        let sql = "UPDATE tally SET count = count - 1 WHERE name = ?1 AND until > ?2 AND count > 0";
        db.conn.execute(sql, params![name, now.0])?;
    }
    Ok(())
}

/// Events in the running windows of these names.
pub fn counts(conn: &Conn, names: &[String], now: UnixMs) -> Sql<Vec<u32>> {
    let mut counts = Vec::with_capacity(names.len());
    for name in names {
        let sql = "SELECT count FROM tally WHERE name = ?1 AND until > ?2";
        let count = conn.find(sql, params![name, now.0], |row| row.get(0))?;
        counts.push(count.unwrap_or(0));
    }
    Ok(counts)
}

/// When the running windows of these names end; `now` for one that does not run.
pub fn ends(conn: &Conn, names: &[String], now: UnixMs) -> Sql<Vec<UnixMs>> {
    let mut ends = Vec::with_capacity(names.len());
    for name in names {
        let sql = "SELECT until FROM tally WHERE name = ?1 AND until > ?2 AND count > 0";
        let until = conn.find(sql, params![name, now.0], |row| row.get(0))?;
        ends.push(until.map_or(now, UnixMs));
    }
    Ok(ends)
}
