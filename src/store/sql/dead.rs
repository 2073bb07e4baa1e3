//! Dead letters: texts that were given up and are not swept yet.
use crate::{
    ports::{
        audit::{Entry, Who},
        dead::{DeadLetter, REQUEUED_WITHIN_MS, Requeued, Why},
    },
    store::{
        batch::{Db, fixed, text_in},
        conn::{Conn, Row, Sql, params},
        rows::{Id, Mac},
        seal::Keys,
        statement::sql,
    },
    types::{
        CauseId, Msisdn, UnixMs,
        limits::{DEATHS_ALONE_MAX, TURN_TRIES_MAX},
    },
};
use uuid::Uuid;

pub(in crate::store) const DEAD: &str = sql!(
    "SELECT id, smsc, source, received_at, done_at, attempts, deaths_alone FROM inbox \
     WHERE state = {MoState::Dead} AND text IS NOT NULL ORDER BY done_at DESC LIMIT ?"
);

/// Those that are kept, the youngest first.
pub fn list(conn: &Conn, keys: &Keys, limit: usize) -> Sql<Vec<DeadLetter>> {
    conn.rows(DEAD, params![limit as i64], |row| letter(row, keys))
}

fn letter(row: &Row<'_>, keys: &Keys) -> Sql<DeadLetter> {
    let id: Id = fixed(row, 0)?;
    let (attempts, deaths): (u32, u32) = (row.get(5)?, row.get(6)?);
    let why = match (deaths >= DEATHS_ALONE_MAX, attempts > TURN_TRIES_MAX) {
        (true, _) => Why::EndedTheServer,
        (false, true) => Why::TooManyTries,
        (false, false) => Why::Refused,
    };
    let source = keys.open(&id, "source", &row.get::<Vec<u8>>(2)?).unwrap_or_default();
    let digits = source.strip_prefix(b"P").and_then(|digits| std::str::from_utf8(digits).ok());
    Ok(DeadLetter {
        id: CauseId(Uuid::from_bytes(id)),
        smsc: text_in(row, 1)?.to_owned(),
        received_at: UnixMs(row.get(3)?),
        dead_at: UnixMs(row.get::<Option<i64>>(4)?.unwrap_or(0)),
        why,
        attempts,
        number: digits.and_then(Msisdn::parse_e164).map_or_else(|| "***".to_owned(), |number| number.to_string()),
    })
}

/// Has one answered after all, if that is of use; the entry of the audit log that goes with it.
pub fn requeue(conn: &Conn, id: &Id, now: UnixMs, who: Who) -> Sql<(Requeued, Option<Entry>)> {
    let sql = sql!(
        "SELECT source_mac, received_at FROM inbox WHERE id = ? AND state = {MoState::Dead} AND text IS NOT NULL \
         AND source_mac IS NOT NULL"
    );
    let found = conn.find(sql, params![&id[..]], |row| Ok((fixed(row, 0)?, row.get::<i64>(1)?)))?;
    let Some((mac, received_at)): Option<(Mac, i64)> = found else { return Ok((Requeued::Unknown, None)) };
    if now.0 - received_at > REQUEUED_WITHIN_MS {
        return Ok((Requeued::TooOld, None));
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM inbox WHERE source_mac = ?1 AND received_at > ?2 AND id <> ?3)";
    if conn.value(sql, params![&mac[..], received_at, &id[..]])? {
        return Ok((Requeued::AskedAgain, None));
    }
    conn.execute(
        sql!(
            "UPDATE inbox SET state = {MoState::Waiting}, attempts = 0, deaths_alone = 0, suspect = 0, alone = 0, \
             done_at = NULL WHERE id = ?"
        ),
        params![&id[..]],
    )?;
    Ok((Requeued::Waits, Some(entry(now, who, "dead.requeue", id))))
}

/// Destroys what one said; the entry of the audit log that goes with it, if there was one.
pub fn end(conn: &Conn, id: &Id, now: UnixMs, who: Who) -> Sql<Option<Entry>> {
    let done = conn.execute(
        sql!(
            "UPDATE inbox SET source = NULL, source_mac = NULL, text = NULL, raw = NULL \
             WHERE id = ? AND state = {MoState::Dead} AND text IS NOT NULL"
        ),
        params![&id[..]],
    )?;
    Ok((done > 0).then(|| entry(now, who, "dead.drop", id)))
}

fn entry(now: UnixMs, who: Who, what: &str, id: &Id) -> Entry {
    Entry::new(now, who, what, Uuid::from_bytes(*id).as_hyphenated())
}

/// As [`requeue`], ordered at the console.
pub fn requeued(db: &mut Db, (id, now): &(Id, UnixMs)) -> Sql<Requeued> {
    let (requeued, entry) = requeue(&db.conn, id, *now, Who::Operator)?;
    entry.into_iter().for_each(|entry| db.note(entry));
    Ok(requeued)
}

/// As [`end`], ordered at the console.
pub fn ended(db: &mut Db, (id, now): &(Id, UnixMs)) -> Sql<bool> {
    let entry = end(&db.conn, id, *now, Who::Operator)?;
    let done = entry.is_some();
    entry.into_iter().for_each(|entry| db.note(entry));
    Ok(done)
}
