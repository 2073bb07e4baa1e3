//! MOs: accepted with their redelivery keys, claimed, given back, finished.
use super::{citizens, outbox, pushes};
use crate::{
    ports::{
        StoreFault,
        inbox::{Accepted, DedupeKey},
        rules::redelivery::{Arrival, Earlier, redelivery},
        states::{MoState, RespState},
    },
    store::{
        batch::{
            Db, Locked, Verdict, all, code, fixed, inserts, not_all, perhaps, run, text_in, values, within, within_at,
        },
        codes::Code,
        conn::{Both, Conn, Row, Sql, Written as _, params},
        rows::{CitizenRow, FinishRow, Id, Mac, MoRow, MtRow, Taken, WaitingRow},
        statement::sql,
    },
    types::{CauseId, MtId, SessionId, UnixMs, names::SmscName},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Takes the keys that nobody has; returns the MOs that got theirs.
fn take_keys(db: &mut Db, mos: &[&MoRow]) -> Sql<HashSet<Id>> {
    let head = "INSERT INTO mo_dedupe (digest, family, kind, mo, seen_at) ";
    let statements = values(head, mos, " ON CONFLICT DO NOTHING", |tuple, mo| {
        tuple.push(&mo.dedupe.digest[..]).push(&mo.family[..]);
        tuple.push(mo.dedupe.kind.code()).push(&mo.id[..]);
        tuple.push(mo.received_at.0);
    });
    let taken = run(&db.conn, statements)?;
    if taken == mos.len() as u64 {
        return Ok(mos.iter().map(|mo| mo.id).collect());
    }
    let digests: Vec<[u8; 32]> = mos.iter().map(|mo| mo.dedupe.digest).collect();
    let holders = within("SELECT mo, digest FROM mo_dedupe WHERE digest IN ", &digests, "");
    let holder = |row: &Row<'_>| Ok((fixed(row, 0)?, fixed(row, 1)?));
    let held: HashSet<(Id, [u8; 32])> = all(&db.conn, holders, holder)?.into_iter().collect();
    Ok(mos.iter().filter(|mo| held.contains(&(mo.id, mo.dedupe.digest))).map(|mo| mo.id).collect())
}

/// Stores MOs, each unless an earlier one with its key stands for it.
pub fn accept(db: &mut Db, mos: &[&MoRow]) -> Sql<Vec<Verdict<Taken>>> {
    let fresh = take_keys(db, mos)?;
    let keyed: Vec<Keyed<'_>> = mos.iter().filter(|mo| !fresh.contains(&mo.id)).map(|mo| Keyed::of(mo)).collect();
    let mut known = earlier(db, &keyed)?;
    let stored: Vec<&MoRow> = mos.iter().copied().filter(|mo| !known.contains_key(&mo.id)).collect();
    let replacing: Vec<&MoRow> = stored.iter().copied().filter(|mo| !fresh.contains(&mo.id)).collect();
    replace_keys(db, &replacing)?;
    let behind = insert_in_turn(db, &stored)?;
    let macs: Vec<Mac> = stored.iter().filter_map(|mo| mo.source_mac).collect();
    let citizens = citizens::several(db, &macs)?;
    let taken = |mo: &&MoRow| match known.remove(&mo.id) {
        Some(accepted) => Ok(Taken::Known(accepted)),
        None => {
            let claimed = mo.state == MoState::Claimed && !behind.contains(&mo.id);
            Ok(Taken::New(mo.source_mac.and_then(|mac| citizens.get(&mac).cloned()), claimed))
        }
    };
    Ok(mos.iter().map(taken).collect())
}

/// By the session that the key came over: parts of one text may come over several, and the resp of an MO says nothing
/// about what another session has read.
pub(in crate::store) const EARLIER: &str = sql!(
    ") SELECT i.id, coalesce(d.session, i.session), i.received_at, i.state, i.resp_state, d.seen_at, \
     EXISTS (SELECT 1 FROM outbox o WHERE o.mo = i.id AND o.state {MtState::OPEN}), \
     EXISTS (SELECT 1 FROM outbox o WHERE o.mo = i.id AND o.state {MtState::TAKEN} \
     AND o.session = coalesce(d.session, i.session)), \
     EXISTS (SELECT 1 FROM citizen c WHERE c.number_mac = i.source_mac AND c.in_dialogue = 1 \
     AND c.dialogue_until > v.at), \
     d.session IS NULL OR d.session = i.session, v.mo \
     FROM v CROSS JOIN mo_dedupe d CROSS JOIN inbox i WHERE d.digest = v.digest AND d.family = v.family AND i.id = d.mo"
);

/// Something that came with a redelivery key.
#[derive(Clone, Copy)]
pub struct Keyed<'a> {
    /// What it would be.
    pub id: Id,
    /// Its key.
    pub key: DedupeKey,
    /// The family that knows it.
    pub family: &'a str,
    /// The connection it came over.
    pub session: SessionId,
    /// When.
    pub at: UnixMs,
    /// It was judged to be new.
    pub insist: bool,
    /// Of these it is one, if one of them has its key.
    pub given_back: &'a [CauseId],
}

