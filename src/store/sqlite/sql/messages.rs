//! Agencies' messages: accepted with their call, told, forgotten.
use super::pushes;
use crate::{
    ports::{
        Refusal,
        messages::{CallEnd, Cost, Item, MessageState, MessageStatus, NewCall, NewMessage},
        rules::{
            calls::{SameKey, SameReference, ToBeStored, remembered_after, same_call},
            messages::{Facts, names_telco, redacted_before, state, times},
        },
        states::MtState,
    },
    store::{
        codes::Code,
        rows::{CallRow, Outcome, PushRow},
        sqlite::batch::{Db, Sql, code, fixed},
        statement::sql,
    },
    types::UnixMs,
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use std::collections::HashMap;

/// Stores a call, or tells what it came to before, or why it cannot be stored.
pub async fn accept(db: &mut Db, row: &CallRow) -> Sql<CallEnd> {
    judged(db, row).await.map(|end| end.unwrap_or_else(|refused| refused))
}

/// `Err`: how it ended with nothing written.
async fn judged(db: &mut Db, row: &CallRow) -> Sql<Result<CallEnd, CallEnd>> {
    let call = &row.call;
    let remembered = remembered_after(row.now).0;
    let new = match same_call(call, same_key(db, call, remembered).await?) {
        Ok(new) => new,
        Err(end) => return Ok(Err(end)),
    };
    let mut before = HashMap::new();
    for reference in new.references() {
        if let Some(same) = same_reference(db, call, reference, remembered).await? {
            before.insert(reference, same);
        }
    }
    let stored = match new.judge(before).within_quota(used(db, call).await?) {
        Ok(stored) => stored,
        Err(end) => return Ok(Err(end)),
    };
    store(db, row, &stored).await?;
    Ok(Ok(CallEnd::Done { request: call.request.clone(), items: stored.items, replayed: false }))
}

/// Messages of an agency that were accepted today.
async fn used(db: &mut Db, call: &NewCall) -> Sql<u64> {
    let used: Option<i64> = sqlx::query_scalar("SELECT count FROM quota WHERE agency = ? AND day = ?")
        .bind(&call.agency)
        .bind(&call.day)
        .fetch_optional(&mut db.conn)
        .await?;
    Ok(used.unwrap_or(0).unsigned_abs())
}

async fn store(db: &mut Db, row: &CallRow, stored: &ToBeStored) -> Sql<()> {
    let call = &row.call;
    sqlx::query(
        "INSERT INTO quota (agency, day, count) VALUES (?, ?, ?) \
         ON CONFLICT (agency, day) DO UPDATE SET count = count + excluded.count",
    )
    .bind(&call.agency)
    .bind(&call.day)
    .bind(stored.fresh)
    .execute(&mut db.conn)
    .await?;
    for ((item, message), push) in stored.items.iter().zip(&call.messages).zip(&row.pushes) {
        if item.replayed {
            continue;
        }
        if let (None, Some(push)) = (item.refused, push) {
            pushes::insert(db, push).await?;
        }
        insert(db, row, item, message, push.as_ref()).await?;
    }
    let Some((key, fingerprint)) = &call.key else { return Ok(()) };
    let outcome = Outcome { request: call.request.clone(), items: stored.items.clone() };
    sqlx::query("INSERT OR REPLACE INTO api_call (agency, key, print, outcome, at) VALUES (?, ?, ?, ?, ?)")
        .bind(&call.agency)
        .bind(key)
        .bind(&fingerprint[..])
        .bind(serde_json::to_string(&outcome).expect("an outcome is plain strings and numbers"))
        .bind(row.now.0)
        .execute(&mut db.conn)
        .await?;
    Ok(())
}

/// What was made of the call that had this one's key.
async fn same_key(db: &mut Db, call: &NewCall, remembered: i64) -> Sql<Option<SameKey>> {
    let Some((key, _)) = &call.key else { return Ok(None) };
    let found = sqlx::query("SELECT print, outcome FROM api_call WHERE agency = ? AND key = ? AND at > ?")
        .bind(&call.agency)
        .bind(key)
        .bind(remembered)
        .fetch_optional(&mut db.conn)
        .await?;
    let Some(found) = found else { return Ok(None) };
    // taken for a new one, the call would be carried out twice
    let outcome: Outcome =
        serde_json::from_str(found.try_get(1)?).map_err(|fault| sqlx::Error::Decode(fault.into()))?;
    Ok(Some(SameKey { fingerprint: fixed(&found, 0)?, request: outcome.request, items: outcome.items }))
}

/// The last message that was accepted under a reference.
async fn same_reference(db: &mut Db, call: &NewCall, reference: &str, remembered: i64) -> Sql<Option<SameReference>> {
    let found = sqlx::query(
        "SELECT id, print, segments, alphabet FROM message WHERE agency = ? AND reference = ? AND created_at > ? \
         AND rejected IS NULL ORDER BY created_at DESC LIMIT 1",
    )
    .bind(&call.agency)
    .bind(reference)
    .bind(remembered)
    .fetch_optional(&mut db.conn)
    .await?;
    let read = |row: SqliteRow| {
        let cost = cost(row.try_get(2)?, row.try_get(3)?);
        Ok(SameReference { id: row.try_get(0)?, fingerprint: fixed(&row, 1)?, cost })
    };
    found.map(read).transpose()
}

fn cost(segments: i64, ucs2: bool) -> Option<Cost> {
    (segments > 0).then(|| Cost { segments: u8::try_from(segments).unwrap_or(u8::MAX), ucs2 })
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
    .bind(row.now.0)
    .bind(message.send_at.map(|at| at.0))
    .bind(message.expires_at.0)
    .bind(item.refused.map(|_| row.now.0))
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// What is remembered too long: each statement with the moment before which it was.
pub fn old(texts_before: UnixMs, now: UnixMs) -> [(&'static str, UnixMs); 2] {
    [
        (
            "UPDATE message SET redacted = 1, masked = '***', reference = NULL WHERE id IN (\
             SELECT id FROM message WHERE redacted = 0 AND created_at < ?1 LIMIT ?2)",
            redacted_before(texts_before, now),
        ),
        (
            "DELETE FROM api_call WHERE (agency, key) IN (SELECT agency, key FROM api_call WHERE at < ?1 LIMIT ?2)",
            remembered_after(now),
        ),
    ]
}

const MESSAGE: &str = sql!(
    "SELECT m.id, m.reference, m.masked, m.label, m.class, m.rejected, m.segments, m.alphabet, \
     m.created_at, m.send_at, m.expires_at, m.held_at, m.held_until, m.queued_at, m.ended_at, m.redacted, \
     coalesce(p.state, {PushState::Dropped}), \
     (SELECT group_concat(o.state) FROM outbox o WHERE o.mo = m.push), \
     (SELECT max(coalesce(o.sent_at, o.updated_at)) FROM outbox o WHERE o.mo = m.push AND o.state {MtState::TAKEN}), \
     (SELECT max(o.updated_at) FROM outbox o WHERE o.mo = m.push), \
     (SELECT o.status FROM outbox o WHERE o.mo = m.push AND o.state = {MtState::Failed} ORDER BY o.part LIMIT 1), \
     (SELECT max(o.attempts) FROM outbox o WHERE o.mo = m.push AND o.status IS NOT NULL), \
     (SELECT o.smsc FROM outbox o WHERE o.mo = m.push LIMIT 1), \
     (SELECT o.message_id FROM outbox o WHERE o.mo = m.push AND o.part = 1), \
     (SELECT o.receipt_error FROM outbox o WHERE o.mo = m.push AND o.receipt_error IS NOT NULL \
      ORDER BY o.state = {MtState::Undelivered} DESC, o.part DESC LIMIT 1) \
     FROM message m LEFT JOIN push p ON p.id = m.push WHERE m.agency = ? AND "
);

/// States, as a list of their numbers.
fn states(list: Option<&str>) -> Sql<Vec<MtState>> {
    let unknown = |number: &str| sqlx::Error::Decode(format!("a segment in a state {number}").into());
    let state = |number: &str| {
        let code = number.parse().map_err(|_| unknown(number))?;
        MtState::of_code(code).ok_or_else(|| unknown(number))
    };
    list.into_iter().flat_map(|list| list.split(',')).map(state).collect()
}

fn read(row: &SqliteRow, now: UnixMs) -> Sql<MessageStatus> {
    let time = |at: usize| -> Sql<Option<UnixMs>> { Ok(row.try_get::<Option<i64>, _>(at)?.map(UnixMs)) };
    let rejected: Option<String> = row.try_get(5)?;
    let segments = states(row.try_get(17)?)?;
    let facts = Facts {
        created_at: UnixMs(row.try_get(8)?),
        expires_at: UnixMs(row.try_get(10)?),
        rejected: rejected.is_some(),
        push: code(row, 16)?,
        held_at: time(11)?,
        held_until: time(12)?,
        queued_at: time(13)?,
        ended_at: time(14)?,
        taken_at: time(18)?,
        changed_at: time(19)?,
        segments: &segments,
    };
    let state = state(&facts, now);
    Ok(MessageStatus {
        id: row.try_get(0)?,
        reference: row.try_get(1)?,
        masked: row.try_get(2)?,
        label: row.try_get(3)?,
        notice: row.try_get(4)?,
        state,
        times: times(&facts, state),
        send_at: time(9)?,
        held_until: facts.held_until.filter(|_| state == MessageState::HeldQuietHours),
        expires_at: facts.expires_at,
        cost: cost(row.try_get(6)?, row.try_get(7)?),
        smsc: if names_telco(&facts, state) { row.try_get(22)? } else { None },
        refused: rejected.as_deref().and_then(Refusal::from_stored),
        command_status: row.try_get::<Option<i64>, _>(20)?.and_then(|status| u32::try_from(status).ok()),
        receipt_error: row.try_get(24)?,
        message_id: row.try_get(23)?,
        deferred: row.try_get::<Option<i64>, _>(21)?.unwrap_or(0) > 0,
        redacted: row.try_get(15)?,
    })
}

/// Which messages of an agency.
#[derive(Clone, Copy)]
pub enum Which {
    /// The one with this id.
    Id,
    /// The latest 100 under this reference.
    Reference,
    /// Those of this call.
    Request,
}

/// Messages of an agency by a name, as they stand at `now`.
pub async fn told(
    readers: &SqlitePool,
    which: Which,
    agency: &str,
    name: &str,
    now: UnixMs,
) -> Sql<Vec<MessageStatus>> {
    let condition = match which {
        Which::Id => "m.id = ?",
        Which::Reference => "m.reference = ? AND m.redacted = 0 ORDER BY m.created_at DESC, m.id DESC LIMIT 100",
        Which::Request => "m.request = ?",
    };
    let sql = sqlx::AssertSqlSafe(format!("{MESSAGE}{condition}"));
    let rows = sqlx::query(sql).bind(agency).bind(name).fetch_all(readers).await?;
    rows.iter().map(|row| read(row, now)).collect()
}
