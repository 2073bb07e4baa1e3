//! The outbox port on SQLite: segments from the commit that caused them to the telco's last word.
use super::{
    SqliteStore,
    receipts::{self, ReceiptRow},
    rows::{self, Id, Mac, Sql, all, fixed, values, within, within_at},
    writer::{Answer, Answers, Db, Many, Op, fault},
};
use crate::{
    ports::{
        PortFuture, StoreFault,
        outbox::{DueMt, NewReceipt, Outbox, Receipted, Resolved, Settlement},
        rules::outbox::{Entering, after_uncertainty, at_once, settled},
        states::MtState,
    },
    store::{codes::Code, statement::sql},
    types::{CauseId, Msisdn, MtId, SessionId, UnixMs, names::SmscName},
};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Segments that one call of `expire` or `due` looks at: a commit must stay short.
const ROWS_MAX: usize = 5_000;

/// A settlement as it is written.
pub(super) struct SettleRow {
    pub mt: Id,
    pub session: Id,
    pub state: MtState,
    pub message_id: Option<String>,
    pub due: Option<i64>,
    pub status: Option<i64>,
    /// Attempts that do not count.
    pub undone: i64,
    pub now: i64,
}

impl SettleRow {
    fn new(settlement: Settlement, now: UnixMs) -> Self {
        let settled = settled(settlement.outcome);
        SettleRow {
            mt: *settlement.mt.0.as_bytes(),
            session: *settlement.session.0.as_bytes(),
            state: settled.state,
            message_id: settled.message_id,
            due: settled.due.map(|at| at.0),
            status: settled.status.map(i64::from),
            undone: settled.undone.into(),
            now: now.0,
        }
    }
}

const SETTLE: &str = sql!(
    ") UPDATE outbox SET state = v.state, message_id = v.message_id, \
     due = coalesce(v.due, outbox.due), status = coalesce(v.status, outbox.status), \
     attempts = outbox.attempts - v.undone, updated_at = v.at, \
     sent_at = CASE WHEN v.state = {MtState::Sent} THEN v.at ELSE outbox.sent_at END \
     FROM v WHERE outbox.id = v.id AND outbox.session = v.session AND outbox.state = {MtState::Submitting}"
);

pub(super) async fn settle(db: &mut Db, ops: &Many<'_, Vec<SettleRow>>, answers: &mut Answers) -> Sql<()> {
    let mut seen = HashSet::new();
    // the first settlement of a segment counts, as if they had come one after the other
    let settled: Vec<&SettleRow> =
        ops.iter().flat_map(|(_, rows)| rows.iter()).filter(|row| seen.insert(row.mt)).collect();
    let head = "WITH v (id, session, state, message_id, due, status, undone, at) AS (";
    let statements = values(head, &settled, SETTLE, |tuple, row| {
        tuple.push_bind(&row.mt[..]).push_bind(&row.session[..]).push_bind(row.state.code());
        tuple.push_bind(row.message_id.clone()).push_bind(row.due).push_bind(row.status);
        tuple.push_bind(row.undone).push_bind(row.now);
    });
    rows::run(&mut db.conn, statements).await?;
    let failed: Vec<Id> = settled.iter().filter(|row| row.state == MtState::Failed).map(|row| row.mt).collect();
    give_up_rest(db, &failed, settled.first().map_or(0, |row| row.now)).await?;
    // those that were left alone are harmless here: both look at what the rows say
    receipts::name(db, &settled).await?;
    if db.orphans > 0 {
        let named: Vec<Id> = settled.iter().filter(|row| row.message_id.is_some()).map(|row| row.mt).collect();
        receipts::adopt(db, &named).await?;
    }
    for (at, _) in ops {
        answers.set(*at, Ok(Answer::Done));
    }
    Ok(())
}