impl<'a> Keyed<'a> {
    fn of(mo: &'a MoRow) -> Self {
        Keyed {
            id: mo.id,
            key: mo.dedupe,
            family: &mo.family,
            session: mo.session,
            at: mo.received_at,
            insist: mo.insist,
            given_back: &mo.given_back,
        }
    }
}

/// What things are to the earlier MOs with their keys, by their ids; what is not among them is a new question.
pub fn earlier(db: &mut Db, keyed: &[Keyed<'_>]) -> Sql<HashMap<Id, Accepted>> {
    let asked: Vec<&Keyed<'_>> = keyed.iter().filter(|keyed| !keyed.insist).collect();
    let statements = values("WITH v (mo, at, digest, family) AS (", &asked, EARLIER, |tuple, keyed| {
        tuple.push(&keyed.id[..]).push(keyed.at.0);
        tuple.push(&keyed.key.digest[..]).push(keyed.family);
    });
    let earlier = |row: &Row<'_>| {
        let earlier = Earlier {
            mo: CauseId(Uuid::from_bytes(fixed(row, 0)?)),
            session: SessionId(Uuid::from_bytes(fixed(row, 1)?)),
            received_at: UnixMs(row.get(2)?),
            keyed_at: UnixMs(row.get(5)?),
            done: MoState::ENDED.has(code(row, 3)?),
            answer_open: row.get(6)?,
            resp_read: code::<RespState>(row, 4)? == RespState::Read && row.get(9)?,
            answer_taken: row.get(7)?,
            in_dialogue: row.get(8)?,
        };
        Ok((fixed(row, 10)?, earlier))
    };
    let found: HashMap<Id, Earlier> = all(&db.conn, statements, earlier)?.into_iter().collect();
    let judged = asked.iter().filter_map(|keyed| {
        let earlier = found.get(&keyed.id)?;
        let given_back = keyed.given_back.contains(&earlier.mo);
        let arrival = Arrival { kind: keyed.key.kind, session: keyed.session, at: keyed.at, given_back };
        Some((keyed.id, redelivery(arrival, earlier)?))
    });
    Ok(judged.collect())
}

/// Gives the key of a part to its text, whose MO will bear that id.
pub fn key_part(db: &mut Db, keyed: &Keyed<'_>, text: Id) -> Sql<()> {
    db.conn.execute("INSERT INTO mo_dedupe (digest, family, kind, mo, seen_at, session) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (digest, family) DO UPDATE SET mo = excluded.mo, kind = excluded.kind, seen_at = excluded.seen_at, \
         session = excluded.session", params![&keyed.key.digest[..], keyed.family, keyed.key.kind.code(), &text[..], keyed.at.0, &keyed.session.0.as_bytes()[..]])?;
    Ok(())
}

