//! Segments, from the commit that caused them to the telco's last word.
use super::receipts;
use crate::{
    ports::{
        outbox::Resolved,
        rules::outbox::{Entering, after_uncertainty, at_once},
        states::MtState,
    },
    store::{
        codes::Code,
        rows::{DueRow, Id, Mac, MtRow, SettleRow},
        sqlite::batch::{Db, Sql, Verdict, all, fixed, inserts, run, values, within, within_at},
        statement::sql,
    },
    types::{MtId, UnixMs},
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use std::collections::HashSet;
use uuid::Uuid;

/// Segments that one call of `expire` or `due` looks at: a commit must stay short.
const ROWS_MAX: usize = 5_000;

pub(super) const SETTLE: &str = sql!(
    ") UPDATE outbox SET state = v.state, message_id = v.message_id, \
     turn = outbox.turn + coalesce(v.due - outbox.due, 0), due = coalesce(v.due, outbox.due), \
     status = coalesce(v.status, outbox.status), \
     attempts = outbox.attempts - v.undone, updated_at = v.at, \
     sent_at = CASE WHEN v.state = {MtState::Sent} THEN v.at ELSE outbox.sent_at END \
     FROM v WHERE outbox.id = v.id AND outbox.session = v.session AND outbox.state = {MtState::Submitting}"
);

/// Settles segments, those that are submitting on the session that tells.
pub async fn settle(db: &mut Db, lists: &[&Vec<SettleRow>]) -> Sql<Vec<Verdict<()>>> {
    let mut seen = HashSet::new();
    // the first settlement of a segment counts, as if they had come one after the other
    let settled: Vec<&SettleRow> =
        lists.iter().flat_map(|rows| rows.iter()).filter(|row| seen.insert(row.mt)).collect();
    let head = "WITH v (id, session, state, message_id, due, status, undone, at) AS (";
    let statements = values(head, &settled, SETTLE, |tuple, row| {
        tuple.push_bind(&row.mt[..]).push_bind(&row.session[..]).push_bind(row.state.code());
        tuple.push_bind(row.message_id.clone()).push_bind(row.due).push_bind(row.status);
        tuple.push_bind(row.undone).push_bind(row.now);
    });
    run(&mut db.conn, statements).await?;
    let failed: Vec<Id> = settled.iter().filter(|row| row.state == MtState::Failed).map(|row| row.mt).collect();
    give_up_rest(db, &failed, settled.first().map_or(0, |row| row.now)).await?;
    // those that were left alone are harmless here: both look at what the rows say
    receipts::name(db, &settled).await?;
    if db.orphans > 0 {
        let named: Vec<Id> = settled.iter().filter(|row| row.message_id.is_some()).map(|row| row.mt).collect();
        receipts::adopt(db, &named).await?;
    }
    Ok(lists.iter().map(|_| Ok(())).collect())
}

/// Segments to be handed to a bind.
pub struct BeginSubmit {
    /// Which.
    pub mts: Vec<Id>,
    /// To which session.
    pub session: Id,
    /// When.
    pub now: i64,
}

pub(super) const BEGIN_SUBMIT: &str = sql!(
    ") UPDATE outbox SET state = {MtState::Submitting}, session = v.session, \
     attempts = outbox.attempts + 1, updated_at = v.at FROM v \
     WHERE outbox.id = v.id AND outbox.state = {MtState::Queued} RETURNING id"
);

/// Hands segments to binds; returns those that were still queued.
pub async fn begin_submit(db: &mut Db, begins: &[&BeginSubmit]) -> Sql<Vec<Verdict<Vec<MtId>>>> {
    let mut seen = HashSet::new();
    let wanted: Vec<(Id, Id, i64)> = begins
        .iter()
        .flat_map(|begin| begin.mts.iter().map(|mt| (*mt, begin.session, begin.now)))
        .filter(|(mt, ..)| seen.insert(*mt))
        .collect();
    let statements = values("WITH v (id, session, at) AS (", &wanted, BEGIN_SUBMIT, |tuple, (mt, session, now)| {
        tuple.push_bind(&mt[..]).push_bind(&session[..]).push_bind(*now);
    });
    let got = all(&mut db.conn, statements).await?;
    let mut ours: HashSet<Id> = got.iter().map(|row| fixed(row, 0)).collect::<Sql<_>>()?;
    let mut taken = |begin: &&BeginSubmit| -> Vec<MtId> {
        let still_queued = begin.mts.iter().copied().filter(|mt| ours.remove(mt));
        still_queued.map(|mt| MtId(Uuid::from_bytes(mt))).collect()
    };
    Ok(begins.iter().map(|begin| Ok(taken(begin))).collect())
}

/// Inserts segments. Returns those that are submitting now: they had a place in a window, and
/// nothing of their number goes before them.
pub async fn insert(db: &mut Db, mts: &[&MtRow]) -> Sql<HashSet<Id>> {
    let begun = first_of_their_number(db, mts).await?;
    let into = "INSERT INTO outbox (id, mo, kind, part, parts, smsc, family, source, destination, number_mac, body, \
                data_coding, udhi, reference, not_after, due, state, session, attempts, updated_at, class, turn)";
    let statements = inserts(into, mts, |tuple, row| {
        let session = row.reserved.filter(|_| begun.contains(&row.id));
        let state = if session.is_some() { MtState::Submitting } else { MtState::Queued };
        tuple.push_bind(&row.id[..]).push_bind(&row.mo[..]).push_bind(row.kind.code());
        tuple.push_bind(row.part).push_bind(row.parts).push_bind(row.smsc.clone());
        tuple.push_bind(row.family.clone());
        tuple.push_bind(row.source.clone()).push_bind(row.destination.clone());
        tuple.push_bind(&row.number_mac[..]).push_bind(row.body.clone()).push_bind(row.data_coding);
        tuple.push_bind(row.udhi).push_bind(row.reference).push_bind(row.not_after);
        tuple.push_bind(row.now).push_bind(state.code());
        tuple.push_bind(session.map(Vec::from)).push_bind(i64::from(session.is_some()));
        tuple.push_bind(row.now).push_bind(row.class.code()).push_bind(row.now + row.class.yields_ms());
    });
    run(&mut db.conn, statements).await?;
    Ok(begun)
}

/// The segments with a place whose number has nothing else on its way over that telco.
async fn first_of_their_number(db: &mut Db, mts: &[&MtRow]) -> Sql<HashSet<Id>> {
    let numbers: Vec<Mac> = mts.iter().filter(|row| row.reserved.is_some()).map(|row| row.number_mac).collect();
    let mut taken: HashSet<(Mac, String)> = HashSet::new();
    let open = sql!("SELECT DISTINCT number_mac, smsc FROM outbox WHERE state {MtState::OPEN} AND number_mac IN ");
    for row in all(&mut db.conn, within(open, &numbers, "")).await? {
        taken.insert((fixed(&row, 0)?, row.try_get(1)?));
    }
    let entering = mts.iter().map(|row| Entering {
        id: row.id,
        lane: (row.number_mac, row.smsc.clone()),
        reserved: row.reserved.is_some(),
    });
    Ok(at_once(entering, taken))
}

/// Uncertain segments to be decided.
pub struct Resolve {
    /// Over which telco.
    pub smsc: String,
    /// Uncertain since before.
    pub before: UnixMs,
    /// The time.
    pub now: UnixMs,
}

pub(super) const UNCERTAIN: &str = sql!(
    "SELECT id, not_after, attempts FROM outbox \
     WHERE state {MtState::OPEN} AND state = {MtState::Ambiguous} AND smsc = ? AND updated_at < ?"
);

/// Decides what becomes of uncertain segments.
pub async fn resolve(db: &mut Db, of: &Resolve) -> Sql<Resolved> {
    let rows = sqlx::query(UNCERTAIN).bind(&of.smsc).bind(of.before.0).fetch_all(&mut db.conn).await?;
    let decide = |row: &SqliteRow| -> Sql<(Id, MtState)> {
        let state = after_uncertainty(UnixMs(row.try_get(1)?), row.try_get(2)?, of.now);
        Ok((fixed(row, 0)?, state))
    };
    let decided: Vec<(Id, MtState)> = rows.iter().map(decide).collect::<Sql<_>>()?;
    let tail = ") UPDATE outbox SET updated_at = v.at, turn = turn - due + v.at, due = v.at, state = v.state FROM v WHERE outbox.id = v.id";
    let statements = values("WITH v (id, state, at) AS (", &decided, tail, |tuple, (id, state)| {
        tuple.push_bind(&id[..]).push_bind(state.code()).push_bind(of.now.0);
    });
    run(&mut db.conn, statements).await?;
    let lost = decided.iter().filter(|(_, state)| *state != MtState::Queued);
    let given_up: Vec<Id> = lost.map(|(id, _)| *id).collect();
    give_up_rest(db, &given_up, of.now.0).await?;
    let (all, given_up) = (decided.len() as u64, given_up.len() as u64);
    Ok(Resolved { resent: all - given_up, given_up })
}

/// Gives up segments that cannot be sent, and the rest of their texts.
pub async fn give_up(db: &mut Db, (mts, now): &(Vec<Id>, UnixMs)) -> Sql<()> {
    let head = sql!(
        ")) UPDATE outbox SET state = {MtState::Failed}, updated_at = v.at FROM v \
         WHERE state = {MtState::Queued} AND id IN "
    );
    run(&mut db.conn, within_at(now.0, head, mts, "")).await?;
    give_up_rest(db, mts, now.0).await
}

pub(super) const REST_HEAD: &str = sql!(
    ")) UPDATE outbox SET state = {MtState::Failed}, updated_at = v.at FROM v, (SELECT mo AS lost_mo, \
     kind AS lost_kind, part AS lost_part FROM outbox WHERE part < parts AND id IN "
);
pub(super) const REST_TAIL: &str =
    sql!(") WHERE state = {MtState::Queued} AND mo = lost_mo AND kind = lost_kind AND part > lost_part");

/// Half a text is not sent: what follows a segment that will never be sent is given up with it, and the number's
/// next text goes on.
async fn give_up_rest(db: &mut Db, mts: &[Id], now: i64) -> Sql<()> {
    run(&mut db.conn, within_at(now, REST_HEAD, mts, REST_TAIL)).await.map(|_| ())
}

pub(super) const EXPIRE: &str = sql!(
    "UPDATE outbox SET state = {MtState::Expired}, updated_at = ?1 WHERE id IN (\
     SELECT id FROM outbox WHERE state = {MtState::Queued} AND not_after <= ?1 LIMIT ?2)"
);

/// Ends queued segments that are of no use any more; returns how many.
pub async fn expire(db: &mut Db, now: &UnixMs) -> Sql<u64> {
    let done = sqlx::query(EXPIRE).bind(now.0).bind(ROWS_MAX as i64).execute(&mut db.conn).await?;
    Ok(done.rows_affected())
}

// A number's segments go one at a time, so that no refusal and no second bind can turn their order round: what is on its
// way, then by class, then by age. The `+` keeps the planner from walking over all that a telco has open.
pub(super) const DUE: &str = sql!(
    "SELECT o.id, o.mo, o.source, o.destination, o.body, o.data_coding, o.udhi, \
     o.reference, o.not_after, o.attempts FROM outbox o \
     WHERE o.state {MtState::OPEN} AND o.state = {MtState::Queued} AND o.smsc = ?1 AND o.due <= ?2 AND o.not_after > ?2 \
     AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.state {MtState::OPEN} AND b.number_mac = o.number_mac \
     AND b.id <> o.id AND +b.smsc = o.smsc AND b.not_after > ?2 AND (b.state > {MtState::Queued} \
     OR b.class < o.class OR (b.class = o.class AND b.id < o.id))) \
     AND (o.part = 1 OR EXISTS (SELECT 1 FROM outbox p WHERE p.mo = o.mo AND p.kind = o.kind \
     AND p.part = o.part - 1 AND p.state {MtState::TAKEN})) ORDER BY o.turn, o.id LIMIT ?3"
);

fn due_row(row: &SqliteRow) -> Sql<DueRow> {
    Ok(DueRow {
        id: fixed(row, 0)?,
        mo: fixed(row, 1)?,
        source: row.try_get(2)?,
        destination: row.try_get(3)?,
        body: row.try_get(4)?,
        data_coding: row.try_get(5)?,
        udhi: row.try_get(6)?,
        reference: row.try_get(7)?,
        not_after: UnixMs(row.try_get(8)?),
        attempts: row.try_get(9)?,
    })
}

/// Queued segments of a telco that are due, by their turns.
pub async fn due(readers: &SqlitePool, smsc: &str, now: UnixMs, limit: usize) -> Sql<Vec<DueRow>> {
    let query = sqlx::query(DUE).bind(smsc).bind(now.0).bind(limit.min(ROWS_MAX) as i64);
    query.fetch_all(readers).await?.iter().map(due_row).collect()
}

/// Whether anything of a telco is queued.
pub async fn queued(readers: &SqlitePool, smsc: &str) -> Sql<bool> {
    let sql = sql!(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE state {MtState::OPEN} AND state = {MtState::Queued} AND smsc = ?)"
    );
    sqlx::query_scalar(sql).bind(smsc).fetch_one(readers).await
}

/// Segments that may still be sent.
pub async fn depth(readers: &SqlitePool) -> Sql<u64> {
    sqlx::query_scalar(sql!("SELECT count(*) FROM outbox WHERE state {MtState::OPEN}")).fetch_one(readers).await
}