pub(super) async fn begin_submit(db: &mut Db, ops: &[(usize, &[Id], Id, i64)], answers: &mut Answers) -> Sql<()> {
    let mut seen = HashSet::new();
    let wanted: Vec<(Id, Id, i64)> = ops
        .iter()
        .flat_map(|(_, mts, session, now)| mts.iter().map(|mt| (*mt, *session, *now)))
        .filter(|(mt, ..)| seen.insert(*mt))
        .collect();
    let got = all(
        &mut db.conn,
        values(
            "WITH v (id, session, at) AS (",
            &wanted,
            sql!(
                ") UPDATE outbox SET state = {MtState::Submitting}, session = v.session, \
                 attempts = outbox.attempts + 1, updated_at = v.at FROM v \
                 WHERE outbox.id = v.id AND outbox.state = {MtState::Queued} RETURNING id"
            ),
            |tuple, (mt, session, now)| {
                tuple.push_bind(&mt[..]).push_bind(&session[..]).push_bind(*now);
            },
        ),
    )
    .await?;
    let mut ours: HashSet<Id> = got.iter().map(|row| fixed(row, 0)).collect::<Sql<_>>()?;
    for (at, mts, ..) in ops {
        let taken = mts.iter().copied().filter(|mt| ours.remove(mt)).collect();
        answers.set(*at, Ok(Answer::Ids(taken)));
    }
    Ok(())
}

/// Inserts the segments of finished MOs; `families` by MO. Returns those that are submitting now: they had a
/// place in a window, and nothing of their number goes before them.
pub(super) async fn insert(db: &mut Db, mts: &[&rows::MtRow], families: &HashMap<Id, String>) -> Sql<HashSet<Id>> {
    let begun = first_of_their_number(db, mts).await?;
    rows::run(
        &mut db.conn,
        values(
            "INSERT INTO outbox (id, mo, kind, part, parts, smsc, family, source, destination, number_mac, body, \
             data_coding, udhi, reference, not_after, due, state, session, attempts, updated_at) ",
            mts,
            "",
            |tuple, row| {
                let session = row.reserved.filter(|_| begun.contains(&row.id));
                let state = if session.is_some() { MtState::Submitting } else { MtState::Queued };
                tuple.push_bind(&row.id[..]).push_bind(&row.mo[..]).push_bind(row.kind.code());
                tuple.push_bind(row.part).push_bind(row.parts).push_bind(row.smsc.clone());
                tuple.push_bind(families.get(&row.mo).cloned().unwrap_or_default());
                tuple.push_bind(row.source.clone()).push_bind(row.destination.clone());
                tuple.push_bind(&row.number_mac[..]).push_bind(row.body.clone()).push_bind(row.data_coding);
                tuple.push_bind(row.udhi).push_bind(row.reference).push_bind(row.not_after);
                tuple.push_bind(row.now).push_bind(state.code());
                tuple.push_bind(session.map(Vec::from)).push_bind(i64::from(session.is_some()));
                tuple.push_bind(row.now);
            },
        ),
    )
    .await?;
    Ok(begun)
}

