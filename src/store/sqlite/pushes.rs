//! The pushes port on SQLite.
use super::{
    SqliteStore,
    inbox::seal_mts,
    messages, outbox,
    rows::{Id, Mac, MtRow, Sql, code, fixed},
    writer::{Answer, Db, Op, fault},
};
use crate::{
    ports::{
        PortFuture, Refusal, StoreFault,
        pushes::{Asked, Bounds, NewPush, PushEnd, PushKind, Pushes, StoredPush},
        states::PushState,
    },
    store::{codes::Code, statement::sql},
    types::{
        CauseId, Msisdn, UnixMs,
        names::{Family, SmscName},
    },
};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::HashMap;
use uuid::Uuid;

/// A push, sealed.
#[derive(Clone)]
pub(super) struct PushRow {
    pub id: Id,
    pub kind: PushKind,
    pub mac: Mac,
    pub number: Vec<u8>,
    pub payload: Vec<u8>,
    pub due: i64,
    pub not_after: i64,
    pub now: i64,
}

/// The end of a push, sealed.
pub(super) struct PushEndRow {
    pub id: Id,
    /// Waiting: again at `due`.
    pub state: PushState,
    pub due: i64,
    pub mts: Vec<MtRow>,
    pub now: i64,
    /// Why a message was refused after all.
    pub refused: Option<Refusal>,
}