/// Gives keys that earlier MOs had to these.
fn replace_keys(db: &mut Db, mos: &[&MoRow]) -> Sql<()> {
    let tail = ") UPDATE mo_dedupe SET mo = v.mo, kind = v.kind, seen_at = v.at, session = NULL FROM v \
                WHERE mo_dedupe.digest = v.digest AND mo_dedupe.family = v.family";
    let statements = values("WITH v (mo, kind, at, digest, family) AS (", mos, tail, |tuple, mo| {
        tuple.push(&mo.id[..]).push(mo.dedupe.kind.code()).push(mo.received_at.0);
        tuple.push(&mo.dedupe.digest[..]).push(&mo.family[..]);
    });
    run(&db.conn, statements).map(|_| ())
}

/// Stores MOs, whatever their keys.
pub fn insert(db: &mut Db, mos: &[&MoRow]) -> Sql<()> {
    insert_as(db, mos, &HashSet::new())
}

/// Stores MOs; returns those that were to be claimed and wait, as another text of the number is in hand at another node.
pub fn insert_in_turn(db: &mut Db, mos: &[&MoRow]) -> Sql<HashSet<Id>> {
    let behind = behind_others(db, mos)?;
    insert_as(db, mos, &behind)?;
    Ok(behind)
}

pub(in crate::store) const ELSEWHERE: &str =
    sql!("SELECT DISTINCT source_mac FROM inbox WHERE state {MoState::OPEN} AND incarnation <> ? AND source_mac IN ");

fn behind_others(db: &mut Db, mos: &[&MoRow]) -> Sql<HashSet<Id>> {
    if let Locked::All = db.held {
        return Ok(HashSet::new());
    }
    let claimed = mos.iter().filter(|mo| mo.state == MoState::Claimed);
    let claimed: Vec<(Id, Mac)> = claimed.filter_map(|mo| Some((mo.id, mo.source_mac?))).collect();
    let macs: Vec<Mac> = claimed.iter().map(|(_, mac)| *mac).collect();
    let elsewhere = within_at(db.incarnation, ELSEWHERE, &macs, "");
    let elsewhere: HashSet<Mac> = all(&db.conn, elsewhere, |row| fixed(row, 0))?.into_iter().collect();
    let waits = |mac: &Mac| elsewhere.contains(mac) || !db.held.has_number(mac);
    Ok(claimed.iter().filter(|(_, mac)| waits(mac)).map(|(mo, _)| *mo).collect())
}

fn insert_as(db: &mut Db, mos: &[&MoRow], behind: &HashSet<Id>) -> Sql<()> {
    let incarnation = db.incarnation;
    let into = "INSERT INTO inbox (id, smsc, family, session, source_mac, source, destination, text, raw, \
                data_coding, esm_class, state, incarnation, attempts, received_at, done_at)";
    let statements = inserts(into, mos, |tuple, mo| {
        tuple.push(&mo.id[..]).push(&mo.smsc[..]).push(&mo.family[..]);
        tuple.push(&mo.session.0.as_bytes()[..]).push(mo.source_mac.as_ref().map(|mac| &mac[..]));
        tuple.push(&mo.source[..]).push(&mo.destination[..]);
        tuple.push(&mo.text[..]).push(&mo.raw[..]);
        let (state, attempts) = if behind.contains(&mo.id) { (MoState::Waiting, 0) } else { (mo.state, mo.attempts) };
        tuple.push(mo.data_coding).push(mo.esm_class).push(state.code());
        tuple.push(incarnation).push(attempts).push(mo.received_at.0);
        tuple.push(mo.done_at);
    });
    run(&db.conn, statements).map(|_| ())
}

/// An MO to be taken in hand.
pub struct Claim {
    /// Which.
    pub mo: Id,
    /// Nothing else is in hand.
    pub alone: bool,
    /// The time.
    pub now: UnixMs,
}

/// A text of a number goes after the earlier ones that wait at other nodes, no longer than this: whatever keeps one of them there,
/// nobody waits in a circle.
const GOES_AFTER_MS: i64 = 60_000;

