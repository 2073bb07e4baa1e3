//! The inbox port on SQLite: MOs accepted durably, claimed, finished in one commit.
use super::{
    SqliteStore, kiosks, messages, outbox, pushes,
    rows::{CitizenRow, FinishRow, Id, Mac, MoRow, MtRow, Sql, all, code, fixed, run, values, within},
    writer::{Answer, Answers, Db, Many, Op, fault},
};
use crate::store::{Keys, codes::Code, statement::sql};
use crate::{
    ports::{
        PortFuture, StoreFault, Trouble,
        citizens::CitizenRecord,
        inbox::{Accepted, DedupeKind, Finish, Inbox, Intake, MoEnd, NewMo, Recovery, Source, StoredMo},
        outbox::NewMt,
        rules::redelivery::{Arrival, Earlier, redelivery},
        states::{MoState, RespState},
    },
    types::{
        CauseId, Msisdn, MtId, SessionId, UnixMs,
        limits::{DEDUPE_STRONG, DEDUPE_WEAK, EVENTS_REMEMBERED, MO_IN_HAND_MAX},
        names::SmscName,
    },
};
use sqlx::{Row, sqlite::SqliteRow};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Rows of each table that one sweep touches: a commit must stay short.
const SWEEP_ROWS: i64 = 500;

