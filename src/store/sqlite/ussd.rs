//! The USSD port on SQLite: a session is read by its number and written with all that its step causes.
use super::{
    SqliteStore,
    inbox::{self, seal_mts},
    outbox,
    pushes::{self, PushRow},
    rows::{self, CitizenRow, Id, Mac, MoRow, MtRow, Sql, fixed, run, values},
    writer::{Answer, Answers, Db, Many, Op, fault},
};
use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::CitizenRecord,
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    types::{Msisdn, MtId, SessionId, UnixMs, names::Family},
};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::HashMap;
use uuid::Uuid;

/// A step, sealed.
pub(super) struct UssdRow {
    pub mac: Mac,
    pub family: String,
    name: Vec<u8>,
    connection: Id,
    state: Vec<u8>,
    until: i64,
    version: i64,
    citizen: Option<CitizenRow>,
    cause: Id,
    pub mts: Vec<MtRow>,
    late: Option<MoRow>,
    follow_up: Option<PushRow>,
}

pub(super) async fn keep(db: &mut Db, ops: &Many<'_, UssdRow>, answers: &mut Answers) -> Sql<()> {
    let mut kept: Many<'_, UssdRow> = ops.clone();
    if upsert(db, &kept).await? < ops.len() as u64 {
        // somebody else has kept a step of one of them
        kept.clear();
        for (at, row) in ops {
            let version: Option<i64> = sqlx::query_scalar(
                "SELECT version FROM ussd_session WHERE number_mac = ? AND family = ? AND connection = ?",
            )
            .bind(&row.mac[..])
            .bind(&row.family)
            .bind(&row.connection[..])
            .fetch_optional(&mut db.conn)
            .await?;
            if version == Some(row.version) {
                kept.push((*at, row));
            } else {
                answers.set(*at, Err(StoreFault::Stale));
            }
        }
    }
    let citizens: Vec<&CitizenRow> = kept.iter().filter_map(|(_, row)| row.citizen.as_ref()).collect();
    let (handed, plain): (Vec<&CitizenRow>, Vec<&CitizenRow>) =
        citizens.into_iter().partition(|row| row.dialogue.is_some());
    inbox::remember(db, &handed).await?;
    remember_choices(db, &plain).await?;
    for (at, row) in &kept {
        let families: HashMap<Id, String> = HashMap::from([(row.cause, row.family.clone())]);
        let mts: Vec<&MtRow> = row.mts.iter().collect();
        let begun = outbox::insert(db, &mts, &families).await?;
        if let Some(late) = &row.late {
            inbox::insert(db, &vec![(0, late)]).await?;
        }
        if let Some(push) = &row.follow_up {
            pushes::insert(db, push).await?;
        }
        answers.set(*at, Ok(Answer::Ids(begun.into_iter().collect())));
    }
    Ok(())
}

/// How many were kept: none on a session whose version is not the one before.
async fn upsert(db: &mut Db, ops: &Many<'_, UssdRow>) -> Sql<u64> {
    run(
        &mut db.conn,
        values(
            "INSERT INTO ussd_session (number_mac, family, name, connection, state, until, version) ",
            ops,
            " ON CONFLICT (number_mac, family) DO UPDATE SET name = excluded.name, connection = excluded.connection, \
             state = excluded.state, until = excluded.until, version = excluded.version \
             WHERE ussd_session.version = excluded.version - 1",
            |tuple, (_, row)| {
                tuple.push_bind(&row.mac[..]).push_bind(row.family.clone()).push_bind(row.name.clone());
                tuple.push_bind(&row.connection[..]).push_bind(row.state.clone()).push_bind(row.until);
                tuple.push_bind(row.version);
            },
        ),
    )
    .await
}

/// A text of the number may have its turn meanwhile: its dialogue is left alone.
async fn remember_choices(db: &mut Db, records: &[&CitizenRow]) -> Sql<u64> {
    run(
        &mut db.conn,
        values(
            "INSERT INTO citizen (number_mac, language, stopped, dialogue_until, tallies) ",
            records,
            " ON CONFLICT (number_mac) DO UPDATE SET language = excluded.language, stopped = excluded.stopped, \
             tallies = excluded.tallies",
            |tuple, record| {
                tuple.push_bind(&record.mac[..]).push_bind(record.language.clone()).push_bind(record.stopped);
                tuple.push_bind(0_i64).push_bind(record.windows.clone());
            },
        ),
    )
    .await
}

const SESSION: &str = "SELECT name, connection, state, until, version FROM ussd_session \
    WHERE number_mac = ? AND family = ?";

impl SqliteStore {
    fn seal_step(&self, step: UssdStep, now: UnixMs) -> Result<UssdRow, StoreFault> {
        let mac = self.mac(&step.number);
        let state = if step.session.state.is_empty() {
            Vec::new()
        } else {
            self.keys.seal(&mac, "ussd", &step.session.state).map_err(|_| StoreFault::Rejected)?
        };
        let cause = *step.cause.0.as_bytes();
        Ok(UssdRow {
            mac,
            family: step.family.as_str().to_owned(),
            name: step.session.name,
            connection: *step.session.connection.0.as_bytes(),
            state,
            until: step.session.until.0,
            version: step.session.version,
            citizen: step.citizen.map(|record| CitizenRow::seal(&self.keys, mac, &record)).transpose()?,
            cause,
            mts: seal_mts(&self.keys, cause, step.mts, now)?,
            late: step.late.map(|mo| self.seal_mo(mo)).transpose()?,
            follow_up: step.follow_up.map(|push| self.seal_push(push, now)).transpose()?,
        })
    }

    fn read_session(&self, mac: &Mac, row: &SqliteRow) -> Sql<UssdSession> {
        let sealed: &[u8] = row.try_get(2)?;
        let open = |sealed| {
            self.keys.open(mac, "ussd", sealed).unwrap_or_else(|error| {
                tracing::error!(%error, "a USSD session is lost");
                Vec::new()
            })
        };
        let state = if sealed.is_empty() { Vec::new() } else { open(sealed) };
        Ok(UssdSession {
            name: row.try_get(0)?,
            connection: SessionId(Uuid::from_bytes(fixed(row, 1)?)),
            state,
            until: UnixMs(row.try_get(3)?),
            version: row.try_get(4)?,
        })
    }

    async fn read_both(&self, family: Family, mac: Mac) -> Sql<(Option<UssdSession>, CitizenRecord)> {
        let mut reader = self.readers.acquire().await?;
        let session = sqlx::query(SESSION).bind(&mac[..]).bind(family.as_str()).fetch_optional(&mut *reader).await?;
        let session = session.map(|row| self.read_session(&mac, &row)).transpose()?;
        let citizen = sqlx::query(super::citizens::CITIZEN).bind(&mac[..]).fetch_optional(&mut *reader).await?;
        let citizen = citizen.as_ref().map(rows::CitizenRow::read).transpose()?;
        Ok((session, citizen.map(|row| row.open(&self.keys)).unwrap_or_default()))
    }
}

impl UssdSessions for SqliteStore {
    fn ussd(
        &self,
        family: Family,
        number: Msisdn,
    ) -> PortFuture<'_, Result<(Option<UssdSession>, CitizenRecord), StoreFault>> {
        Box::pin(async move {
            let mac = self.mac(&number);
            self.read_both(family, mac).await.map_err(|error| fault(&error))
        })
    }

    fn keep_ussd(&self, step: UssdStep, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        Box::pin(async move {
            let row = self.seal_step(step, now)?;
            self.submit_for_ids(Op::Ussd(Box::new(row))).await
        })
    }
}