macro_rules! claim {
    ($in_turn:literal) => {
        sql!(concat!(
            ") UPDATE inbox SET state = {MoState::Claimed}, alone = v.alone, incarnation = v.incarnation, suspect = 0, \
     attempts = inbox.attempts + 1 FROM v WHERE inbox.id = v.id AND inbox.state = {MoState::Waiting}",
            $in_turn,
            " RETURNING inbox.id, inbox.source_mac"
        ))
    };
}
// one process sees to the order of a number by itself
pub(in crate::store) const CLAIM: Both = Both {
    sqlite: claim!(""),
    postgres: claim!(
        " AND NOT EXISTS (SELECT 1 FROM inbox e WHERE e.state {MoState::OPEN} AND e.source_mac = inbox.source_mac \
     AND e.id <> inbox.id AND (e.state = {MoState::Claimed} OR (e.id < inbox.id AND e.received_at > v.since)))"
    ),
};

/// Takes MOs in hand that wait; returns their senders' records.
pub fn claim(db: &mut Db, claims: &[&Claim]) -> Sql<Vec<Verdict<Option<CitizenRow>>>> {
    let incarnation = db.incarnation;
    let (head, tail) = ("WITH v (id, alone, incarnation, since) AS (", CLAIM.written(db.conn.dialect()));
    let free: Vec<&Claim> = claims.iter().copied().filter(|claim| db.held.has_of(&claim.mo)).collect();
    let statements = values(head, &free, tail, |tuple, claim| {
        tuple.push(&claim.mo[..]).push(claim.alone).push(incarnation).push(claim.now.0 - GOES_AFTER_MS);
    });
    let source = |row: &Row<'_>| Ok((fixed(row, 0)?, perhaps(row, 1)?));
    let sources: HashMap<Id, Option<Mac>> = all(&db.conn, statements, source)?.into_iter().collect();
    let macs: Vec<Mac> = sources.values().copied().flatten().collect();
    let citizens = citizens::several(db, &macs)?;
    let behind = still_waiting(db, claims, &sources)?;
    let verdict = |claim: &&Claim| -> Verdict<Option<CitizenRow>> {
        let not_claimed = if behind.contains(&claim.mo) { StoreFault::Behind } else { StoreFault::Stale };
        let mac = sources.get(&claim.mo).ok_or(not_claimed)?;
        Ok(mac.and_then(|mac| citizens.get(&mac).cloned()))
    };
    Ok(claims.iter().map(verdict).collect())
}

/// Of MOs that were not claimed, those that wait for another one of their number.
fn still_waiting(db: &mut Db, claims: &[&Claim], claimed: &HashMap<Id, Option<Mac>>) -> Sql<HashSet<Id>> {
    if let Locked::All = db.held {
        return Ok(HashSet::new());
    }
    let left: Vec<Id> = claims.iter().map(|claim| claim.mo).filter(|mo| !claimed.contains_key(mo)).collect();
    let head = sql!("SELECT id FROM inbox WHERE state = {MoState::Waiting} AND id IN ");
    Ok(all(&db.conn, within(head, &left, ""), |row| fixed(row, 0))?.into_iter().collect())
}

pub(in crate::store) const RELEASE: &str = sql!(
    ") UPDATE inbox SET state = {MoState::Waiting}, alone = 0 FROM v WHERE inbox.id = v.id \
     AND inbox.state = {MoState::Claimed} AND inbox.incarnation = v.incarnation RETURNING inbox.id"
);

/// Gives MOs back that this run has in hand.
pub fn release(db: &mut Db, mos: &[&Id]) -> Sql<Vec<Verdict<()>>> {
    let incarnation = db.incarnation;
    let statements = values("WITH v (id, incarnation) AS (", mos, RELEASE, |tuple, mo| {
        tuple.push(&mo[..]).push(incarnation);
    });
    let back: HashSet<Id> = all(&db.conn, statements, |row| fixed(row, 0))?.into_iter().collect();
    Ok(mos.iter().map(|mo| if back.contains(*mo) { Ok(()) } else { Err(StoreFault::Stale) }).collect())
}

