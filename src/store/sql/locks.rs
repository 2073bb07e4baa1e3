//! What a transaction on a database of several nodes has to itself: numbers, locked before anything is read, so that what
//! is decided by what was read still holds at the commit. Locks of a transaction, which poolers let be. It must not know what
//! is decided.
use crate::store::{
    batch::{Db, Locked, all, fixed, perhaps, run, values},
    conn::{Dialect, Row, Sql},
    rows::{Id, Mac},
};

/// What the operations of a batch want for themselves.
#[derive(Default)]
pub struct Wanted {
    /// Numbers, those of MOs, and those of segments. Who does not get one goes on without: a text waits, a segment is queued.
    numbers: Vec<(Option<Mac>, Option<Id>, Option<Id>)>,
    /// Waited for: in the order of their numbers, and before all others, so that nobody waits in a circle.
    whole: Vec<i64>,
}

impl Wanted {
    /// A number.
    pub fn number(&mut self, mac: Mac) {
        self.numbers.push((Some(mac), None, None));
    }

    /// The number of an MO.
    pub fn of_mo(&mut self, mo: Id) {
        self.numbers.push((None, Some(mo), None));
    }

    /// The number of a segment.
    pub fn of_mt(&mut self, mt: Id) {
        self.numbers.push((None, None, Some(mt)));
    }

    /// A number that is waited for.
    pub fn whole_number(&mut self, mac: &Mac) {
        self.whole.push(key(mac));
    }
}

/// As in [`GOT`].
fn key(mac: &Mac) -> i64 {
    mac.iter().take(8).fold(0, |key, octet| (key << 8) | i64::from(*octet))
}

/// Sorted before any of them is taken.
const WHOLE: &str = ") SELECT pg_advisory_xact_lock(s.key) FROM (SELECT DISTINCT key FROM v ORDER BY key) AS s";
/// Without waiting: as `SKIP LOCKED` does with rows.
pub(in crate::store) const GOT: &str = ") SELECT s.mac, coalesce(s.mo, s.mt) FROM (SELECT v.mo, v.mt, \
    coalesce(v.mac, i.source_mac, o.number_mac) AS mac FROM v LEFT JOIN inbox i ON i.id = v.mo \
    LEFT JOIN outbox o ON o.id = v.mt) AS s WHERE s.mac IS NULL OR \
    pg_try_advisory_xact_lock(CAST(CAST('x' || encode(substr(s.mac, 1, 8), 'hex') AS BIT(64)) AS BIGINT))";

/// Takes what a batch wants, at the beginning of its transaction.
pub fn take(db: &mut Db, wanted: &Wanted) -> Sql<()> {
    if db.conn.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    run(&db.conn, values("WITH v (key) AS (", &wanted.whole, WHOLE, |tuple, key| _ = tuple.push(*key)))?;
    let statement = values("WITH v (mac, mo, mt) AS (", &wanted.numbers, GOT, |tuple, (mac, mo, mt)| {
        tuple.push(mac.as_ref().map(|mac| &mac[..]));
        tuple.push(mo.as_ref().map(|mo| &mo[..])).push(mt.as_ref().map(|mt| &mt[..]));
    });
    let got = |row: &Row<'_>| -> Sql<(Option<Mac>, Option<Id>)> {
        let id = if row.get::<Option<Vec<u8>>>(1)?.is_some() { Some(fixed(row, 1)?) } else { None };
        Ok((perhaps(row, 0)?, id))
    };
    let got = all(&db.conn, statement, got)?;
    let macs = got.iter().filter_map(|(mac, _)| *mac).collect();
    db.held = Locked::These(macs, got.into_iter().filter_map(|(_, id)| id).collect());
    Ok(())
}
