//! What is left of destroyed rows in the files of a database: pages that nothing uses, and the WAL. SQLite overwrites what it
//! deletes inside of pages that stay in use (`secure_delete = FAST`), not pages that it gives up; and the WAL keeps old pages
//! until it is begun anew. It must not know what was destroyed.
use crate::store::conn::{Conn, Sql, params};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::Path,
    thread,
    time::Duration,
};
use tokio::time::Instant;

/// Pages that one transaction fills: a text that comes meanwhile waits for it.
const PAGES: i64 = 500;
/// How long it is waited for readers to leave the WAL, and between tries.
const WAL_WITHIN: Duration = Duration::from_secs(10);
const WAL_PAUSE: Duration = Duration::from_millis(100);

/// Overwrites the pages that nothing uses, by using them once and giving them up overwritten, and empties the WAL. The file never
/// becomes shorter, which a server that runs would miss.
///
/// # Errors
/// What the database says; whether the WAL was emptied.
pub fn scrub(conn: &Conn) -> Sql<bool> {
    conn.execute("PRAGMA secure_delete = ON", &[])?;
    // of an earlier scrub that was cut short
    conn.execute("DROP TABLE IF EXISTS scrub", &[])?;
    let page: i64 = conn.value("PRAGMA page_size", &[])?;
    conn.execute("CREATE TABLE scrub (x BLOB)", &[])?;
    let mut left: i64 = conn.value("PRAGMA freelist_count", &[])?;
    while left > 0 {
        // a few octets of a page are its own
        conn.execute("INSERT INTO scrub VALUES (zeroblob(?))", params![left.min(PAGES) * (page - 64)])?;
        let now: i64 = conn.value("PRAGMA freelist_count", &[])?;
        if now >= left {
            break;
        }
        left = now;
    }
    while conn.execute("DELETE FROM scrub WHERE rowid = (SELECT max(rowid) FROM scrub)", &[])? > 0 {}
    conn.execute("DROP TABLE scrub", &[])?;
    empty_wal(conn)
}

fn empty_wal(conn: &Conn) -> Sql<bool> {
    let until = Instant::now() + WAL_WITHIN;
    loop {
        let busy: i64 = conn.value("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
        if busy == 0 || Instant::now() >= until {
            return Ok(busy == 0);
        }
        thread::sleep(WAL_PAUSE);
    }
}

/// Octets that are looked for, by their first two.
pub struct Needles(HashMap<[u8; 2], Vec<Vec<u8>>>);

/// Octets that a piece of a file has in common with the next one, so that nothing is missed where two meet.
const OVERLAP: usize = 64;

impl Needles {
    /// These, each of 2 to 64 octets.
    pub fn new(all: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut needles: HashMap<[u8; 2], Vec<Vec<u8>>> = HashMap::new();
        for needle in all {
            if let Some(first) = needle.first_chunk::<2>() {
                needles.entry(*first).or_default().push(needle);
            }
        }
        Needles(needles)
    }

    /// How often any of them stands in some octets.
    pub fn found_in(&self, octets: &[u8]) -> u64 {
        let at = |(place, first): (usize, &[u8])| {
            let of_first = first.first_chunk::<2>().and_then(|first| self.0.get(first));
            of_first.is_some_and(|all| all.iter().any(|needle| octets[place..].starts_with(needle)))
        };
        octets.windows(2).enumerate().filter(|pair| at(*pair)).count() as u64
    }

    /// How often any of them stands in a file, and how many octets that has.
    ///
    /// # Errors
    /// When it cannot be read; one that is not there has none.
    pub fn found_in_file(&self, path: &Path) -> io::Result<(u64, u64)> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
            Err(fault) => return Err(fault),
        };
        let (mut found, mut octets, mut held) = (0, 0, Vec::new());
        let mut piece = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok((found, octets));
            }
            octets += read as u64;
            held.extend_from_slice(&piece[..read]);
            found += self.found_in(&held);
            let keep = held.len().saturating_sub(OVERLAP);
            // what stands whole in the overlap is counted twice, which is found all the same
            held.drain(..keep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_found_also_where_two_pieces_meet() {
        let needles = Needles::new([b"needle".to_vec(), vec![0xff; 32]]);
        assert_eq!(needles.found_in(b"hay needle hay needl"), 1);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        assert_eq!(needles.found_in_file(&path).expect("none"), (0, 0));
        for place in [0, (1 << 20) - 3, (1 << 20) - 6, 1 << 20, (2 << 20) + 5] {
            let mut octets = vec![b'h'; 3 << 20];
            octets[place..place + 6].copy_from_slice(b"needle");
            std::fs::write(&path, &octets).expect("written");
            let (found, len) = needles.found_in_file(&path).expect("read");
            assert!(found >= 1 && len == 3 << 20, "{place}");
        }
        std::fs::write(&path, vec![b'h'; 3 << 20]).expect("written");
        assert_eq!(needles.found_in_file(&path).expect("read").0, 0);
    }
}
