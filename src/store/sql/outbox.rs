//! Segments, from the commit that caused them to the telco's last word.
use super::receipts;
use crate::{
    ports::{
        outbox::Resolved,
        rules::outbox::{Entering, after_uncertainty, at_once},
        states::MtState,
    },
    store::{
        batch::{Db, Verdict, all, fixed, inserts, run, values, within, within_at},
        codes::Code,
        conn::{Both, Conn, Row, Sql, Written as _, params},
        rows::{DueRow, Id, Mac, MtRow, SettleRow},
        statement::sql,
    },
    types::{MtId, UnixMs},
};
use std::collections::HashSet;
use uuid::Uuid;

/// Segments that one call of `expire` or `due` looks at: a commit must stay short.
const ROWS_MAX: usize = 5_000;

pub(in crate::store) const SETTLE: &str = sql!(
    ") UPDATE outbox SET state = v.state, message_id = v.message_id, \
     turn = outbox.turn + coalesce(v.due - outbox.due, 0), due = coalesce(v.due, outbox.due), \
     status = coalesce(v.status, outbox.status), \
     attempts = outbox.attempts - v.undone, updated_at = v.at, \
     sent_at = CASE WHEN v.state = {MtState::Sent} THEN v.at ELSE outbox.sent_at END \
     FROM v WHERE outbox.id = v.id AND outbox.session = v.session AND outbox.state = {MtState::Submitting}"
);

