//! A person asks to be forgotten: all that is kept of a number is destroyed, beside the server that runs, and looked for afterwards.
//! It must not know who asks.
use super::{
    conn::{Conn, Dialect, Sql},
    look::{self, LookError, Place},
    seal::Keys,
    sql::{
        audit,
        erase::{self, Whom},
    },
    sqlite::{Access, Needles, scrub},
};
use crate::{
    ports::audit::{Entry, Who},
    store::chain::Link,
    types::{Msisdn, UnixMs},
};
use std::{io, path::PathBuf};

/// What came of it.
#[derive(Debug)]
pub enum Erased {
    /// So many texts and segments of the number are in hand: nothing was destroyed.
    InHand(i64),
    /// Destroyed.
    Done(Destroyed),
}

/// What was destroyed.
#[derive(Debug)]
pub struct Destroyed {
    /// Rows by table.
    pub tables: Vec<(&'static str, u64)>,
    /// The audit log's row of it.
    pub row: Link,
    /// How everything begins that was sealed and is destroyed.
    sealed: Vec<[u8; 13]>,
}

/// Where something is left.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Left {
    /// Rows that still stand for the number.
    pub rows: i64,
    /// Whether pages that nothing uses were overwritten and the WAL emptied; with PostgreSQL: whether VACUUM ran.
    pub cleaned: bool,
    /// Octets of the files that were looked through; with PostgreSQL none.
    pub octets_searched: u64,
    /// Places in them where anything of the number stands.
    pub found: u64,
}

/// Destroys all that is kept of a number, unless something of it is in hand.
///
/// # Errors
/// When the database does not take it; then nothing is destroyed.
pub async fn erase(place: Place, keys: Keys, number: Msisdn, now: UnixMs) -> Result<Erased, LookError> {
    look::at(place, Access::Write, keys, move |conn, keys| {
        let whom = Whom::new(number.digits(), keys);
        if conn.dialect() == Dialect::Sqlite {
            conn.execute("PRAGMA secure_delete = ON", &[])?;
        }
        look::change(conn, || destroyed(conn, keys, &whom, now))
    })
    .await
}

fn destroyed(conn: &Conn, keys: &Keys, whom: &Whom, now: UnixMs) -> Sql<Erased> {
    let in_hand = erase::in_hand(conn, whom)?;
    if in_hand > 0 {
        return Ok(Erased::InHand(in_hand));
    }
    let mut sealed = erase::sealed(conn, whom)?;
    let feedback = erase::feedback(conn, keys, whom)?;
    sealed.extend(feedback.iter().map(|(_, first)| *first));
    let tables = erase::erase(conn, whom, &feedback, now.0)?;
    let rows: u64 = tables.iter().map(|(_, rows)| rows).sum();
    let entry = Entry::new(now, Who::CommandLine, "erase", "").with("rows", rows);
    let row = audit::append(conn, keys, 0, &[entry])?;
    Ok(Erased::Done(Destroyed { tables, row, sealed }))
}

/// Cleans up where destroyed rows stood, and looks whether anything of the number is left.
///
/// # Errors
/// When that cannot be done.
pub async fn look_for(place: Place, keys: Keys, number: Msisdn, all: Vec<Destroyed>) -> Result<Left, LookError> {
    let file = match &place {
        Place::File(path) => Some(path.clone()),
        Place::Server(_) => None,
    };
    let whom = Whom::new(number.digits(), &keys);
    let needles: Vec<Vec<u8>> = all.iter().flat_map(|one| one.sealed.iter().map(|first| first.to_vec())).collect();
    let needles = needles.into_iter().chain([whom.mac.to_vec(), whom.counted_as.clone().into_bytes()]);
    let needles = Needles::new(needles.collect::<Vec<_>>());
    let (rows, cleaned) = look::at(place, Access::Write, keys, move |conn, _| {
        let cleaned = match conn.dialect() {
            Dialect::Sqlite => scrub(conn)?,
            Dialect::Postgres => vacuum(conn)?,
        };
        Ok((erase::left(conn, &whom)?, cleaned))
    })
    .await?;
    let Some(file) = file else { return Ok(Left { rows, cleaned, octets_searched: 0, found: 0 }) };
    let searched = tokio::task::spawn_blocking(move || search(&needles, file)).await.map_err(|_| LookError::Broken)?;
    let (found, octets_searched) = searched.map_err(|(path, fault)| LookError::Search(path, fault))?;
    Ok(Left { rows, cleaned, octets_searched, found })
}

fn search(needles: &Needles, file: PathBuf) -> Result<(u64, u64), (PathBuf, io::Error)> {
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    let (mut found, mut octets) = (0, 0);
    for path in [file, wal.into()] {
        let (more, len) = needles.found_in_file(&path).map_err(|fault| (path.clone(), fault))?;
        (found, octets) = (found + more, octets + len);
    }
    Ok((found, octets))
}

/// Rows that were destroyed are taken away where they stood; what a disk, an archive of its WAL or a standby keeps of them is theirs.
fn vacuum(conn: &Conn) -> Sql<bool> {
    conn.execute("SET statement_timeout = '600s'", &[])?;
    for table in [
        "inbox",
        "outbox",
        "push",
        "citizen",
        "ussd_session",
        "receipt_orphan",
        "feedback",
        "tally",
        "mo_dedupe",
        "message",
    ] {
        conn.execute(format!("VACUUM {table}").as_str(), &[])?;
    }
    Ok(true)
}