/// What a sweep removes.
pub(super) struct Sweep {
    pub texts_before: i64,
    pub now: i64,
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Takes the keys that nobody has; returns the MOs that got theirs.
async fn take_keys(db: &mut Db, ops: &Many<'_, MoRow>) -> Sql<HashSet<Id>> {
    let taken = run(
        &mut db.conn,
        values(
            "INSERT INTO mo_dedupe (digest, family, kind, mo, seen_at) ",
            ops,
            " ON CONFLICT DO NOTHING",
            |tuple, (_, mo)| {
                tuple.push_bind(&mo.dedupe.digest[..]).push_bind(mo.family.clone());
                tuple.push_bind(mo.dedupe.kind.code()).push_bind(&mo.id[..]);
                tuple.push_bind(mo.received_at);
            },
        ),
    )
    .await?;
    if taken == ops.len() as u64 {
        return Ok(ops.iter().map(|(_, mo)| mo.id).collect());
    }
    let digests: Vec<[u8; 32]> = ops.iter().map(|(_, mo)| mo.dedupe.digest).collect();
    let holders = all(&mut db.conn, within("SELECT mo, digest FROM mo_dedupe WHERE digest IN ", &digests, "")).await?;
    let mut held: HashSet<(Id, [u8; 32])> = HashSet::new();
    for row in &holders {
        held.insert((fixed(row, 0)?, fixed(row, 1)?));
    }
    let holds = |mo: &MoRow| held.contains(&(mo.id, mo.dedupe.digest));
    Ok(ops.iter().filter(|(_, mo)| holds(mo)).map(|(_, mo)| mo.id).collect())
}

pub(super) async fn accept(db: &mut Db, ops: &Many<'_, MoRow>, answers: &mut Answers) -> Sql<()> {
    let fresh = take_keys(db, ops).await?;
    let mut stored: Many<'_, MoRow> = Vec::with_capacity(ops.len());
    for (at, mo) in ops {
        if fresh.contains(&mo.id) {
            stored.push((*at, mo));
            continue;
        }
        match earlier(db, mo).await? {
            Some(known) => answers.set(*at, Ok(Answer::Known(known))),
            None => {
                replace_key(db, mo).await?;
                stored.push((*at, mo));
            }
        }
    }
    insert(db, &stored).await?;
    let macs: Vec<Mac> = stored.iter().filter_map(|(_, mo)| mo.source_mac).collect();
    let citizens = citizens(db, &macs).await?;
    for (at, mo) in stored {
        let citizen = mo.source_mac.and_then(|mac| citizens.get(&mac).cloned());
        answers.set(at, Ok(Answer::New(citizen)));
    }
    Ok(())
}

const EARLIER: &str = sql!(
    "SELECT i.id, i.session, i.received_at, i.state, i.resp_state, d.seen_at, \
     EXISTS (SELECT 1 FROM outbox o WHERE o.mo = i.id AND o.state {MtState::OPEN}), \
     EXISTS (SELECT 1 FROM outbox o WHERE o.mo = i.id AND o.state {MtState::TAKEN} \
     AND o.session = i.session), \
     EXISTS (SELECT 1 FROM citizen c WHERE c.number_mac = i.source_mac AND c.in_dialogue = 1 \
     AND c.dialogue_until > ?) \
     FROM mo_dedupe d JOIN inbox i ON i.id = d.mo WHERE d.digest = ? AND d.family = ?"
);

/// What an MO is to the earlier one with its key; `None`: a new question.
async fn earlier(db: &mut Db, mo: &MoRow) -> Sql<Option<Accepted>> {
    if mo.insist {
        return Ok(None);
    }
    let found = sqlx::query(EARLIER)
        .bind(mo.received_at)
        .bind(&mo.dedupe.digest[..])
        .bind(&mo.family)
        .fetch_optional(&mut db.conn)
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let earlier = Earlier {
        mo: CauseId(Uuid::from_bytes(fixed(&row, 0)?)),
        session: SessionId(Uuid::from_bytes(fixed(&row, 1)?)),
        received_at: UnixMs(row.try_get(2)?),
        keyed_at: UnixMs(row.try_get(5)?),
        done: MoState::ENDED.has(code(&row, 3)?),
        answer_open: row.try_get(6)?,
        resp_read: code::<RespState>(&row, 4)? == RespState::Read,
        answer_taken: row.try_get(7)?,
        in_dialogue: row.try_get(8)?,
    };
    let session = SessionId(Uuid::from_bytes(mo.session));
    Ok(redelivery(Arrival { kind: mo.dedupe.kind, session, at: UnixMs(mo.received_at) }, &earlier))
}

async fn replace_key(db: &mut Db, mo: &MoRow) -> Sql<()> {
    sqlx::query("UPDATE mo_dedupe SET mo = ?, kind = ?, seen_at = ? WHERE digest = ? AND family = ?")
        .bind(&mo.id[..])
        .bind(mo.dedupe.kind.code())
        .bind(mo.received_at)
        .bind(&mo.dedupe.digest[..])
        .bind(&mo.family)
        .execute(&mut db.conn)
        .await?;
    Ok(())
}

pub(super) async fn insert(db: &mut Db, mos: &Many<'_, MoRow>) -> Sql<u64> {
    let incarnation = db.incarnation;
    run(
        &mut db.conn,
        values(
            "INSERT INTO inbox (id, smsc, family, session, source_mac, source, destination, text, raw, \
             data_coding, esm_class, state, incarnation, attempts, received_at, done_at) ",
            mos,
            "",
            |tuple, (_, mo)| {
                let (state, attempts, done_at) = match mo.intake {
                    Intake::Waiting => (MoState::Waiting, 0_i64, None),
                    Intake::Claimed => (MoState::Claimed, 1, None),
                    Intake::Silent => (MoState::Silent, 0, Some(mo.received_at)),
                };
                tuple.push_bind(&mo.id[..]).push_bind(mo.smsc.clone()).push_bind(mo.family.clone());
                tuple.push_bind(&mo.session[..]).push_bind(mo.source_mac.map(Vec::from));
                tuple.push_bind(mo.source.clone()).push_bind(mo.destination.clone());
                tuple.push_bind(mo.text.clone()).push_bind(mo.raw.clone());
                tuple.push_bind(mo.data_coding).push_bind(mo.esm_class).push_bind(state.code());
                tuple.push_bind(incarnation).push_bind(attempts).push_bind(mo.received_at);
                tuple.push_bind(done_at);
            },
        ),
    )
    .await
}

async fn citizens(db: &mut Db, macs: &[Mac]) -> Sql<HashMap<Mac, CitizenRow>> {
    let rows = all(
        &mut db.conn,
        within(
            "SELECT number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue FROM citizen \
             WHERE number_mac IN ",
            macs,
            "",
        ),
    )
    .await?;
    rows.iter().map(|row| CitizenRow::read(row).map(|citizen| (citizen.mac, citizen))).collect()
}

pub(super) async fn claim(db: &mut Db, ops: &[(usize, Id, bool)], answers: &mut Answers) -> Sql<()> {
    let incarnation = db.incarnation;
    let taken = all(
        &mut db.conn,
        values(
            "WITH v (id, alone, incarnation) AS (",
            ops,
            sql!(
                ") UPDATE inbox SET state = {MoState::Claimed}, alone = v.alone, incarnation = v.incarnation, suspect = 0, \
                 attempts = inbox.attempts + 1 FROM v WHERE inbox.id = v.id AND inbox.state = {MoState::Waiting} \
                 RETURNING id, source_mac"
            ),
            |tuple, (_, mo, alone)| {
                tuple.push_bind(&mo[..]).push_bind(*alone).push_bind(incarnation);
            },
        ),
    )
    .await?;
    let mut sources: HashMap<Id, Option<Mac>> = HashMap::new();
    for row in &taken {
        let known = row.try_get::<Option<&[u8]>, _>(1)?.is_some();
        sources.insert(fixed(row, 0)?, if known { Some(fixed(row, 1)?) } else { None });
    }
    let macs: Vec<Mac> = sources.values().copied().flatten().collect();
    let citizens = citizens(db, &macs).await?;
    for (at, mo, _) in ops {
        let verdict = match sources.get(mo) {
            Some(mac) => Ok(Answer::Citizen(mac.and_then(|mac| citizens.get(&mac).cloned()))),
            None => Err(StoreFault::Stale),
        };
        answers.set(*at, verdict);
    }
    Ok(())
}

pub(super) async fn release(db: &mut Db, ops: &Many<'_, Id>, answers: &mut Answers) -> Sql<()> {
    let incarnation = db.incarnation;
    let back = all(
        &mut db.conn,
        values(
            "WITH v (id, incarnation) AS (",
            ops,
            sql!(
                ") UPDATE inbox SET state = {MoState::Waiting}, alone = 0 FROM v WHERE inbox.id = v.id \
                 AND inbox.state = {MoState::Claimed} AND inbox.incarnation = v.incarnation RETURNING id"
            ),
            |tuple, (_, mo)| {
                tuple.push_bind(&mo[..]).push_bind(incarnation);
            },
        ),
    )
    .await?;
    let back: HashSet<Id> = back.iter().map(|row| fixed(row, 0)).collect::<Sql<_>>()?;
    for (at, mo) in ops {
        answers.set(*at, if back.contains(*mo) { Ok(Answer::Done) } else { Err(StoreFault::Stale) });
    }
    Ok(())
}

pub(super) async fn finish(db: &mut Db, ops: &Many<'_, FinishRow>, answers: &mut Answers) -> Sql<()> {
    let incarnation = db.incarnation;
    let ended = all(
        &mut db.conn,
        values(
            "WITH v (id, state, at, incarnation) AS (",
            ops,
            sql!(
                ") UPDATE inbox SET state = v.state, alone = 0, done_at = v.at FROM v \
                 WHERE inbox.id = v.id AND inbox.state = {MoState::Claimed} AND inbox.incarnation = v.incarnation \
                 RETURNING id, family"
            ),
            |tuple, (_, end)| {
                tuple.push_bind(&end.mo[..]).push_bind(end.state.code()).push_bind(end.now);
                tuple.push_bind(incarnation);
            },
        ),
    )
    .await?;
    let mut families: HashMap<Id, String> = HashMap::new();
    for row in &ended {
        families.insert(fixed(row, 0)?, row.try_get(1)?);
    }
    let ours: Vec<&FinishRow> = ops.iter().map(|(_, end)| *end).filter(|end| families.contains_key(&end.mo)).collect();
    let records: Vec<&CitizenRow> = ours.iter().filter_map(|end| end.citizen.as_ref()).collect();
    remember(db, &records).await?;
    let mts: Vec<&MtRow> = ours.iter().flat_map(|end| &end.mts).collect();
    let begun = outbox::insert(db, &mts, &families).await?;
    for end in &ours {
        if let Some(push) = &end.follow_up {
            pushes::insert(db, push).await?;
        }
    }
    for (at, end) in ops {
        let own = || end.mts.iter().map(|mt| mt.id).filter(|id| begun.contains(id)).collect();
        let verdict = if families.contains_key(&end.mo) { Ok(Answer::Ids(own())) } else { Err(StoreFault::Stale) };
        answers.set(*at, verdict);
    }
    Ok(())
}

pub(super) async fn remember(db: &mut Db, records: &[&CitizenRow]) -> Sql<u64> {
    run(
        &mut db.conn,
        values(
            "INSERT INTO citizen (number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue) ",
            records,
            " ON CONFLICT (number_mac) DO UPDATE SET language = excluded.language, \
             stopped = excluded.stopped, dialogue = excluded.dialogue, \
             dialogue_until = excluded.dialogue_until, tallies = excluded.tallies, \
             in_dialogue = excluded.in_dialogue",
            |tuple, record| {
                tuple.push_bind(&record.mac[..]).push_bind(record.language.clone());
                tuple.push_bind(record.stopped).push_bind(record.dialogue.clone());
                tuple.push_bind(record.dialogue_until).push_bind(record.windows.clone());
                tuple.push_bind(record.in_dialogue);
            },
        ),
    )
    .await
}

pub(super) async fn confirm(db: &mut Db, ops: &Many<'_, Vec<Id>>, answers: &mut Answers) -> Sql<()> {
    let mos: Vec<Id> = ops.iter().flat_map(|(_, mos)| mos.iter().copied()).collect();
    run(&mut db.conn, within(sql!("UPDATE inbox SET resp_state = {RespState::Read} WHERE id IN "), &mos, "")).await?;
    for (at, _) in ops {
        answers.set(*at, Ok(Answer::Done));
    }
    Ok(())
}

pub(super) async fn begin(db: &mut Db, now: i64) -> Sql<Recovery> {
    let conn = &mut db.conn;
    let last: Option<Option<i64>> = sqlx::query_scalar("SELECT ended_at FROM incarnation ORDER BY id DESC LIMIT 1")
        .fetch_optional(&mut *conn)
        .await?;
    let clean = !matches!(last, Some(None));
    sqlx::query(sql!(
        "UPDATE inbox SET state = {MoState::Waiting}, suspect = max(suspect, ?1), alone = 0, \
         deaths_alone = deaths_alone + alone * ?1 WHERE state {MoState::OPEN} AND state = {MoState::Claimed}"
    ))
    .bind(!clean)
    .execute(&mut *conn)
    .await?;
    sqlx::query(sql!(
        "UPDATE outbox SET state = {MtState::Ambiguous}, updated_at = ? \
         WHERE state {MtState::OPEN} AND state = {MtState::Submitting}"
    ))
    .bind(now)
    .execute(&mut *conn)
    .await?;
    let incarnation: i64 = sqlx::query_scalar("INSERT INTO incarnation (started_at) VALUES (?) RETURNING id")
        .bind(now)
        .fetch_one(&mut *conn)
        .await?;
    let counts = sqlx::query(sql!(
        "SELECT (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting} AND suspect = 1), \
         (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting}), \
         (SELECT count(*) FROM outbox WHERE state {MtState::OPEN} AND state = {MtState::Ambiguous})"
    ))
    .fetch_one(&mut *conn)
    .await?;
    db.incarnation = incarnation;
    Ok(Recovery {
        incarnation,
        clean,
        suspects: counts.try_get(0)?,
        waiting: counts.try_get(1)?,
        ambiguous: counts.try_get(2)?,
    })
}

pub(super) async fn end(db: &mut Db, now: i64) -> Sql<()> {
    sqlx::query(sql!(
        "UPDATE inbox SET state = {MoState::Waiting}, alone = 0, attempts = max(attempts - 1, 0) \
         WHERE state {MoState::OPEN} AND state = {MoState::Claimed}"
    ))
    .execute(&mut db.conn)
    .await?;
    sqlx::query("UPDATE incarnation SET ended_at = ? WHERE id = ?")
        .bind(now)
        .bind(db.incarnation)
        .execute(&mut db.conn)
        .await?;
    Ok(())
}

pub(super) async fn probe(db: &mut Db) -> Sql<()> {
    sqlx::query("UPDATE meta SET value = value + 1 WHERE name = 'probe'").execute(&mut db.conn).await?;
    Ok(())
}

pub(super) async fn sweep(db: &mut Db, sweep: &Sweep) -> Sql<u64> {
    let mut touched = 0;
    for sql in [
        sql!(
            "UPDATE inbox SET source = NULL, source_mac = NULL, text = NULL, raw = NULL WHERE id IN (\
             SELECT id FROM inbox WHERE state {MoState::ENDED} AND text IS NOT NULL AND done_at < ?1 LIMIT ?2)"
        ),
        sql!(
            "UPDATE outbox SET destination = NULL, number_mac = NULL, body = NULL, message_id = NULL, message_key = NULL \
             WHERE id IN (\
             SELECT id FROM outbox WHERE state {MtState::ENDED} AND body IS NOT NULL AND updated_at < ?1 LIMIT ?2)"
        ),
        sql!(
            "UPDATE push SET number = NULL, number_mac = NULL, payload = NULL WHERE id IN (\
             SELECT id FROM push WHERE state {PushState::ENDED} AND payload IS NOT NULL AND done_at < ?1 LIMIT ?2)"
        ),
        "UPDATE citizen SET dialogue = NULL WHERE number_mac IN (\
         SELECT number_mac FROM citizen WHERE dialogue IS NOT NULL AND dialogue_until < ?1 LIMIT ?2)",
    ] {
        let done = sqlx::query(sql).bind(sweep.texts_before).bind(SWEEP_ROWS).execute(&mut db.conn).await?;
        touched += done.rows_affected();
    }
    let strong = sweep.now.saturating_sub(millis(DEDUPE_STRONG));
    let weak = sweep.now.saturating_sub(millis(DEDUPE_WEAK));
    for (kind, before) in [(DedupeKind::Strong, strong), (DedupeKind::Segment, weak), (DedupeKind::Weak, weak)] {
        let done = sqlx::query(
            "DELETE FROM mo_dedupe WHERE (digest, family) IN (\
             SELECT digest, family FROM mo_dedupe WHERE kind = ?1 AND seen_at < ?2 LIMIT ?3)",
        )
        .bind(kind.code())
        .bind(before)
        .bind(SWEEP_ROWS)
        .execute(&mut db.conn)
        .await?;
        touched += done.rows_affected();
    }
    let gone = sqlx::query(
        "DELETE FROM receipt_orphan WHERE (message_id, family) IN (\
         SELECT message_id, family FROM receipt_orphan WHERE at < ?1 LIMIT ?2)",
    )
    .bind(strong)
    .bind(SWEEP_ROWS)
    .execute(&mut db.conn)
    .await?
    .rows_affected();
    db.orphans -= i64::try_from(gone).unwrap_or(0);
    let old = sqlx::query("DELETE FROM event_seen WHERE id IN (SELECT id FROM event_seen WHERE seen_at < ?1 LIMIT ?2)")
        .bind(sweep.now.saturating_sub(millis(EVENTS_REMEMBERED)))
        .bind(SWEEP_ROWS)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    let over = sqlx::query(
        "DELETE FROM ussd_session WHERE (number_mac, family) IN (\
         SELECT number_mac, family FROM ussd_session WHERE until < ?1 LIMIT ?2)",
    )
    .bind(sweep.now)
    .bind(SWEEP_ROWS)
    .execute(&mut db.conn)
    .await?
    .rows_affected();
    let messages = messages::sweep(db, sweep.texts_before, sweep.now, SWEEP_ROWS).await?;
    let kiosks = kiosks::sweep(db, sweep.now, SWEEP_ROWS).await?;
    Ok(touched + gone + old + over + messages + kiosks)
}

const WAITING: &str = sql!(
    "SELECT id, smsc, source, destination, text, received_at, attempts, \
     deaths_alone, suspect FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting} AND suspect = ? \
     AND id > ? ORDER BY id LIMIT ?"
);

/// Segments of one cause, sealed.
pub(super) fn seal_mts(keys: &Keys, mo: Id, mts: Vec<NewMt>, now: UnixMs) -> Result<Vec<MtRow>, StoreFault> {
    let mut rows = Vec::with_capacity(mts.len());
    for mt in mts {
        let id = *mt.id.0.as_bytes();
        let seal = |column, plain: &[u8]| keys.seal(&id, column, plain).map_err(|_| StoreFault::Rejected);
        rows.push(MtRow {
            id,
            mo,
            kind: mt.kind,
            part: mt.part,
            parts: mt.parts,
            smsc: mt.smsc.as_str().to_owned(),
            source: mt.source,
            destination: seal("destination", mt.destination.digits().as_bytes())?,
            number_mac: keys.number_mac(mt.destination.digits()),
            body: seal("body", &mt.body)?,
            data_coding: mt.data_coding,
            udhi: mt.udhi,
            reference: mt.reference,
            not_after: mt.not_after.0,
            now: now.0,
            reserved: mt.reserved.map(|session| *session.0.as_bytes()),
        });
    }
    Ok(rows)
}

impl SqliteStore {
    pub(super) fn seal_mo(&self, mo: NewMo) -> Result<MoRow, StoreFault> {
        let id = *mo.id.0.as_bytes();
        let seal = |column, plain: &[u8]| self.keys.seal(&id, column, plain).map_err(|_| StoreFault::Rejected);
        let (source_mac, source) = match &mo.source {
            Source::Person(number) => (Some(self.mac(number)), format!("P{}", number.digits())),
            Source::Other(name) => (None, format!("O{name}")),
        };
        Ok(MoRow {
            id,
            smsc: mo.smsc.as_str().to_owned(),
            family: mo.family.as_str().to_owned(),
            session: *mo.session.0.as_bytes(),
            source_mac,
            source: seal("source", source.as_bytes())?,
            destination: mo.destination,
            text: seal("text", mo.text.as_bytes())?,
            raw: seal("raw", &mo.raw)?,
            data_coding: mo.data_coding,
            esm_class: mo.esm_class,
            dedupe: mo.dedupe,
            insist: mo.insist,
            intake: mo.intake,
            received_at: mo.received_at.0,
        })
    }

