//! Parts of texts: kept each in its text, and deleted by the commit that stores the text as an MO.
use super::{
    citizens,
    inbox::{self, Keyed},
};
use crate::{
    ports::{
        StoreFault,
        inbox::Accepted,
        parts::{KeptPart, Part},
        rules::parts::{Known, Placed, Stored, TextKey, place},
        states::MoState,
    },
    store::{
        batch::{Db, Verdict, code, fixed, text_in},
        codes::Code,
        conn::{Both, Conn, Row, Sql, params},
        rows::{Id, JoinRow, JoinedRow, OpenPartRow, PartRow, text_id},
    },
    types::{
        CauseId, SessionId, UnixMs,
        names::{Family, SmscName},
    },
};
use uuid::Uuid;

/// Stores parts, each unless it is there or of no use.
pub fn keep(db: &mut Db, parts: &[&PartRow]) -> Sql<Vec<Verdict<KeptPart>>> {
    let mut stored = count(db)?;
    let mut verdicts = Vec::with_capacity(parts.len());
    for part in parts {
        verdicts.push(Ok(keep_one(db, part, &mut stored)?));
    }
    Ok(verdicts)
}

pub(in crate::store) const COUNT: Both = Both {
    sqlite: "SELECT count(*), coalesce(sum(octets), 0) FROM part INDEXED BY part_due",
    postgres: "SELECT count(*), CAST(coalesce(sum(octets), 0) AS BIGINT) FROM part",
};

fn count(db: &mut Db) -> Sql<Stored> {
    db.conn.one(COUNT, &[], |row| Ok(Stored { parts: row.get(0)?, octets: row.get(1)? }))
}

fn keep_one(db: &mut Db, new: &PartRow, stored: &mut Stored) -> Sql<KeptPart> {
    let keyed = Keyed {
        id: new.id,
        key: new.dedupe,
        family: new.family.as_str(),
        session: new.session,
        at: new.received_at,
        insist: new.insist,
        given_back: &[],
    };
    let known = known(db, new)?;
    let (text, whole, over) = match place(&new.key(), new.part.number, &new.dedupe.digest, &known) {
        Placed::Again { of } => return Ok(KeptPart::Duplicate { of, ended: false }),
        Placed::Beyond => return Ok(KeptPart::Beyond),
        Placed::Kept { text, whole, over } => (text, whole, over),
    };
    // what an open text waits for is of it, though it be written like a part of one that has ended
    let earlier = if text.is_none() { inbox::earlier(db, &[keyed])?.remove(&new.id) } else { None };
    match earlier {
        Some(Accepted::Duplicate { of }) => return Ok(KeptPart::Duplicate { of, ended: true }),
        Some(Accepted::Resembles { of, session, .. }) => return Ok(KeptPart::Resembles { of, session }),
        Some(Accepted::New { .. }) | None => {}
    }
    if stored.is_full() {
        return Ok(KeptPart::Full);
    }
    if let Some(over) = over {
        end(db, over, new.received_at)?;
    }
    let due = match text {
        Some(text) => due_of(db, text)?,
        None => new.due(),
    };
    let text = text.unwrap_or(text_id(new.id));
    insert(db, new, text, due)?;
    inbox::key_part(db, &keyed, *text.0.as_bytes())?;
    if whole {
        end(db, text, new.received_at)?;
    }
    stored.parts += 1;
    stored.octets += u64::try_from(new.octets).unwrap_or(0);
    if stored.is_much() {
        end_the_oldest(db, new.received_at)?;
    }
    Ok(KeptPart::Kept { text, whole })
}

pub(in crate::store) const KNOWN: &str = "SELECT mo, family, destination, way, reference, total, number, digest, due FROM part \
    WHERE source_mac = ?";

/// The parts of the same sender.
fn known(db: &mut Db, new: &PartRow) -> Sql<Vec<Known>> {
    let known = |row: &Row<'_>| {
        let (way, number) = (code(row, 3)?, row.get(6)?);
        let part = Part { way, reference: row.get(4)?, total: row.get(5)?, number };
        let family = Family::from(text_in(row, 1)?);
        Ok(Known {
            text: text_id(fixed(row, 0)?),
            key: TextKey::of(&family, text_in(row, 2)?, part),
            number,
            digest: fixed(row, 7)?,
            ended: row.get::<i64>(8)? <= new.received_at.0,
        })
    };
    db.conn.rows(KNOWN, params![&new.source_mac[..]], known)
}

pub(in crate::store) const END: &str = "UPDATE part SET due = ?2 WHERE mo = ?1 AND due > ?2";

/// A text is to be joined as it is.
fn end(db: &mut Db, text: CauseId, now: UnixMs) -> Sql<()> {
    db.conn.execute(END, params![&text.0.as_bytes()[..], now.0])?;
    Ok(())
}

