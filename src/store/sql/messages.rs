//! Agencies' messages: accepted with their call, told, forgotten.
use super::pushes;
use crate::{
    ports::{
        Refusal,
        audit::{Entry, Who},
        messages::{CallEnd, Cost, Item, MessageState, MessageStatus, NewCall, NewMessage},
        rules::{
            calls::{SameKey, SameReference, ToBeStored, remembered_after, same_call},
            messages::{Facts, names_telco, redacted_before, state, times},
        },
        states::MtState,
    },
    store::{
        batch::{Db, code, fixed, text_in},
        codes::Code,
        conn::{Both, Conn, Dialect, Row, Sql, Written, params, undecodable},
        rows::{CallRow, Outcome, PushRow},
        statement::sql,
    },
    types::UnixMs,
};
use std::collections::HashMap;

/// Stores a call, or tells what it came to before, or why it cannot be stored.
pub fn accept(db: &mut Db, row: &CallRow) -> Sql<CallEnd> {
    judged(db, row).map(|end| end.unwrap_or_else(|refused| refused))
}

/// `Err`: how it ended with nothing written.
fn judged(db: &mut Db, row: &CallRow) -> Sql<Result<CallEnd, CallEnd>> {
    let call = &row.call;
    stand_in_line(db, call)?;
    let remembered = remembered_after(row.now).0;
    let new = match same_call(call, same_key(db, call, remembered)?) {
        Ok(new) => new,
        Err(end) => return Ok(Err(end)),
    };
    let mut before = HashMap::new();
    for reference in new.references() {
        if let Some(same) = same_reference(db, call, reference, remembered)? {
            before.insert(reference, same);
        }
    }
    let stored = match new.judge(before).within_quota(used(db, call)?) {
        Ok(stored) => stored,
        Err(end) => return Ok(Err(end)),
    };
    store(db, row, &stored)?;
    Ok(Ok(CallEnd::Done { request: call.request.clone(), items: stored.items, replayed: false }))
}

/// Two nodes may be called at once, with one key or at the end of a quota: the second waits here until the first has stored what it
/// came to.
fn stand_in_line(db: &Db, call: &NewCall) -> Sql<()> {
    if db.conn.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let values = params![&call.agency, &call.day];
    db.conn.execute(
        "INSERT INTO quota (agency, day, count) VALUES (?, ?, 0) ON CONFLICT (agency, day) DO NOTHING",
        values,
    )?;
    db.conn.find("SELECT count FROM quota WHERE agency = ? AND day = ? FOR UPDATE", values, |_| Ok(())).map(|_| ())
}

/// Messages of an agency that were accepted today.
fn used(db: &mut Db, call: &NewCall) -> Sql<u64> {
    let used: Option<i64> = db.conn.find(
        "SELECT count FROM quota WHERE agency = ? AND day = ?",
        params![&call.agency, &call.day],
        |row| row.get(0),
    )?;
    Ok(used.unwrap_or(0).unsigned_abs())
}

fn store(db: &mut Db, row: &CallRow, stored: &ToBeStored) -> Sql<()> {
    let call = &row.call;
    db.conn.execute(
        "INSERT INTO quota (agency, day, count) VALUES (?, ?, ?) \
         ON CONFLICT (agency, day) DO UPDATE SET count = quota.count + excluded.count",
        params![&call.agency, &call.day, stored.fresh],
    )?;
    for ((item, message), push) in stored.items.iter().zip(&call.messages).zip(&row.pushes) {
        if item.replayed {
            continue;
        }
        if let (None, Some(push)) = (item.refused, push) {
            pushes::insert(db, push)?;
        }
        insert(db, row, item, message, push.as_ref())?;
    }
    let replayed = stored.items.iter().filter(|item| item.replayed).count();
    let refused = stored.items.iter().filter(|item| item.refused.is_some()).count();
    db.note(
        Entry::new(row.now, Who::Agency(call.agency.clone()), "agency.messages", &call.request)
            .with("accepted", stored.fresh)
            .with("refused", refused)
            .with("known", replayed),
    );
    let Some((key, fingerprint)) = &call.key else { return Ok(()) };
    let outcome = Outcome { request: call.request.clone(), items: stored.items.clone() };
    db.conn.execute(
        "INSERT INTO api_call (agency, key, print, outcome, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (agency, key) \
         DO UPDATE SET print = excluded.print, outcome = excluded.outcome, at = excluded.at",
        params![
            &call.agency,
            key,
            &fingerprint[..],
            &serde_json::to_string(&outcome).expect("an outcome is plain strings and numbers"),
            row.now.0
        ],
    )?;
    Ok(())
}

/// What was made of the call that had this one's key.
fn same_key(db: &mut Db, call: &NewCall, remembered: i64) -> Sql<Option<SameKey>> {
    let Some((key, _)) = &call.key else { return Ok(None) };
    let sql = "SELECT print, outcome FROM api_call WHERE agency = ? AND key = ? AND at > ?";
    db.conn.find(sql, params![&call.agency, key, remembered], |row| {
        // taken for a new one, the call would be carried out twice
        let outcome: Outcome = serde_json::from_str(text_in(row, 1)?).map_err(undecodable)?;
        Ok(SameKey { fingerprint: fixed(row, 0)?, request: outcome.request, items: outcome.items })
    })
}

