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
    },
    store::{
        codes::Code,
        rows::{CitizenRow, Id, JoinRow, OpenPartRow, PartRow, text_id},
        sqlite::batch::{Db, Sql, Verdict, code, fixed},
    },
    types::{
        CauseId, SessionId, UnixMs,
        names::{Family, SmscName},
    },
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

/// Stores parts, each unless it is there or of no use.
pub async fn keep(db: &mut Db, parts: &[&PartRow]) -> Sql<Vec<Verdict<KeptPart>>> {
    let mut stored = count(db).await?;
    let mut verdicts = Vec::with_capacity(parts.len());
    for part in parts {
        verdicts.push(Ok(keep_one(db, part, &mut stored).await?));
    }
    Ok(verdicts)
}

pub(super) const COUNT: &str = "SELECT count(*), coalesce(sum(octets), 0) FROM part INDEXED BY part_due";

async fn count(db: &mut Db) -> Sql<Stored> {
    let row = sqlx::query(COUNT).fetch_one(&mut db.conn).await?;
    Ok(Stored { parts: row.try_get(0)?, octets: row.try_get(1)? })
}

async fn keep_one(db: &mut Db, new: &PartRow, stored: &mut Stored) -> Sql<KeptPart> {
    let keyed = Keyed {
        key: new.dedupe,
        family: new.family.as_str(),
        session: new.session,
        at: new.received_at,
        insist: new.insist,
    };
    let known = known(db, new).await?;
    let (text, whole, over) = match place(&new.key(), new.part.number, &new.dedupe.digest, &known) {
        Placed::Again { of } => return Ok(KeptPart::Duplicate { of, ended: false }),
        Placed::Beyond => return Ok(KeptPart::Beyond),
        Placed::Kept { text, whole, over } => (text, whole, over),
    };
    // what an open text waits for is of it, though it be written like a part of one that has ended
    let earlier = if text.is_none() { inbox::earlier(db, &keyed).await? } else { None };
    match earlier {
        Some(Accepted::Duplicate { of }) => return Ok(KeptPart::Duplicate { of, ended: true }),
        Some(Accepted::Resembles { of, session, .. }) => return Ok(KeptPart::Resembles { of, session }),
        Some(Accepted::New { .. }) | None => {}
    }
    if stored.is_full() {
        return Ok(KeptPart::Full);
    }
    if let Some(over) = over {
        end(db, over, new.received_at).await?;
    }
    let due = match text {
        Some(text) => due_of(db, text).await?,
        None => new.due(),
    };
    let text = text.unwrap_or(text_id(new.id));
    insert(db, new, text, due).await?;
    inbox::key_part(db, &keyed, *text.0.as_bytes()).await?;
    if whole {
        end(db, text, new.received_at).await?;
    }
    stored.parts += 1;
    stored.octets += u64::try_from(new.octets).unwrap_or(0);
    if stored.is_much() {
        end_the_oldest(db, new.received_at).await?;
    }
    Ok(KeptPart::Kept { text, whole })
}

pub(super) const KNOWN: &str = "SELECT mo, family, destination, way, reference, total, number, digest, due FROM part \
    WHERE source_mac = ?";

/// The parts of the same sender.
async fn known(db: &mut Db, new: &PartRow) -> Sql<Vec<Known>> {
    let rows = sqlx::query(KNOWN).bind(&new.source_mac[..]).fetch_all(&mut db.conn).await?;
    let known = |row: &SqliteRow| {
        let (way, number) = (code(row, 3)?, row.try_get(6)?);
        let part = Part { way, reference: row.try_get(4)?, total: row.try_get(5)?, number };
        let family = Family::from(row.try_get::<&str, _>(1)?);
        Ok(Known {
            text: text_id(fixed(row, 0)?),
            key: TextKey::of(&family, row.try_get(2)?, part),
            number,
            digest: fixed(row, 7)?,
            ended: row.try_get::<i64, _>(8)? <= new.received_at.0,
        })
    };
    rows.iter().map(known).collect()
}

pub(super) const END: &str = "UPDATE part SET due = ?2 WHERE mo = ?1 AND due > ?2";

/// A text is to be joined as it is.
async fn end(db: &mut Db, text: CauseId, now: UnixMs) -> Sql<()> {
    sqlx::query(END).bind(&text.0.as_bytes()[..]).bind(now.0).execute(&mut db.conn).await?;
    Ok(())
}

pub(super) const END_THE_OLDEST: &str = "UPDATE part SET due = ?1 WHERE mo = (\
    SELECT mo FROM part INDEXED BY part_due WHERE due > ?1 ORDER BY due LIMIT 1)";