pub(in crate::store) const END_THE_OLDEST: Both = Both {
    sqlite: "UPDATE part SET due = ?1 WHERE mo = (\
        SELECT mo FROM part INDEXED BY part_due WHERE due > ?1 ORDER BY due LIMIT 1)",
    postgres: "UPDATE part SET due = ?1 WHERE mo = (SELECT mo FROM part WHERE due > ?1 ORDER BY due LIMIT 1)",
};

fn end_the_oldest(db: &mut Db, now: UnixMs) -> Sql<()> {
    db.conn.execute(END_THE_OLDEST, params![now.0])?;
    metrics::counter!("chrak_parts_total", "result" => "crowded_out").increment(1);
    Ok(())
}

fn due_of(db: &mut Db, text: CauseId) -> Sql<i64> {
    let sql = "SELECT due FROM part WHERE mo = ? LIMIT 1";
    db.conn.value(sql, params![&text.0.as_bytes()[..]])
}

fn insert(db: &mut Db, new: &PartRow, text: CauseId, due: i64) -> Sql<()> {
    db.conn.execute(
        "INSERT INTO part (mo, number, total, way, reference, smsc, family, session, source_mac, source, destination, \
         piece, octets, data_coding, esm_class, digest, received_at, due) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            &text.0.as_bytes()[..],
            new.part.number,
            new.part.total,
            new.part.way.code(),
            new.part.reference,
            &new.smsc,
            new.family.as_str(),
            &new.session.0.as_bytes()[..],
            &new.source_mac[..],
            &new.source,
            &new.destination,
            &new.piece,
            new.octets,
            new.data_coding,
            new.esm_class,
            &new.dedupe.digest[..],
            new.received_at.0,
            due
        ],
    )?;
    Ok(())
}

/// Stores the MOs of texts in place of their parts.
pub fn join(db: &mut Db, joins: &[&JoinRow]) -> Sql<Vec<Verdict<JoinedRow>>> {
    let mut verdicts = Vec::with_capacity(joins.len());
    for join in joins {
        verdicts.push(join_one(db, join)?);
    }
    Ok(verdicts)
}

fn join_one(db: &mut Db, join: &JoinRow) -> Sql<Verdict<JoinedRow>> {
    let here: i64 = db.conn.value("SELECT count(*) FROM part WHERE mo = ?", params![&join.mo.id[..]])?;
    if here == 0 || usize::try_from(here) != Ok(join.parts) {
        return Ok(Err(StoreFault::Stale));
    }
    db.conn.execute("DELETE FROM part WHERE mo = ?", params![&join.mo.id[..]])?;
    let behind = inbox::insert_in_turn(db, &[&join.mo])?;
    let claimed = join.mo.state == MoState::Claimed && behind.is_empty();
    let mac = join.mo.source_mac;
    let citizens = citizens::several(db, mac.as_slice())?;
    Ok(Ok((mac.and_then(|mac| citizens.get(&mac).cloned()), claimed)))
}

pub(in crate::store) const ENDED: Both = Both {
    sqlite: "SELECT DISTINCT mo FROM part INDEXED BY part_due WHERE due <= ? ORDER BY due, mo LIMIT ?",
    postgres: "SELECT mo FROM part WHERE due <= ? GROUP BY mo ORDER BY min(due), mo LIMIT ?",
};

/// Texts that are to be joined, the oldest first.
pub fn ended(conn: &Conn, now: UnixMs, limit: usize) -> Sql<Vec<CauseId>> {
    conn.rows(ENDED, params![now.0, limit as i64], |row| Ok(text_id(fixed(row, 0)?)))
}

pub(in crate::store) const PARTS: &str = "SELECT digest, number, total, smsc, family, session, source, destination, piece, \
    data_coding, esm_class, received_at FROM part WHERE mo = ? ORDER BY number";

/// The parts of a text, by their numbers.
pub fn of_text(conn: &Conn, text: Id) -> Sql<Vec<OpenPartRow>> {
    let part = |row: &Row<'_>| {
        Ok(OpenPartRow {
            digest: fixed(row, 0)?,
            number: row.get(1)?,
            total: row.get(2)?,
            smsc: SmscName::from(text_in(row, 3)?),
            family: Family::from(text_in(row, 4)?),
            session: SessionId(Uuid::from_bytes(fixed(row, 5)?)),
            source: row.get(6)?,
            destination: row.get(7)?,
            piece: row.get(8)?,
            data_coding: row.get(9)?,
            esm_class: row.get(10)?,
            received_at: row.get(11)?,
        })
    };
    conn.rows(PARTS, params![&text[..]], part)
}
