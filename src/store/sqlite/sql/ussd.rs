//! USSD sessions: read by their number, written with all that a step causes.
use super::{citizens, inbox, outbox, pushes};
use crate::{
    ports::StoreFault,
    store::{
        rows::{CitizenRow, Mac, MtRow, UssdRow, UssdSessionRow},
        sqlite::batch::{Db, Sql, Verdict, fixed, run, values},
    },
    types::{MtId, SessionId, UnixMs},
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Keeps steps, each unless another one of its session was kept meanwhile; returns the segments that are submitting now.
pub async fn keep(db: &mut Db, steps: &[&UssdRow]) -> Sql<Vec<Verdict<Vec<MtId>>>> {
    let all = upsert(db, steps).await? == steps.len() as u64;
    let mut kept: Vec<&UssdRow> = Vec::with_capacity(steps.len());
    for step in steps {
        if all || is_kept(db, step).await? {
            kept.push(step);
        }
    }
    let citizens: Vec<&CitizenRow> = kept.iter().filter_map(|step| step.citizen.as_ref()).collect();
    let (handed, plain): (Vec<&CitizenRow>, Vec<&CitizenRow>) =
        citizens.into_iter().partition(|row| row.dialogue.is_some());
    citizens::remember(db, &handed).await?;
    citizens::remember_choices(db, &plain).await?;
    let mut begun: HashMap<(Mac, &str), Vec<MtId>> = HashMap::new();
    for step in kept {
        begun.insert((step.mac, &step.family), cause(db, step).await?);
    }
    let mut verdicts = Vec::with_capacity(steps.len());
    for step in steps {
        verdicts.push(begun.remove(&(step.mac, step.family.as_str())).ok_or(StoreFault::Stale));
    }
    Ok(verdicts)
}

/// Stores what a step causes.
async fn cause(db: &mut Db, step: &UssdRow) -> Sql<Vec<MtId>> {
    let mts: Vec<&MtRow> = step.mts.iter().collect();
    let begun = outbox::insert(db, &mts).await?;
    if let Some(late) = &step.late {
        inbox::insert(db, &[late]).await?;
    }
    if let Some(push) = &step.follow_up {
        pushes::insert(db, push).await?;
    }
    Ok(begun.into_iter().map(|id| MtId(Uuid::from_bytes(id))).collect())
}

/// How many were kept: none on a session whose version is not the one before.
async fn upsert(db: &mut Db, steps: &[&UssdRow]) -> Sql<u64> {
    let head = "INSERT INTO ussd_session (number_mac, family, name, connection, state, until, version) ";
    let tail = " ON CONFLICT (number_mac, family) DO UPDATE SET name = excluded.name, connection = excluded.connection, \
                state = excluded.state, until = excluded.until, version = excluded.version \
                WHERE ussd_session.version = excluded.version - 1";
    let statements = values(head, steps, tail, |tuple, row| {
        tuple.push_bind(&row.mac[..]).push_bind(row.family.clone()).push_bind(row.name.clone());
        tuple.push_bind(&row.connection[..]).push_bind(row.state.clone()).push_bind(row.until);
        tuple.push_bind(row.version);
    });
    run(&mut db.conn, statements).await
}

/// Whether a step is the one that its session shows.
async fn is_kept(db: &mut Db, step: &UssdRow) -> Sql<bool> {
    let sql = "SELECT version FROM ussd_session WHERE number_mac = ? AND family = ? AND connection = ?";
    let version: Option<i64> = sqlx::query_scalar(sql)
        .bind(&step.mac[..])
        .bind(&step.family)
        .bind(&step.connection[..])
        .fetch_optional(&mut db.conn)
        .await?;
    Ok(version == Some(step.version))
}

const SESSION: &str = "SELECT name, connection, state, until, version FROM ussd_session \
    WHERE number_mac = ? AND family = ?";

fn session(row: &SqliteRow) -> Sql<UssdSessionRow> {
    Ok(UssdSessionRow {
        name: row.try_get(0)?,
        connection: SessionId(Uuid::from_bytes(fixed(row, 1)?)),
        state: row.try_get(2)?,
        until: UnixMs(row.try_get(3)?),
        version: row.try_get(4)?,
    })
}

/// The session of a number, and what is remembered of it.
pub async fn with_citizen(
    readers: &SqlitePool,
    family: &str,
    mac: &Mac,
) -> Sql<(Option<UssdSessionRow>, Option<CitizenRow>)> {
    let mut reader = readers.acquire().await?;
    let found = sqlx::query(SESSION).bind(&mac[..]).bind(family).fetch_optional(&mut *reader).await?;
    let found = found.as_ref().map(session).transpose()?;
    Ok((found, citizens::one(&mut reader, mac).await?))
}