/// The last message that was accepted under a reference.
fn same_reference(db: &mut Db, call: &NewCall, reference: &str, remembered: i64) -> Sql<Option<SameReference>> {
    let sql = "SELECT id, print, segments, alphabet FROM message WHERE agency = ? AND reference = ? AND created_at > ? \
         AND rejected IS NULL ORDER BY created_at DESC LIMIT 1";
    db.conn.find(sql, params![&call.agency, reference, remembered], |row| {
        let cost = cost(row.get(2)?, row.get(3)?);
        Ok(SameReference { id: row.get(0)?, fingerprint: fixed(row, 1)?, cost })
    })
}

fn cost(segments: i64, ucs2: bool) -> Option<Cost> {
    (segments > 0).then(|| Cost { segments: u8::try_from(segments).unwrap_or(u8::MAX), ucs2 })
}

fn insert(db: &mut Db, row: &CallRow, item: &Item, message: &NewMessage, push: Option<&PushRow>) -> Sql<()> {
    db.conn.execute(
        "INSERT INTO message (id, push, agency, reference, print, request, masked, label, class, rejected, segments, \
         alphabet, created_at, send_at, expires_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            &item.id,
            push.map_or(&[][..], |push| &push.id[..]),
            &row.call.agency,
            &message.reference,
            &message.fingerprint[..],
            &row.call.request,
            &message.masked,
            &row.call.label,
            message.notice,
            &item.refused.map(Refusal::stored),
            message.cost.map_or(0, |cost| i64::from(cost.segments)),
            message.cost.is_some_and(|cost| cost.ucs2),
            row.now.0,
            message.send_at.map(|at| at.0),
            message.expires_at.0,
            item.refused.map(|_| row.now.0)
        ],
    )?;
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

macro_rules! message {
    ($list_of_states:literal) => {
        sql!(concat!("SELECT m.id, m.reference, m.masked, m.label, m.class, m.rejected, m.segments, m.alphabet, \
     m.created_at, m.send_at, m.expires_at, m.held_at, m.held_until, m.queued_at, m.ended_at, m.redacted, \
     coalesce(p.state, {PushState::Dropped}), \
     (SELECT ",
            $list_of_states,
            " FROM outbox o WHERE o.mo = m.push), \
     (SELECT max(coalesce(o.sent_at, o.updated_at)) FROM outbox o WHERE o.mo = m.push AND o.state {MtState::TAKEN}), \
     (SELECT max(o.updated_at) FROM outbox o WHERE o.mo = m.push), \
     (SELECT o.status FROM outbox o WHERE o.mo = m.push AND o.state = {MtState::Failed} ORDER BY o.part LIMIT 1), \
     (SELECT max(o.attempts) FROM outbox o WHERE o.mo = m.push AND o.status IS NOT NULL), \
     (SELECT o.smsc FROM outbox o WHERE o.mo = m.push LIMIT 1), \
     (SELECT o.message_id FROM outbox o WHERE o.mo = m.push AND o.part = 1), \
     (SELECT o.receipt_error FROM outbox o WHERE o.mo = m.push AND o.receipt_error IS NOT NULL \
      ORDER BY o.state = {MtState::Undelivered} DESC, o.part DESC LIMIT 1) \
     FROM message m LEFT JOIN push p ON p.id = m.push WHERE m.agency = ? AND "))
    };
}
const MESSAGE: Both =
    Both { sqlite: message!("group_concat(o.state)"), postgres: message!("string_agg(CAST(o.state AS TEXT), ',')") };

/// States, as a list of their numbers.
fn states(list: Option<&str>) -> Sql<Vec<MtState>> {
    let unknown = |number: &str| undecodable(format!("a segment in a state {number}"));
    let state = |number: &str| {
        let code = number.parse().map_err(|_| unknown(number))?;
        MtState::of_code(code).ok_or_else(|| unknown(number))
    };
    list.into_iter().flat_map(|list| list.split(',')).map(state).collect()
}

fn read(row: &Row<'_>, now: UnixMs) -> Sql<MessageStatus> {
    let time = |at: usize| -> Sql<Option<UnixMs>> { Ok(row.get::<Option<i64>>(at)?.map(UnixMs)) };
    let rejected: Option<String> = row.get(5)?;
    let listed: Option<String> = row.get(17)?;
    let segments = states(listed.as_deref())?;
    let facts = Facts {
        created_at: UnixMs(row.get(8)?),
        expires_at: UnixMs(row.get(10)?),
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
        id: row.get(0)?,
        reference: row.get(1)?,
        masked: row.get(2)?,
        label: row.get(3)?,
        notice: row.get(4)?,
        state,
        times: times(&facts, state),
        send_at: time(9)?,
        held_until: facts.held_until.filter(|_| state == MessageState::HeldQuietHours),
        expires_at: facts.expires_at,
        cost: cost(row.get(6)?, row.get(7)?),
        smsc: if names_telco(&facts, state) { row.get(22)? } else { None },
        refused: rejected.as_deref().and_then(Refusal::from_stored),
        command_status: row.get::<Option<i64>>(20)?.and_then(|status| u32::try_from(status).ok()),
        receipt_error: row.get(24)?,
        message_id: row.get(23)?,
        deferred: row.get::<Option<i64>>(21)?.unwrap_or(0) > 0,
        redacted: row.get(15)?,
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
pub fn told(conn: &Conn, which: Which, agency: &str, name: &str, now: UnixMs) -> Sql<Vec<MessageStatus>> {
    let condition = match which {
        Which::Id => "m.id = ?",
        Which::Reference => "m.reference = ? AND m.redacted = 0 ORDER BY m.created_at DESC, m.id DESC LIMIT 100",
        Which::Request => "m.request = ?",
    };
    let sql = format!("{}{condition}", MESSAGE.written(conn.dialect()));
    conn.rows(sql.as_str(), params![agency, name], |row| read(row, now))
}
