//! USSD sessions: read by their number, written with all that a step causes.
use super::{citizens, inbox, outbox, pushes};
use crate::{
    ports::StoreFault,
    store::{
        batch::{Db, Verdict, fixed, run, values},
        conn::{Conn, Row, Sql, params},
        rows::{CitizenRow, Mac, MtRow, UssdRow, UssdSessionRow},
    },
    types::{MtId, SessionId, UnixMs},
};
use std::collections::HashMap;
use uuid::Uuid;

/// Keeps steps, each unless another one of its session was kept meanwhile; returns the segments that are submitting now.
pub fn keep(db: &mut Db, steps: &[&UssdRow]) -> Sql<Vec<Verdict<Vec<MtId>>>> {
    let all = upsert(db, steps)? == steps.len() as u64;
    let mut kept: Vec<&UssdRow> = Vec::with_capacity(steps.len());
    for step in steps {
        if all || is_kept(db, step)? {
            kept.push(step);
        }
    }
    let citizens: Vec<&CitizenRow> = kept.iter().filter_map(|step| step.citizen.as_ref()).collect();
    let (handed, plain): (Vec<&CitizenRow>, Vec<&CitizenRow>) =
        citizens.into_iter().partition(|row| row.dialogue.is_some());
    citizens::remember(db, &handed)?;
    citizens::remember_choices(db, &plain)?;
    let mut begun: HashMap<(Mac, &str), Vec<MtId>> = HashMap::new();
    for step in kept {
        begun.insert((step.mac, &step.family), cause(db, step)?);
    }
    let mut verdicts = Vec::with_capacity(steps.len());
    for step in steps {
        verdicts.push(begun.remove(&(step.mac, step.family.as_str())).ok_or(StoreFault::Stale));
    }
    Ok(verdicts)
}

/// Stores what a step causes.
fn cause(db: &mut Db, step: &UssdRow) -> Sql<Vec<MtId>> {
    let mts: Vec<&MtRow> = step.mts.iter().collect();
    let begun = outbox::insert(db, &mts)?;
    if let Some(late) = &step.late {
        inbox::insert(db, &[late])?;
    }
    if let Some(push) = &step.follow_up {
        pushes::insert(db, push)?;
    }
    Ok(begun.into_iter().map(|id| MtId(Uuid::from_bytes(id))).collect())
}

/// How many were kept: none on a session whose version is not the one before.
fn upsert(db: &mut Db, steps: &[&UssdRow]) -> Sql<u64> {
    let head = "INSERT INTO ussd_session (number_mac, family, name, connection, state, until, version) ";
    let tail = " ON CONFLICT (number_mac, family) DO UPDATE SET name = excluded.name, connection = excluded.connection, \
                state = excluded.state, until = excluded.until, version = excluded.version \
                WHERE ussd_session.version = excluded.version - 1";
    let statements = values(head, steps, tail, |tuple, row| {
        tuple.push(&row.mac[..]).push(&row.family[..]).push(&row.name[..]);
        tuple.push(&row.connection[..]).push(&row.state[..]).push(row.until);
        tuple.push(row.version);
    });
    run(&db.conn, statements)
}

/// Whether a step is the one that its session shows.
fn is_kept(db: &mut Db, step: &UssdRow) -> Sql<bool> {
    let sql = "SELECT version FROM ussd_session WHERE number_mac = ? AND family = ? AND connection = ?";
    let version: Option<i64> =
        db.conn.find(sql, params![&step.mac[..], &step.family, &step.connection[..]], |row| row.get(0))?;
    Ok(version == Some(step.version))
}

const SESSION: &str = "SELECT name, connection, state, until, version FROM ussd_session \
    WHERE number_mac = ? AND family = ?";

fn session(row: &Row<'_>) -> Sql<UssdSessionRow> {
    Ok(UssdSessionRow {
        name: row.get(0)?,
        connection: SessionId(Uuid::from_bytes(fixed(row, 1)?)),
        state: row.get(2)?,
        until: UnixMs(row.get(3)?),
        version: row.get(4)?,
    })
}

/// The session of a number, and what is remembered of it.
pub fn with_citizen(conn: &Conn, family: &str, mac: &Mac) -> Sql<(Option<UssdSessionRow>, Option<CitizenRow>)> {
    let found = conn.find(SESSION, params![&mac[..], family], session)?;
    Ok((found, citizens::one(conn, mac)?))
}