async fn end_the_oldest(db: &mut Db, now: UnixMs) -> Sql<()> {
    sqlx::query(END_THE_OLDEST).bind(now.0).execute(&mut db.conn).await?;
    metrics::counter!("chrak_parts_total", "result" => "crowded_out").increment(1);
    Ok(())
}

async fn due_of(db: &mut Db, text: CauseId) -> Sql<i64> {
    let sql = "SELECT due FROM part WHERE mo = ? LIMIT 1";
    sqlx::query_scalar(sql).bind(&text.0.as_bytes()[..]).fetch_one(&mut db.conn).await
}

async fn insert(db: &mut Db, new: &PartRow, text: CauseId, due: i64) -> Sql<()> {
    sqlx::query(
        "INSERT INTO part (mo, number, total, way, reference, smsc, family, session, source_mac, source, destination, \
         piece, octets, data_coding, esm_class, digest, received_at, due) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&text.0.as_bytes()[..])
    .bind(new.part.number)
    .bind(new.part.total)
    .bind(new.part.way.code())
    .bind(new.part.reference)
    .bind(&new.smsc)
    .bind(new.family.as_str())
    .bind(&new.session.0.as_bytes()[..])
    .bind(&new.source_mac[..])
    .bind(&new.source)
    .bind(&new.destination)
    .bind(&new.piece)
    .bind(new.octets)
    .bind(new.data_coding)
    .bind(new.esm_class)
    .bind(&new.dedupe.digest[..])
    .bind(new.received_at.0)
    .bind(due)
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// Stores the MOs of texts in place of their parts.
pub async fn join(db: &mut Db, joins: &[&JoinRow]) -> Sql<Vec<Verdict<Option<CitizenRow>>>> {
    let mut verdicts = Vec::with_capacity(joins.len());
    for join in joins {
        verdicts.push(join_one(db, join).await?);
    }
    Ok(verdicts)
}

async fn join_one(db: &mut Db, join: &JoinRow) -> Sql<Verdict<Option<CitizenRow>>> {
    let here: i64 = sqlx::query_scalar("SELECT count(*) FROM part WHERE mo = ?")
        .bind(&join.mo.id[..])
        .fetch_one(&mut db.conn)
        .await?;
    if here == 0 || usize::try_from(here) != Ok(join.parts) {
        return Ok(Err(StoreFault::Stale));
    }
    sqlx::query("DELETE FROM part WHERE mo = ?").bind(&join.mo.id[..]).execute(&mut db.conn).await?;
    inbox::insert(db, &[&join.mo]).await?;
    let mac = join.mo.source_mac;
    let citizens = citizens::several(db, mac.as_slice()).await?;
    Ok(Ok(mac.and_then(|mac| citizens.get(&mac).cloned())))
}

pub(super) const ENDED: &str =
    "SELECT DISTINCT mo FROM part INDEXED BY part_due WHERE due <= ? ORDER BY due, mo LIMIT ?";

/// Texts that are to be joined, the oldest first.
pub async fn ended(readers: &SqlitePool, now: UnixMs, limit: usize) -> Sql<Vec<CauseId>> {
    let rows = sqlx::query(ENDED).bind(now.0).bind(limit as i64).fetch_all(readers).await?;
    rows.iter().map(|row| Ok(text_id(fixed(row, 0)?))).collect()
}

pub(super) const PARTS: &str = "SELECT digest, number, total, smsc, family, session, source, destination, piece, \
    data_coding, esm_class, received_at FROM part WHERE mo = ? ORDER BY number";

/// The parts of a text, by their numbers.
pub async fn of_text(readers: &SqlitePool, text: Id) -> Sql<Vec<OpenPartRow>> {
    let rows = sqlx::query(PARTS).bind(&text[..]).fetch_all(readers).await?;
    let part = |row: &SqliteRow| {
        Ok(OpenPartRow {
            digest: fixed(row, 0)?,
            number: row.try_get(1)?,
            total: row.try_get(2)?,
            smsc: SmscName::from(row.try_get::<&str, _>(3)?),
            family: Family::from(row.try_get::<&str, _>(4)?),
            session: SessionId(Uuid::from_bytes(fixed(row, 5)?)),
            source: row.try_get(6)?,
            destination: row.try_get(7)?,
            piece: row.try_get(8)?,
            data_coding: row.try_get(9)?,
            esm_class: row.try_get(10)?,
            received_at: row.try_get(11)?,
        })
    };
    rows.iter().map(part).collect()
}