    fn seal_finish(&self, finish: Finish, now: UnixMs) -> Result<FinishRow, StoreFault> {
        let mo = *finish.mo.0.as_bytes();
        let citizen = match &finish.citizen {
            Some((number, record)) => Some(CitizenRow::seal(&self.keys, self.mac(number), record)?),
            None => None,
        };
        let mts = seal_mts(&self.keys, mo, finish.mts, now)?;
        let follow_up = finish.follow_up.map(|push| self.seal_push(push, now)).transpose()?;
        let state = match finish.end {
            MoEnd::Answered => MoState::Answered,
            MoEnd::Withheld => MoState::Withheld,
            MoEnd::Expired => MoState::Expired,
            MoEnd::Dead => MoState::Dead,
        };
        Ok(FinishRow { mo, state, now: now.0, citizen, mts, follow_up })
    }

    fn read_mo(&self, row: &SqliteRow) -> Sql<Option<StoredMo>> {
        let id: Id = fixed(row, 0)?;
        let (source, text): (&[u8], &[u8]) = (row.try_get(2)?, row.try_get(4)?);
        let source = self.open_text(&id, "source", source).and_then(|source| match source.split_at_checked(1)? {
            ("P", digits) => Msisdn::parse_e164(digits).map(Source::Person),
            ("O", name) => Some(Source::Other(name.to_owned())),
            _ => None,
        });
        let (Some(source), Some(text)) = (source, self.open_text(&id, "text", text)) else {
            tracing::error!(mo = %Uuid::from_bytes(id), "an MO does not open");
            return Ok(None);
        };
        Ok(Some(StoredMo {
            id: CauseId(Uuid::from_bytes(id)),
            smsc: SmscName::from(row.try_get::<&str, _>(1)?),
            source,
            destination: row.try_get(3)?,
            text,
            received_at: UnixMs(row.try_get(5)?),
            attempts: row.try_get(6)?,
            deaths_alone: row.try_get(7)?,
            suspect: row.try_get(8)?,
        }))
    }