pub(in crate::store) const FINISH: &str = sql!(
    ") UPDATE inbox SET state = v.state, alone = 0, done_at = v.at FROM v \
     WHERE inbox.id = v.id AND inbox.state = {MoState::Claimed} AND inbox.incarnation = v.incarnation"
);

/// Ends turns that this run has in hand, with all that they cause; returns the segments that are submitting now.
pub fn finish(db: &mut Db, ends: &[&FinishRow]) -> Sql<Vec<Verdict<Vec<MtId>>>> {
    let incarnation = db.incarnation;
    let statements = values("WITH v (id, state, at, incarnation) AS (", ends, FINISH, |tuple, end| {
        tuple.push(&end.mo[..]).push(end.state.code()).push(end.now).push(incarnation);
    });
    match run(&db.conn, statements)? {
        all if all == ends.len() as u64 => {}
        0 => return Ok(ends.iter().map(|_| Err(StoreFault::Stale)).collect()),
        _ => return Err(not_all()),
    }
    let records: Vec<&CitizenRow> = ends.iter().filter_map(|end| end.citizen.as_ref()).collect();
    citizens::remember(db, &records)?;
    let mts: Vec<&MtRow> = ends.iter().flat_map(|end| &end.mts).collect();
    let begun = outbox::insert(db, &mts)?;
    for end in ends {
        if let Some(push) = &end.follow_up {
            pushes::insert(db, push)?;
        }
    }
    let own = |end: &&FinishRow| -> Vec<MtId> {
        let own = end.mts.iter().map(|mt| mt.id).filter(|id| begun.contains(id));
        own.map(|id| MtId(Uuid::from_bytes(id))).collect()
    };
    Ok(ends.iter().map(|end| Ok(own(end))).collect())
}

/// Notes that the telco has read the resps of MOs.
pub fn confirm(db: &mut Db, lists: &[&Vec<Id>]) -> Sql<Vec<Verdict<()>>> {
    let mos: Vec<Id> = lists.iter().flat_map(|mos| mos.iter().copied()).collect();
    let head = sql!("UPDATE inbox SET resp_state = {RespState::Read} WHERE id IN ");
    run(&db.conn, within(head, &mos, ""))?;
    Ok(lists.iter().map(|_| Ok(())).collect())
}

macro_rules! waiting {
    ($in_nobodys_hand:literal) => {
        sql!(concat!(
            "SELECT id, smsc, source, destination, text, received_at, attempts, \
     deaths_alone, suspect FROM inbox WHERE state {MoState::OPEN} AND state = {MoState::Waiting} AND suspect = ?1 \
     AND id > ?2 AND ",
            $in_nobodys_hand,
            " ORDER BY id LIMIT ?4"
        ))
    };
}
pub(in crate::store) const WAITING: Both = Both {
    sqlite: waiting!("?3 = ''"),
    postgres: waiting!("incarnation NOT IN (SELECT n.id FROM incarnation n WHERE n.ended_at IS NULL AND n.node <> ?3)"),
};

fn waits(row: &Row<'_>) -> Sql<WaitingRow> {
    Ok(WaitingRow {
        id: fixed(row, 0)?,
        smsc: SmscName::from(text_in(row, 1)?),
        source: row.get(2)?,
        destination: row.get(3)?,
        text: row.get(4)?,
        received_at: UnixMs(row.get(5)?),
        attempts: row.get(6)?,
        deaths_alone: row.get(7)?,
        suspect: row.get(8)?,
    })
}

/// MOs that wait, by their ids; those that another node has, which lives, are its affair.
pub fn waiting(conn: &Conn, node: &str, suspects: bool, after: Option<CauseId>, limit: usize) -> Sql<Vec<WaitingRow>> {
    let after = after.map(|mo| mo.0.as_bytes().to_vec()).unwrap_or_default();
    conn.rows(WAITING, params![suspects, &after, node, limit as i64], waits)
}

/// MOs stored and not done.
pub fn depth(conn: &Conn) -> Sql<u64> {
    conn.value(sql!("SELECT count(*) FROM inbox WHERE state {MoState::OPEN}"), &[])
}