/// Settles segments, those that are submitting on the session that tells.
pub fn settle(db: &mut Db, lists: &[&Vec<SettleRow>]) -> Sql<Vec<Verdict<()>>> {
    let mut seen = HashSet::new();
    // the first settlement of a segment counts, as if they had come one after the other
    let settled: Vec<&SettleRow> =
        lists.iter().flat_map(|rows| rows.iter()).filter(|row| seen.insert(row.mt)).collect();
    let head = "WITH v (id, session, state, message_id, due, status, undone, at) AS (";
    let statements = values(head, &settled, SETTLE, |tuple, row| {
        tuple.push(&row.mt[..]).push(&row.session[..]).push(row.state.code());
        tuple.push(row.message_id.as_deref()).push(row.due).push(row.status);
        tuple.push(row.undone).push(row.now);
    });
    run(&db.conn, statements)?;
    let failed: Vec<Id> = settled.iter().filter(|row| row.state == MtState::Failed).map(|row| row.mt).collect();
    give_up_rest(db, &failed, settled.first().map_or(0, |row| row.now))?;
    // those that were left alone are harmless here: both look at what the rows say
    receipts::name(db, &settled)?;
    if db.orphans > 0 {
        let named: Vec<Id> = settled.iter().filter(|row| row.message_id.is_some()).map(|row| row.mt).collect();
        receipts::adopt(db, &named)?;
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

macro_rules! begin_submit {
    ($in_turn:literal) => {
        sql!(concat!(
            ") UPDATE outbox SET state = {MtState::Submitting}, session = v.session, incarnation = v.incarnation, \
     attempts = outbox.attempts + 1, updated_at = v.at FROM v \
     WHERE outbox.id = v.id AND outbox.state = {MtState::Queued}",
            $in_turn,
            " RETURNING outbox.id"
        ))
    };
}
// another node may have begun one of the number since it was read what is due
pub(in crate::store) const BEGIN_SUBMIT: Both = Both {
    sqlite: begin_submit!(""),
    postgres: begin_submit!(
        " AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.state {MtState::OPEN} AND b.number_mac = outbox.number_mac \
     AND b.smsc = outbox.smsc AND b.id <> outbox.id AND b.state > {MtState::Queued} AND b.not_after > v.at)"
    ),
};

/// Hands segments to binds; returns those that were still queued.
pub fn begin_submit(db: &mut Db, begins: &[&BeginSubmit]) -> Sql<Vec<Verdict<Vec<MtId>>>> {
    let mut seen = HashSet::new();
    let wanted: Vec<(Id, Id, i64)> = begins
        .iter()
        .flat_map(|begin| begin.mts.iter().map(|mt| (*mt, begin.session, begin.now)))
        .filter(|(mt, ..)| db.held.has_of(mt) && seen.insert(*mt))
        .collect();
    let (head, incarnation) = ("WITH v (id, session, incarnation, at) AS (", db.incarnation);
    let statement = values(head, &wanted, BEGIN_SUBMIT.written(db.conn.dialect()), |tuple, (mt, session, now)| {
        tuple.push(&mt[..]).push(&session[..]).push(incarnation).push(*now);
    });
    let mut ours: HashSet<Id> = all(&db.conn, statement, |row| fixed(row, 0))?.into_iter().collect();
    let mut taken = |begin: &&BeginSubmit| -> Vec<MtId> {
        let still_queued = begin.mts.iter().copied().filter(|mt| ours.remove(mt));
        still_queued.map(|mt| MtId(Uuid::from_bytes(mt))).collect()
    };
    Ok(begins.iter().map(|begin| Ok(taken(begin))).collect())
}

/// Inserts segments. Returns those that are submitting now: they had a place in a window, and
/// nothing of their number goes before them.
pub fn insert(db: &mut Db, mts: &[&MtRow]) -> Sql<HashSet<Id>> {
    let begun = first_of_their_number(db, mts)?;
    let into = "INSERT INTO outbox (id, mo, kind, part, parts, smsc, family, source, destination, number_mac, body, \
                data_coding, udhi, reference, not_after, due, state, session, incarnation, attempts, updated_at, class, turn)";
    let incarnation = db.incarnation;
    let statements = inserts(into, mts, |tuple, row| {
        let session = row.reserved.as_ref().filter(|_| begun.contains(&row.id)).map(|session| &session[..]);
        let state = if session.is_some() { MtState::Submitting } else { MtState::Queued };
        tuple.push(&row.id[..]).push(&row.mo[..]).push(row.kind.code());
        tuple.push(row.part).push(row.parts).push(&row.smsc[..]).push(&row.family[..]);
        tuple.push(&row.source[..]).push(&row.destination[..]);
        tuple.push(&row.number_mac[..]).push(&row.body[..]).push(row.data_coding);
        tuple.push(row.udhi).push(row.reference).push(row.not_after);
        tuple.push(row.now).push(state.code());
        tuple.push(session).push(session.map(|_| incarnation)).push(i64::from(session.is_some()));
        tuple.push(row.now).push(row.class.code()).push(row.now + row.class.yields_ms());
    });
    run(&db.conn, statements)?;
    Ok(begun)
}

/// The segments with a place whose number has nothing else on its way over that telco.
fn first_of_their_number(db: &mut Db, mts: &[&MtRow]) -> Sql<HashSet<Id>> {
    let may_begin = |row: &&&MtRow| row.reserved.is_some() && db.held.has_number(&row.number_mac);
    let numbers: Vec<Mac> = mts.iter().filter(may_begin).map(|row| row.number_mac).collect();
    let open = sql!("SELECT DISTINCT number_mac, smsc FROM outbox WHERE state {MtState::OPEN} AND number_mac IN ");
    let lane = |row: &Row<'_>| Ok((fixed(row, 0)?, row.get(1)?));
    let taken: HashSet<(Mac, String)> = all(&db.conn, within(open, &numbers, ""), lane)?.into_iter().collect();
    let entering = mts.iter().map(|row| Entering {
        id: row.id,
        lane: (row.number_mac, row.smsc.clone()),
        reserved: may_begin(&row),
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

pub(in crate::store) const UNCERTAIN: &str = sql!(
    "SELECT id, not_after, attempts FROM outbox \
     WHERE state {MtState::OPEN} AND state = {MtState::Ambiguous} AND smsc = ? AND updated_at < ?"
);

/// Decides what becomes of uncertain segments.
pub fn resolve(db: &mut Db, of: &Resolve) -> Sql<Resolved> {
    let decide = |row: &Row<'_>| -> Sql<(Id, MtState)> {
        let state = after_uncertainty(UnixMs(row.get(1)?), row.get(2)?, of.now);
        Ok((fixed(row, 0)?, state))
    };
    let decided = db.conn.rows(UNCERTAIN, params![&of.smsc, of.before.0], decide)?;
    let tail = sql!(
        ") UPDATE outbox SET updated_at = v.at, turn = turn - due + v.at, due = v.at, state = v.state FROM v \
        WHERE outbox.id = v.id AND outbox.state = {MtState::Ambiguous}"
    );
    let statements = values("WITH v (id, state, at) AS (", &decided, tail, |tuple, (id, state)| {
        tuple.push(&id[..]).push(state.code()).push(of.now.0);
    });
    run(&db.conn, statements)?;
    let lost = decided.iter().filter(|(_, state)| *state != MtState::Queued);
    let given_up: Vec<Id> = lost.map(|(id, _)| *id).collect();
    give_up_rest(db, &given_up, of.now.0)?;
    let (all, given_up) = (decided.len() as u64, given_up.len() as u64);
    Ok(Resolved { resent: all - given_up, given_up })
}

/// Gives up segments that cannot be sent, and the rest of their texts.
pub fn give_up(db: &mut Db, (mts, now): &(Vec<Id>, UnixMs)) -> Sql<()> {
    let head = sql!(
        "WITH v (at) AS (VALUES (?)) UPDATE outbox SET state = {MtState::Failed}, updated_at = v.at FROM v \
         WHERE state = {MtState::Queued} AND id IN "
    );
    run(&db.conn, within_at(now.0, head, mts, ""))?;
    give_up_rest(db, mts, now.0)
}

pub(in crate::store) const REST_HEAD: &str = sql!(
    "WITH v (at) AS (VALUES (?)) UPDATE outbox SET state = {MtState::Failed}, updated_at = v.at FROM v, (SELECT mo AS lost_mo, \
     kind AS lost_kind, part AS lost_part FROM outbox WHERE part < parts AND id IN "
);
pub(in crate::store) const REST_TAIL: &str =
    sql!(") AS lost WHERE state = {MtState::Queued} AND mo = lost_mo AND kind = lost_kind AND part > lost_part");

/// Half a text is not sent: what follows a segment that will never be sent is given up with it, and the number's
/// next text goes on.
fn give_up_rest(db: &mut Db, mts: &[Id], now: i64) -> Sql<()> {
    run(&db.conn, within_at(now, REST_HEAD, mts, REST_TAIL)).map(|_| ())
}

pub(in crate::store) const EXPIRE: &str = sql!(
    "UPDATE outbox SET state = {MtState::Expired}, updated_at = ?1 WHERE id IN (\
     SELECT id FROM outbox WHERE state = {MtState::Queued} AND not_after <= ?1 LIMIT ?2)"
);

/// Ends queued segments that are of no use any more; returns how many.
pub fn expire(db: &mut Db, now: &UnixMs) -> Sql<u64> {
    let done = db.conn.execute(EXPIRE, params![now.0, ROWS_MAX as i64])?;
    Ok(done)
}

// A number's segments go one at a time, so that no refusal and no second bind can turn their order round: what is on its
// way, then by class, then by age. The `+` keeps the planner from walking over all that a telco has open.
macro_rules! due {
    ($telco_of_the_other:literal) => {
        sql!(concat!(
            "SELECT o.id, o.mo, o.source, o.destination, o.body, o.data_coding, o.udhi, \
     o.reference, o.not_after, o.attempts FROM outbox o \
     WHERE o.state {MtState::OPEN} AND o.state = {MtState::Queued} AND o.smsc = ?1 AND o.due <= ?2 AND o.not_after > ?2 \
     AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.state {MtState::OPEN} AND b.number_mac = o.number_mac \
     AND b.id <> o.id AND ",
            $telco_of_the_other,
            " = o.smsc AND b.not_after > ?2 AND (b.state > {MtState::Queued} \
     OR b.class < o.class OR (b.class = o.class AND b.id < o.id))) \
     AND (o.part = 1 OR EXISTS (SELECT 1 FROM outbox p WHERE p.mo = o.mo AND p.kind = o.kind \
     AND p.part = o.part - 1 AND p.state {MtState::TAKEN})) ORDER BY o.turn, o.id LIMIT ?3"
        ))
    };
}
pub(in crate::store) const DUE: Both = Both { sqlite: due!("+b.smsc"), postgres: due!("b.smsc") };

fn due_row(row: &Row<'_>) -> Sql<DueRow> {
    Ok(DueRow {
        id: fixed(row, 0)?,
        mo: fixed(row, 1)?,
        source: row.get(2)?,
        destination: row.get(3)?,
        body: row.get(4)?,
        data_coding: row.get(5)?,
        udhi: row.get(6)?,
        reference: row.get(7)?,
        not_after: UnixMs(row.get(8)?),
        attempts: row.get(9)?,
    })
}

/// Queued segments of a telco that are due, by their turns.
pub fn due(conn: &Conn, smsc: &str, now: UnixMs, limit: usize) -> Sql<Vec<DueRow>> {
    conn.rows(DUE, params![smsc, now.0, limit.min(ROWS_MAX) as i64], due_row)
}

/// Whether anything of a telco is queued.
pub fn queued(conn: &Conn, smsc: &str) -> Sql<bool> {
    let sql = sql!(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE state {MtState::OPEN} AND state = {MtState::Queued} AND smsc = ?)"
    );
    conn.value(sql, params![smsc])
}

/// Segments that may still be sent.
pub fn depth(conn: &Conn) -> Sql<u64> {
    conn.value(sql!("SELECT count(*) FROM outbox WHERE state {MtState::OPEN}"), &[])
}
