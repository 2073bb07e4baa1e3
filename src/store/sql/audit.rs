//! The audit log: one chain of rows in the whole database, whoever writes. It must not know who noted what.
//!
//! One chain rather than one for each node's run: whoever looks walks from the first row to the last, and nothing has to be said of
//! how chains join. What it costs is that the transactions of two nodes that both write rows wait for each other from
//! there to their commits; so rows are the last that a transaction writes, and most have none.
use crate::{
    ports::audit::Entry,
    store::{
        batch::{Db, fixed, inserts, run, text_in},
        chain::{Hash, Link, START, Said},
        conn::{Conn, Dialect, Row, Sql, params},
        seal::Keys,
    },
    types::UnixMs,
};

/// Rows that are read at once.
const PAGE: i64 = 1_000;
/// Rows that one sweep takes away.
const PRUNED: usize = 100;

/// Where in `meta` it stands what was taken away.
const CHECKPOINT: &str = "audit_checkpoint";

/// A row as it stands there.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its number and hash.
    pub link: Link,
    /// What it says.
    pub said: Said,
    /// Its keyed digest.
    pub mac: Hash,
}

/// Writes what was noted, at the end of a transaction.
///
/// # Errors
/// What the database says; then none of it is written.
pub fn append(conn: &Conn, keys: &Keys, incarnation: i64, entries: &[Entry]) -> Sql<Link> {
    alone(conn)?;
    let mut link = head(conn, keys)?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let said = Said {
            at: entry.at.0,
            run: incarnation,
            who: entry.who.to_string(),
            what: entry.what.clone(),
            about: entry.about.clone(),
            detail: entry.detail.clone(),
        };
        link = link.next(&said);
        rows.push(Kept { link, said, mac: link.mac(keys) });
    }
    run(
        conn,
        inserts("INSERT INTO audit (seq, at, run, who, what, about, detail, hash, mac)", &rows, |tuple, row| {
            let Kept { link, said, mac } = row;
            tuple.push(link.seq).push(said.at).push(said.run);
            tuple.push(&said.who).push(&said.what).push(&said.about).push(&said.detail);
            tuple.push(&link.hash[..]).push(&mac[..]);
        }),
    )?;
    Ok(link)
}

/// No other node has the end of the chain in hand until this transaction ends.
fn alone(conn: &Conn) -> Sql<()> {
    if conn.dialect() == Dialect::Postgres {
        // the number of the lock means nothing: it is ours
        conn.execute("SELECT pg_advisory_xact_lock(7205759403792795)", &[])?;
    }
    Ok(())
}

/// The last row, or what the next one follows when there is none.
pub fn head(conn: &Conn, keys: &Keys) -> Sql<Link> {
    let sql = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    let last = conn.find(sql, &[], |row| Ok(Link { seq: row.get(0)?, hash: fixed(row, 1)? }))?;
    match last {
        Some(last) => Ok(last),
        None => Ok(checkpoint(conn, keys)?.and_then(Result::ok).unwrap_or(START)),
    }
}

/// What was taken away at the front; `Err` for one that somebody else wrote.
pub fn checkpoint(conn: &Conn, keys: &Keys) -> Sql<Option<Result<Link, ()>>> {
    let found: Option<Vec<u8>> =
        conn.find("SELECT value FROM meta WHERE name = ?", params![CHECKPOINT], |row| row.get(0))?;
    Ok(found.map(|octets| Link::read_checkpoint(&octets, keys).ok_or(())))
}

/// Rows after a number, in their order.
pub fn page(conn: &Conn, after: i64) -> Sql<Vec<Kept>> {
    let sql = "SELECT seq, hash, at, run, who, what, about, detail, mac FROM audit WHERE seq > ? ORDER BY seq LIMIT ?";
    conn.rows(sql, params![after, PAGE], kept)
}

fn kept(row: &Row<'_>) -> Sql<Kept> {
    let text = |at: usize| text_in(row, at).map(str::to_owned);
    let said =
        Said { at: row.get(2)?, run: row.get(3)?, who: text(4)?, what: text(5)?, about: text(6)?, detail: text(7)? };
    Ok(Kept { link: Link { seq: row.get(0)?, hash: fixed(row, 1)? }, said, mac: fixed(row, 8)? })
}

/// Takes rows away at the front that are older than a moment, a bounded number and never the last; what the rest follows is
/// kept, so that it can still be followed. How many.
pub fn prune(db: &Db, before: UnixMs) -> Sql<u64> {
    let sql = "SELECT seq, hash, at FROM audit ORDER BY seq LIMIT ?";
    let first = |conn: &Conn| -> Sql<Option<Link>> {
        let read = |row: &Row<'_>| Ok((Link { seq: row.get(0)?, hash: fixed(row, 1)? }, row.get::<i64>(2)?));
        let rows = conn.rows(sql, params![PRUNED as i64 + 1], read)?;
        let kept = rows.len().saturating_sub(1);
        Ok(rows[..kept].iter().take_while(|(_, at)| *at < before.0).last().map(|(link, _)| *link))
    };
    if first(&db.conn)?.is_none() {
        return Ok(0);
    }
    alone(&db.conn)?;
    let Some(last) = first(&db.conn)? else { return Ok(0) };
    db.conn.execute(
        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![CHECKPOINT, &last.checkpoint(&db.keys)],
    )?;
    db.conn.execute("DELETE FROM audit WHERE seq <= ?", params![last.seq])
}

/// Writes what was noted since the last commit, with this one. A log that cannot be written (somebody took its table away)
/// stops no text: it is told, and tried again with the next commit.
///
/// # Errors
/// What the database says when nothing at all can be written.
pub fn flush(db: &mut Db) -> Sql<()> {
    db.taken = db.journal.take();
    if db.noted.is_empty() && db.taken.is_empty() {
        return Ok(());
    }
    let entries: Vec<Entry> = db.noted.iter().chain(&db.taken).cloned().collect();
    db.conn.execute("SAVEPOINT audit", &[])?;
    if let Err(error) = append(&db.conn, &db.keys, db.incarnation, &entries) {
        db.conn.execute("ROLLBACK TO audit", &[])?;
        tracing::error!(%error, "the audit log cannot be written; it is tried again");
        db.unwritten();
    }
    db.conn.execute("RELEASE audit", &[]).map(|_| ())
}