/// The segments with a place whose number has nothing else on its way over that telco.
async fn first_of_their_number(db: &mut Db, mts: &[&rows::MtRow]) -> Sql<HashSet<Id>> {
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

const UNCERTAIN: &str = sql!(
    "SELECT id, not_after, attempts FROM outbox \
     WHERE state {MtState::OPEN} AND state = {MtState::Ambiguous} AND smsc = ? AND updated_at < ?"
);

pub(super) async fn resolve(db: &mut Db, smsc: &str, before: i64, now: i64) -> Sql<Resolved> {
    let rows = sqlx::query(UNCERTAIN).bind(smsc).bind(before).fetch_all(&mut db.conn).await?;
    let decide = |row: &SqliteRow| -> Sql<(Id, MtState)> {
        let state = after_uncertainty(UnixMs(row.try_get(1)?), row.try_get(2)?, UnixMs(now));
        Ok((fixed(row, 0)?, state))
    };
    let decided: Vec<(Id, MtState)> = rows.iter().map(decide).collect::<Sql<_>>()?;
    let tail = ") UPDATE outbox SET updated_at = v.at, due = v.at, state = v.state FROM v WHERE outbox.id = v.id";
    let statements = values("WITH v (id, state, at) AS (", &decided, tail, |tuple, (id, state)| {
        tuple.push_bind(&id[..]).push_bind(state.code()).push_bind(now);
    });
    rows::run(&mut db.conn, statements).await?;
    let lost = decided.iter().filter(|(_, state)| *state != MtState::Queued);
    let given_up: Vec<Id> = lost.map(|(id, _)| *id).collect();
    give_up_rest(db, &given_up, now).await?;
    let (all, given_up) = (decided.len() as u64, given_up.len() as u64);
    Ok(Resolved { resent: all - given_up, given_up })
}

/// Gives up segments that cannot be sent, and the rest of their texts.
pub(super) async fn give_up(db: &mut Db, mts: &[Id], now: i64) -> Sql<u64> {
    let head = sql!(
        ")) UPDATE outbox SET state = {MtState::Failed}, updated_at = v.at FROM v \
         WHERE state = {MtState::Queued} AND id IN "
    );
    let gone = rows::run(&mut db.conn, within_at(now, head, mts, "")).await?;
    give_up_rest(db, mts, now).await?;
    Ok(gone)
}

/// Half a text is not sent: what follows a segment that will never be sent is given up with it, and the number's
/// next text goes on.
async fn give_up_rest(db: &mut Db, mts: &[Id], now: i64) -> Sql<()> {
    let head = sql!(
        ")) UPDATE outbox SET state = {MtState::Failed}, updated_at = v.at FROM v, (SELECT mo AS lost_mo, \
         kind AS lost_kind, part AS lost_part FROM outbox WHERE part < parts AND id IN "
    );
    let tail = sql!(") WHERE state = {MtState::Queued} AND mo = lost_mo AND kind = lost_kind AND part > lost_part");
    rows::run(&mut db.conn, within_at(now, head, mts, tail)).await?;
    Ok(())
}

pub(super) async fn expire(db: &mut Db, now: i64) -> Sql<u64> {
    let done = sqlx::query(sql!(
        "UPDATE outbox SET state = {MtState::Expired}, updated_at = ?1 WHERE id IN (\
         SELECT id FROM outbox WHERE state = {MtState::Queued} AND not_after <= ?1 LIMIT ?2)"
    ))
    .bind(now)
    .bind(ROWS_MAX as i64)
    .execute(&mut db.conn)
    .await?;
    Ok(done.rows_affected())
}

// A number's segments go one at a time, so that no refusal and no second bind can turn their order round.
const DUE: &str = sql!(
    "SELECT o.id, o.mo, o.source, o.destination, o.body, o.data_coding, o.udhi, \
     o.reference, o.not_after, o.attempts FROM outbox o \
     WHERE o.state {MtState::OPEN} AND o.state = {MtState::Queued} AND o.smsc = ?1 AND o.due <= ?2 AND o.not_after > ?2 \
     AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.state {MtState::OPEN} AND b.number_mac = o.number_mac \
     AND b.id < o.id AND b.smsc = o.smsc AND b.not_after > ?2) \
     AND (o.part = 1 OR EXISTS (SELECT 1 FROM outbox p WHERE p.mo = o.mo AND p.kind = o.kind \
     AND p.part = o.part - 1 AND p.state {MtState::TAKEN})) ORDER BY o.due, o.id LIMIT ?3"
);

impl SqliteStore {
    /// `Err` with its id when it does not open.
    fn read_due(&self, row: &SqliteRow) -> Sql<Result<DueMt, Id>> {
        let (id, mo): (Id, Id) = (fixed(row, 0)?, fixed(row, 1)?);
        let (destination, body): (&[u8], &[u8]) = (row.try_get(3)?, row.try_get(4)?);
        let number = self.open_text(&id, "destination", destination);
        let body = self.keys.open(&id, "body", body).ok();
        let (Some(destination), Some(body)) = (number.and_then(|n| Msisdn::parse_e164(&n)), body) else {
            tracing::error!(mt = %Uuid::from_bytes(id), "a segment does not open");
            return Ok(Err(id));
        };
        Ok(Ok(DueMt {
            id: MtId(Uuid::from_bytes(id)),
            mo: CauseId(Uuid::from_bytes(mo)),
            source: row.try_get(2)?,
            destination,
            body,
            data_coding: row.try_get(5)?,
            udhi: row.try_get(6)?,
            reference: row.try_get(7)?,
            not_after: UnixMs(row.try_get(8)?),
            attempts: row.try_get::<u32, _>(9)? + 1,
        }))
    }

    /// What does not open is given up: at the head of the queue it would stop all that waits behind it.
    async fn read_all_due(&self, smsc: SmscName, now: UnixMs, limit: usize) -> Result<Vec<DueMt>, StoreFault> {
        loop {
            let rows = self.rows_due(&smsc, now, limit).await.map_err(|error| fault(&error))?;
            let (mut due, mut lost) = (Vec::with_capacity(rows.len()), Vec::new());
            for row in &rows {
                match self.read_due(row).map_err(|error| fault(&error))? {
                    Ok(mt) => due.push(mt),
                    Err(id) => lost.push(id),
                }
            }
            if lost.is_empty() {
                return Ok(due);
            }
            self.submit(Op::Unreadable { mts: lost, now: now.0 }).await?;
        }
    }

    async fn rows_due(&self, smsc: &SmscName, now: UnixMs, limit: usize) -> Sql<Vec<SqliteRow>> {
        sqlx::query(DUE).bind(smsc.as_str()).bind(now.0).bind(limit.min(ROWS_MAX) as i64).fetch_all(&self.readers).await
    }
}

impl Outbox for SqliteStore {
    fn due(&self, smsc: SmscName, now: UnixMs, limit: usize) -> PortFuture<'_, Result<Vec<DueMt>, StoreFault>> {
        Box::pin(self.read_all_due(smsc, now, limit))
    }

    fn queued(&self, smsc: SmscName) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(async move {
            let found = sqlx::query_scalar(sql!(
                "SELECT EXISTS (SELECT 1 FROM outbox WHERE state {MtState::OPEN} AND state = {MtState::Queued} AND smsc = ?)"
            ));
            let found = found.bind(smsc.as_str()).fetch_one(&self.readers).await;
            found.map_err(|error| fault(&error))
        })
    }

    fn begin_submit(
        &self,
        mts: Vec<MtId>,
        session: SessionId,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        Box::pin(async move {
            let mts = mts.into_iter().map(|mt| *mt.0.as_bytes()).collect();
            let session = *session.0.as_bytes();
            self.submit_for_ids(Op::BeginSubmit { mts, session, now: now.0 }).await
        })
    }

    fn settle(&self, settlements: Vec<Settlement>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move {
            let rows = settlements.into_iter().map(|settlement| SettleRow::new(settlement, now)).collect();
            self.submit(Op::Settle(rows)).await.map(|_| ())
        })
    }

    fn resolve_ambiguous(
        &self,
        smsc: SmscName,
        before: UnixMs,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Resolved, StoreFault>> {
        Box::pin(async move {
            let smsc = smsc.as_str().to_owned();
            match self.submit(Op::Resolve { smsc, before: before.0, now: now.0 }).await? {
                Answer::Resolved(resolved) => Ok(resolved),
                _ => Err(StoreFault::Unknown),
            }
        })
    }

    fn expire(&self, now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(async move { self.count(Op::Expire { now: now.0 }).await })
    }

    fn receipt(&self, receipt: NewReceipt, now: UnixMs) -> PortFuture<'_, Result<Receipted, StoreFault>> {
        Box::pin(async move {
            let number = receipt.number.map(|number| self.mac(&number));
            match self.submit(Op::Receipt(ReceiptRow::new(receipt, number, now))).await? {
                Answer::Receipted(found) => Ok(found),
                _ => Err(StoreFault::Unknown),
            }
        })
    }

    fn outbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(self.read_count(sql!("SELECT count(*) FROM outbox WHERE state {MtState::OPEN}")))
    }
}
