//! The messages port on SQLite.
use super::{
    SqliteStore,
    pushes::{self, PushRow},
    rows::{Id, Sql, fixed},
    writer::{Answer, Db, Op, fault},
};
use crate::{
    ports::{
        PortFuture, Refusal, StoreFault,
        messages::{CallEnd, Cost, Item, MessageState, MessageStatus, Messages, NewCall, NewMessage},
    },
    types::UnixMs,
};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::HashMap;

/// How long references and keys are remembered, in milliseconds: 72 hours.
const REMEMBERED_MS: i64 = 72 * 3_600_000;

/// A call, its pushes sealed.
pub(super) struct CallRow {
    pub call: NewCall,
    pub pushes: Vec<Option<PushRow>>,
    pub now: i64,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Outcome {
    request: String,
    items: Vec<Item>,
}

pub(super) async fn accept(db: &mut Db, row: &CallRow) -> Sql<CallEnd> {
    if let Some(end) = known_call(db, row).await? {
        return Ok(end);
    }
    let items = decide(db, row).await?;
    let fresh = items.iter().filter(|item| item.refused.is_none() && !item.replayed).count() as u64;
    let call = &row.call;
    let used: i64 = sqlx::query_scalar("SELECT count FROM quota WHERE agency = ? AND day = ?")
        .bind(&call.agency)
        .bind(&call.day)
        .fetch_optional(&mut db.conn)
        .await?
        .unwrap_or(0);
    let left = u64::from(call.per_day).saturating_sub(used.unsigned_abs());
    if call.per_day > 0 && fresh > left {
        return Ok(CallEnd::Quota { left: u32::try_from(left).unwrap_or(u32::MAX) });
    }
    sqlx::query(
        "INSERT INTO quota (agency, day, count) VALUES (?, ?, ?) \
         ON CONFLICT (agency, day) DO UPDATE SET count = count + excluded.count",
    )
    .bind(&call.agency)
    .bind(&call.day)
    .bind(i64::try_from(fresh).unwrap_or(0))
    .execute(&mut db.conn)
    .await?;
    for ((item, message), push) in items.iter().zip(&call.messages).zip(&row.pushes) {
        if item.replayed {
            continue;
        }
        if let (None, Some(push)) = (item.refused, push) {
            pushes::insert(db, push).await?;
        }
        insert(db, row, item, message, push.as_ref()).await?;
    }
    let request = call.request.clone();
    if let Some((key, fingerprint)) = &call.key {
        let outcome = Outcome { request: request.clone(), items: items.clone() };
        sqlx::query("INSERT OR REPLACE INTO api_call (agency, key, print, outcome, at) VALUES (?, ?, ?, ?, ?)")
            .bind(&call.agency)
            .bind(key)
            .bind(&fingerprint[..])
            .bind(serde_json::to_string(&outcome).expect("an outcome is plain strings and numbers"))
            .bind(row.now)
            .execute(&mut db.conn)
            .await?;
    }
    Ok(CallEnd::Done { request, items, replayed: false })
}

/// What the same call came to, when it was made before.
async fn known_call(db: &mut Db, row: &CallRow) -> Sql<Option<CallEnd>> {
    let Some((key, fingerprint)) = &row.call.key else { return Ok(None) };
    let found = sqlx::query("SELECT print, outcome FROM api_call WHERE agency = ? AND key = ? AND at > ?")
        .bind(&row.call.agency)
        .bind(key)
        .bind(row.now - REMEMBERED_MS)
        .fetch_optional(&mut db.conn)
        .await?;
    let Some(found) = found else { return Ok(None) };
    if fixed::<32>(&found, 0)? != *fingerprint {
        return Ok(Some(CallEnd::Mismatch));
    }
    // taken for a new one, the call would be carried out twice
    let outcome: Outcome =
        serde_json::from_str(found.try_get(1)?).map_err(|fault| sqlx::Error::Decode(fault.into()))?;
    Ok(Some(CallEnd::Done { request: outcome.request, items: outcome.items, replayed: true }))
}

/// What each message comes to, by its reference; nothing is written.
async fn decide(db: &mut Db, row: &CallRow) -> Sql<Vec<Item>> {
    let mut items: Vec<Item> = Vec::with_capacity(row.call.messages.len());
    let mut here: HashMap<&str, (usize, [u8; 32])> = HashMap::new();
    for (at, message) in row.call.messages.iter().enumerate() {
        let mut item = Item {
            id: message.id.clone(),
            reference: message.reference.clone(),
            refused: message.verdict.as_ref().err().copied(),
            replayed: false,
            cost: message.cost,
        };
        if let (None, Some(reference)) = (item.refused, &message.reference) {
            let before = match here.get(reference.as_str()) {
                Some((at, fingerprint)) => Some((items[*at].id.clone(), *fingerprint, items[*at].cost)),
                None => earlier(db, row, reference).await?,
            };
            match before {
                Some((id, fingerprint, cost)) if fingerprint == message.fingerprint => {
                    item = Item { id, replayed: true, cost, ..item };
                }
                Some(_) => item.refused = Some(Refusal::ReferenceMismatch),
                None => {
                    here.insert(reference, (at, message.fingerprint));
                }
            }
        }
        items.push(item);
    }
    Ok(items)
}

async fn earlier(db: &mut Db, row: &CallRow, reference: &str) -> Sql<Option<(String, [u8; 32], Option<Cost>)>> {
    let found = sqlx::query(
        "SELECT id, print, segments, alphabet FROM message WHERE agency = ? AND reference = ? AND created_at > ? \
         AND rejected IS NULL ORDER BY created_at DESC LIMIT 1",
    )
    .bind(&row.call.agency)
    .bind(reference)
    .bind(row.now - REMEMBERED_MS)
    .fetch_optional(&mut db.conn)
    .await?;
    found
        .map(|found| Ok((found.try_get(0)?, fixed(&found, 1)?, cost(found.try_get(2)?, found.try_get(3)?))))
        .transpose()
}

fn cost(segments: i64, alphabet: i64) -> Option<Cost> {
    (segments > 0).then(|| Cost { segments: u8::try_from(segments).unwrap_or(u8::MAX), ucs2: alphabet == 1 })
}

async fn insert(db: &mut Db, row: &CallRow, item: &Item, message: &NewMessage, push: Option<&PushRow>) -> Sql<()> {
    sqlx::query(
        "INSERT INTO message (id, push, agency, reference, print, request, masked, label, class, rejected, segments, \
         alphabet, created_at, send_at, expires_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&item.id)
    .bind(push.map_or_else(Vec::new, |push| push.id.to_vec()))
    .bind(&row.call.agency)
    .bind(&message.reference)
    .bind(&message.fingerprint[..])
    .bind(&row.call.request)
    .bind(&message.masked)
    .bind(&row.call.label)
    .bind(message.notice)
    .bind(item.refused.map(Refusal::stored))
    .bind(message.cost.map_or(0, |cost| i64::from(cost.segments)))
    .bind(message.cost.is_some_and(|cost| cost.ucs2))
    .bind(row.now)
    .bind(message.send_at.map(|at| at.0))
    .bind(message.expires_at.0)
    .bind(item.refused.map(|_| row.now))
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// What is remembered too long; returns rows touched.
pub(super) async fn sweep(db: &mut Db, texts_before: i64, now: i64, rows: i64) -> Sql<u64> {
    let week = 7 * 24 * 3_600_000;
    let mut touched = 0;
    for (sql, before) in [
        (
            "UPDATE message SET redacted = 1, masked = '***', reference = NULL WHERE id IN (\
             SELECT id FROM message WHERE redacted = 0 AND created_at < ?1 LIMIT ?2)",
            // a status can be asked for a week after its last change, and validity may last ten days
            texts_before.min(now - week) - 10 * 24 * 3_600_000,
        ),
        (
            "DELETE FROM api_call WHERE (agency, key) IN (SELECT agency, key FROM api_call WHERE at < ?1 LIMIT ?2)",
            now - REMEMBERED_MS,
        ),
    ] {
        touched += sqlx::query(sql).bind(before).bind(rows).execute(&mut db.conn).await?.rows_affected();
    }
    Ok(touched)
}

const MESSAGE: &str = "SELECT m.id, m.reference, m.masked, m.label, m.class, m.rejected, m.segments, m.alphabet, \
    m.created_at, m.send_at, m.expires_at, m.held_at, m.held_until, m.queued_at, m.ended_at, m.redacted, \
    coalesce(p.state, 2), \
    (SELECT count(*) FROM outbox o WHERE o.mo = m.push), \
    (SELECT count(*) FROM outbox o WHERE o.mo = m.push AND o.state IN (3, 4)), \
    (SELECT count(*) FROM outbox o WHERE o.mo = m.push AND o.state = 4), \
    (SELECT max(coalesce(o.sent_at, o.updated_at)) FROM outbox o WHERE o.mo = m.push AND o.state IN (3, 4, 7)), \
    (SELECT max(o.updated_at) FROM outbox o WHERE o.mo = m.push), \
    (SELECT max(o.state) FROM outbox o WHERE o.mo = m.push AND o.state IN (5, 6, 7)), \
    (SELECT o.status FROM outbox o WHERE o.mo = m.push AND o.state = 5 ORDER BY o.part LIMIT 1), \
    (SELECT max(o.attempts) FROM outbox o WHERE o.mo = m.push AND o.status IS NOT NULL), \
    (SELECT o.smsc FROM outbox o WHERE o.mo = m.push LIMIT 1), \
    (SELECT o.message_id FROM outbox o WHERE o.mo = m.push AND o.part = 1), \
    (SELECT o.receipt_error FROM outbox o WHERE o.mo = m.push AND o.receipt_error IS NOT NULL \
     ORDER BY o.state = 7 DESC, o.part DESC LIMIT 1) \
    FROM message m LEFT JOIN push p ON p.id = m.push WHERE m.agency = ? AND ";

fn read(row: &SqliteRow, now: UnixMs) -> Sql<MessageStatus> {
    let time = |at: usize| -> Sql<Option<UnixMs>> { Ok(row.try_get::<Option<i64>, _>(at)?.map(UnixMs)) };
    let created = UnixMs(row.try_get(8)?);
    let (held_until, queued, ended) = (time(12)?, time(13)?, time(14)?);
    let expires_at = UnixMs(row.try_get(10)?);
    let rejected: Option<String> = row.try_get(5)?;
    let push_state: i64 = row.try_get(16)?;
    let (all, taken, arrived): (i64, i64, i64) = (row.try_get(17)?, row.try_get(18)?, row.try_get(19)?);
    let (sent, last) = (time(20)?, time(21)?);
    let worst: Option<i64> = row.try_get(22)?;
    use MessageState as S;
    let state = match (&rejected, push_state, worst) {
        (Some(_), ..) | (None, 1, Some(5)) => S::Rejected,
        (None, 1, Some(7)) => S::Undelivered,
        (None, 1, Some(_)) => S::Expired,
        (None, 1, None) if all > 0 && arrived == all => S::Delivered,
        (None, 1, None) if all > 0 && taken == all => S::Submitted,
        (None, 1, None) => S::Queued,
        (None, 0, _) if held_until.is_some_and(|until| until > now) => S::HeldQuietHours,
        (None, 0, _) => S::Accepted,
        (None, ..) => S::Expired,
    };
    let mut times = Vec::new();
    if rejected.is_none() || queued.is_some() {
        times.push((S::Accepted, created));
    }
    times.extend(time(11)?.map(|at| (S::HeldQuietHours, at)));
    times.extend(queued.map(|at| (S::Queued, at)));
    if matches!(state, S::Submitted | S::Delivered | S::Undelivered) {
        times.extend(sent.map(|at| (S::Submitted, at)));
    }
    if matches!(state, S::Delivered | S::Undelivered | S::Expired | S::Rejected) {
        times.push((state, ended.or(last).unwrap_or(expires_at)));
    }
    let from_submitted = matches!(state, S::Submitted | S::Delivered | S::Undelivered);
    let by_telco = state == S::Rejected && rejected.is_none();
    Ok(MessageStatus {
        id: row.try_get(0)?,
        reference: row.try_get(1)?,
        masked: row.try_get(2)?,
        label: row.try_get(3)?,
        notice: row.try_get(4)?,
        state,
        times,
        send_at: time(9)?,
        held_until: held_until.filter(|_| state == S::HeldQuietHours),
        expires_at,
        cost: cost(row.try_get(6)?, row.try_get(7)?),
        smsc: if from_submitted || by_telco { row.try_get(25)? } else { None },
        refused: rejected.as_deref().and_then(Refusal::from_stored),
        command_status: row.try_get::<Option<i64>, _>(23)?.and_then(|status| u32::try_from(status).ok()),
        receipt_error: row.try_get(27)?,
        message_id: row.try_get(26)?,
        deferred: row.try_get::<Option<i64>, _>(24)?.unwrap_or(0) > 0,
        redacted: row.try_get(15)?,
    })
}

impl SqliteStore {
    async fn read_messages(
        &self,
        condition: &'static str,
        agency: String,
        name: String,
        now: UnixMs,
    ) -> Result<Vec<MessageStatus>, StoreFault> {
        let sql = format!("{MESSAGE}{condition}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(agency).bind(name).fetch_all(&self.readers).await;
        let read = rows.and_then(|rows| rows.iter().map(|row| read(row, now)).collect::<Sql<Vec<_>>>());
        read.map_err(|error| fault(&error))
    }
}

impl Messages for SqliteStore {
    fn accept_call(&self, call: NewCall, now: UnixMs) -> PortFuture<'_, Result<CallEnd, StoreFault>> {
        Box::pin(async move {
            let mut pushes = Vec::with_capacity(call.messages.len());
            for message in &call.messages {
                pushes.push(match &message.verdict {
                    Ok(push) => Some(self.seal_push(push.clone(), now)?),
                    Err(_) => None,
                });
            }
            match self.submit(Op::AcceptCall(Box::new(CallRow { call, pushes, now: now.0 }))).await? {
                Answer::Call(end) => Ok(end),
                _ => Err(StoreFault::Unknown),
            }
        })
    }

    fn message(
        &self,
        agency: String,
        id: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Option<MessageStatus>, StoreFault>> {
        Box::pin(async move { Ok(self.read_messages("m.id = ?", agency, id, now).await?.pop()) })
    }

    fn messages_under(
        &self,
        agency: String,
        reference: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> {
        let condition = "m.reference = ? AND m.redacted = 0 ORDER BY m.created_at DESC, m.id DESC LIMIT 100";
        Box::pin(self.read_messages(condition, agency, reference, now))
    }

    fn messages_of(
        &self,
        agency: String,
        request: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> {
        Box::pin(self.read_messages("m.request = ?", agency, request, now))
    }
}

/// Keeps what became of the push of a message: held, queued, or ended without a text.
pub(super) async fn note(db: &mut Db, push: &Id, end: &pushes::PushEndRow) -> Sql<()> {
    let query = match (end.state, end.refused) {
        // a short pause is a try that failed, not the quiet hours
        (0, _) => sqlx::query("UPDATE message SET held_at = ?2, held_until = ?3 WHERE push = ?1 AND ?3 > ?2 + 30000"),
        (1, _) => sqlx::query("UPDATE message SET queued_at = ?2, held_until = NULL WHERE push = ?1 AND ?3 = ?3"),
        (_, None) => sqlx::query("UPDATE message SET ended_at = ?2 WHERE push = ?1 AND ?3 = ?3"),
        (_, Some(_)) => sqlx::query("UPDATE message SET ended_at = ?2, rejected = ?4 WHERE push = ?1 AND ?3 = ?3"),
    };
    let query = query.bind(push.to_vec()).bind(end.now).bind(end.due);
    let query =
        if end.state == 2 && end.refused.is_some() { query.bind(end.refused.map(Refusal::stored)) } else { query };
    query.execute(&mut db.conn).await?;
    Ok(())
}