pub(super) async fn insert(db: &mut Db, row: &PushRow) -> Sql<()> {
    sqlx::query(sql!(
        "INSERT INTO push (id, kind, state, number_mac, number, payload, due, not_after, attempts, created_at) \
         VALUES (?, ?, {PushState::Waiting}, ?, ?, ?, ?, ?, 0, ?)"
    ))
    .bind(&row.id[..])
    .bind(row.kind.code())
    .bind(&row.mac[..])
    .bind(&row.number)
    .bind(&row.payload)
    .bind(row.due)
    .bind(row.not_after)
    .bind(row.now)
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// 1 when the event was new.
pub(super) async fn take_event(db: &mut Db, event: &str, push: Option<&PushRow>, now: i64) -> Sql<u64> {
    let fresh = sqlx::query("INSERT INTO event_seen (id, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(event)
        .bind(now)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    if let (1, Some(push)) = (fresh, push) {
        insert(db, push).await?;
    }
    Ok(fresh)
}

/// 0 when it was not waiting any more.
pub(super) async fn end(db: &mut Db, end: &PushEndRow) -> Sql<u64> {
    let sql = if end.state == PushState::Waiting {
        sql!("UPDATE push SET due = ?3, attempts = attempts + 1 WHERE id = ?1 AND state = {PushState::Waiting}")
    } else {
        sql!("UPDATE push SET state = ?2, done_at = ?4 WHERE id = ?1 AND state = {PushState::Waiting}")
    };
    let changed = sqlx::query(sql)
        .bind(&end.id[..])
        .bind(end.state.code())
        .bind(end.due)
        .bind(end.now)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    if changed == 1 {
        messages::note(db, &end.id, end).await?;
    }
    if changed == 1 && !end.mts.is_empty() {
        let families: HashMap<Id, String> = HashMap::from([(end.id, db.family(&end.mts[0].smsc))]);
        let mts: Vec<&MtRow> = end.mts.iter().collect();
        outbox::insert(db, &mts, &families).await?;
    }
    Ok(changed)
}

pub(super) async fn set_cursor(db: &mut Db, cursor: Option<&str>) -> Sql<()> {
    sqlx::query("INSERT INTO meta (name, value) VALUES ('event_cursor', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(cursor.unwrap_or_default().as_bytes())
        .execute(&mut db.conn)
        .await?;
    Ok(())
}

const DUE: &str = sql!(
    "SELECT id, kind, number, payload, due, not_after, attempts, created_at FROM push \
     WHERE state = {PushState::Waiting} AND due <= ? ORDER BY due, id LIMIT ?"
);

impl SqliteStore {
    pub(super) fn seal_push(&self, push: NewPush, now: UnixMs) -> Result<PushRow, StoreFault> {
        let id = *push.id.0.as_bytes();
        let seal = |column, plain: &[u8]| self.keys.seal(&id, column, plain).map_err(|_| StoreFault::Rejected);
        Ok(PushRow {
            id,
            kind: push.kind,
            mac: self.mac(&push.number),
            number: seal("number", push.number.digits().as_bytes())?,
            payload: seal("payload", &push.payload)?,
            due: push.due.0,
            not_after: push.not_after.0,
            now: now.0,
        })
    }

    fn read_push(&self, row: &SqliteRow) -> Sql<Option<StoredPush>> {
        let id: Id = fixed(row, 0)?;
        let (number, payload): (&[u8], &[u8]) = (row.try_get(2)?, row.try_get(3)?);
        let number = self.open_text(&id, "number", number).and_then(|digits| Msisdn::parse_e164(&digits));
        let (Some(number), Ok(payload)) = (number, self.keys.open(&id, "payload", payload)) else {
            tracing::error!(push = %Uuid::from_bytes(id), "a push does not open");
            return Ok(None);
        };
        Ok(Some(StoredPush {
            push: NewPush {
                id: CauseId(Uuid::from_bytes(id)),
                kind: code(row, 1)?,
                number,
                payload,
                due: UnixMs(row.try_get(4)?),
                not_after: UnixMs(row.try_get(5)?),
            },
            attempts: row.try_get(6)?,
            created_at: UnixMs(row.try_get(7)?),
        }))
    }

    async fn read_due_pushes(&self, now: UnixMs, limit: usize) -> Sql<Vec<StoredPush>> {
        let rows = sqlx::query(DUE).bind(now.0).bind(limit as i64).fetch_all(&self.readers).await?;
        rows.iter().filter_map(|row| self.read_push(row).transpose()).collect()
    }
}

impl Pushes for SqliteStore {
    fn take_event(
        &self,
        event: String,
        push: Option<NewPush>,
        now: UnixMs,
    ) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(async move {
            let push = push.map(|push| self.seal_push(push, now)).transpose()?;
            Ok(self.count(Op::TakeEvent { event, push: push.map(Box::new), now: now.0 }).await? == 1)
        })
    }

    fn take_asked(
        &self,
        name: String,
        push: NewPush,
        bounds: Bounds,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Asked, StoreFault>> {
        Box::pin(self.ask_for(name, push, bounds, now))
    }

    fn due_pushes(&self, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<StoredPush>, StoreFault>> {
        Box::pin(async move { self.read_due_pushes(now, limit).await.map_err(|error| fault(&error)) })
    }

    fn end_push(&self, push: CauseId, end: PushEnd, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move {
            let id = *push.0.as_bytes();
            let mut row =
                PushEndRow { id, state: PushState::Dropped, due: 0, mts: Vec::new(), now: now.0, refused: None };
            match end {
                PushEnd::Queued(mts) => {
                    row.state = PushState::Queued;
                    row.mts = seal_mts(&self.keys, id, mts, now)?;
                }
                PushEnd::Dropped => {}
                PushEnd::Refused(why) => row.refused = Some(why),
                PushEnd::Later(due) => {
                    row.state = PushState::Waiting;
                    row.due = due.0;
                }
            }
            match self.submit(Op::EndPush(Box::new(row))).await? {
                Answer::Count(1) => Ok(()),
                _ => Err(StoreFault::Stale),
            }
        })
    }

    fn event_cursor(&self) -> PortFuture<'_, Result<Option<String>, StoreFault>> {
        Box::pin(async move {
            let found: Option<Vec<u8>> = sqlx::query_scalar("SELECT value FROM meta WHERE name = 'event_cursor'")
                .fetch_optional(&self.readers)
                .await
                .map_err(|error| fault(&error))?;
            let cursor = found.map(String::from_utf8).transpose();
            let cursor = cursor.map_err(|_| fault(&sqlx::Error::Decode("event_cursor is no text".into())))?;
            Ok(cursor.filter(|cursor| !cursor.is_empty()))
        })
    }

    fn set_event_cursor(&self, cursor: Option<String>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move { self.submit(Op::SetCursor(cursor)).await.map(|_| ()) })
    }
}

/// Telcos' families, told when the store is opened, for segments that no MO names one for.
pub(super) type Families = HashMap<SmscName, Family>;