    async fn read_waiting(&self, suspects: bool, after: Option<CauseId>, limit: usize) -> Sql<Vec<StoredMo>> {
        let after = after.map(|mo| mo.0.as_bytes().to_vec()).unwrap_or_default();
        let rows = sqlx::query(WAITING)
            .bind(suspects)
            .bind(after)
            .bind(limit.min(MO_IN_HAND_MAX) as i64)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().filter_map(|row| self.read_mo(row).transpose()).collect()
    }

    fn record(&self, citizen: Option<CitizenRow>) -> CitizenRecord {
        citizen.map(|row| row.open(&self.keys)).unwrap_or_default()
    }
}

impl Inbox for SqliteStore {
    fn begin(&self, now: UnixMs) -> PortFuture<'_, Result<Recovery, StoreFault>> {
        Box::pin(async move {
            match self.submit(Op::Begin { now: now.0 }).await? {
                Answer::Recovery(recovery) => Ok(recovery),
                _ => Err(StoreFault::Unknown),
            }
        })
    }

    fn end(&self, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move { self.submit(Op::End { now: now.0 }).await.map(|_| ()) })
    }

    fn accept(&self, mo: NewMo) -> PortFuture<'_, Result<Accepted, StoreFault>> {
        Box::pin(async move {
            let row = self.seal_mo(mo)?;
            match self.submit(Op::Accept(Box::new(row))).await? {
                Answer::New(citizen) => Ok(Accepted::New { citizen: self.record(citizen) }),
                Answer::Known(known) => Ok(known),
                _ => Err(StoreFault::Unknown),
            }
        })
    }

    fn waiting(
        &self,
        suspects: bool,
        after: Option<CauseId>,
        limit: usize,
    ) -> PortFuture<'_, Result<Vec<StoredMo>, StoreFault>> {
        Box::pin(async move { self.read_waiting(suspects, after, limit).await.map_err(|error| fault(&error)) })
    }

    fn claim(&self, mo: CauseId, alone: bool, _now: UnixMs) -> PortFuture<'_, Result<CitizenRecord, StoreFault>> {
        Box::pin(async move {
            match self.submit(Op::Claim { mo: *mo.0.as_bytes(), alone }).await? {
                Answer::Citizen(citizen) => Ok(self.record(citizen)),
                _ => Err(StoreFault::Unknown),
            }
        })
    }

    fn release(&self, mo: CauseId, _now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move { self.submit(Op::Release { mo: *mo.0.as_bytes() }).await.map(|_| ()) })
    }

    fn finish(&self, finish: Finish, now: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> {
        Box::pin(async move {
            let row = self.seal_finish(finish, now)?;
            self.submit_for_ids(Op::Finish(Box::new(row))).await
        })
    }

    fn confirm(&self, mos: Vec<CauseId>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move {
            let mos = mos.into_iter().map(|mo| *mo.0.as_bytes()).collect();
            self.submit(Op::Confirm(mos)).await.map(|_| ())
        })
    }

    fn inbox_depth(&self) -> PortFuture<'_, Result<u64, StoreFault>> {
        Box::pin(self.read_count(sql!("SELECT count(*) FROM inbox WHERE state {MoState::OPEN}")))
    }

    fn trouble(&self) -> Option<Trouble> {
        self.known_trouble()
    }

    fn probe(&self) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move { self.submit(Op::Probe).await.map(|_| ()) })
    }

    fn sweep(&self, texts_before: UnixMs, now: UnixMs) -> PortFuture<'_, Result<u64, StoreFault>> {
        let sweep = Sweep { texts_before: texts_before.0, now: now.0 };
        Box::pin(self.count(Op::Sweep(sweep)))
    }
}
