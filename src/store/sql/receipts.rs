//! Delivery receipts: whose they are, and those that wait for their resp. An id that is exactly that of a segment is
//! settled by one indexed statement; any other is looked up by the few ids it may also be, and `ports::rules::receipts`
//! decides. Nothing here walks over a table.
use crate::{
    ports::{
        outbox::Receipted,
        rules::receipts::{Match, Named, Whose, waited_for, whose},
        states::MtState,
    },
    smpp::message_id::{Fit, Learned, Rule, key_beside, partners},
    store::{
        batch::{Db, Tuple, Verdict, all, code, fixed, perhaps, run, text_in, values, within},
        codes::Code,
        conn::{Both, Conn, Row, Sql, Written, params},
        rows::{Id, Mac, ReceiptRow, SettleRow},
        statement::sql,
    },
    types::names::Family,
};
use std::collections::{HashMap, HashSet};

/// A segment that a receipt may be of.
struct Segment {
    id: Id,
    message_id: String,
    /// Of the number that it went to; `None`: swept.
    number: Option<Mac>,
}

impl Segment {
    fn named(&self) -> Named<'_, Mac> {
        Named { message_id: &self.message_id, number: self.number }
    }
}

/// A receipt that came early.
struct Orphan {
    message_id: String,
    family: String,
    state: MtState,
    rule: Rule,
    number: Option<Mac>,
}

impl Orphan {
    fn named(&self) -> (Named<'_, Mac>, Rule) {
        (Named { message_id: &self.message_id, number: self.number }, self.rule)
    }
}

/// Receipts, each with its place in the batch.
type Placed<'a> = Vec<(usize, &'a ReceiptRow)>;

pub(in crate::store) const EXACT: &str = sql!(
    ") UPDATE outbox SET state = v.state, updated_at = v.at FROM v \
     WHERE outbox.message_id = v.message_id AND outbox.family = v.family \
     AND outbox.message_id IS NOT NULL AND outbox.state = {MtState::Sent}"
);
/// Who has just got this last word; or had it in the same millisecond, which makes no difference to anybody.
macro_rules! ended {
    ($join:literal) => {
        concat!(
            ") SELECT v.message_id, v.family FROM v ",
            $join,
            " outbox o \
    ON o.message_id = v.message_id AND o.family = v.family \
    WHERE o.message_id IS NOT NULL AND o.state = v.state AND o.updated_at = v.at"
        )
    };
}
pub(in crate::store) const ENDED: Both = Both { sqlite: ended!("CROSS JOIN"), postgres: ended!("JOIN") };

/// Stores receipts, on their segments or for later.
pub fn receive(db: &mut Db, receipts: &[&ReceiptRow]) -> Sql<Vec<Verdict<Receipted>>> {
    let with = |tail| {
        values("WITH v (message_id, family, state, at) AS (", receipts, tail, |tuple, row| {
            tuple.push(&row.message_id[..]).push(&row.family[..]);
            tuple.push(row.state.code()).push(row.now);
        })
    };
    let ended = run(&db.conn, with(EXACT))?;
    if ended == receipts.len() as u64 {
        return Ok(receipts.iter().map(|_| Ok(Receipted::Exact)).collect());
    }
    let name = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let known = if ended == 0 { Vec::new() } else { all(&db.conn, with(ENDED.written(db.conn.dialect())), name)? };
    let known: HashSet<(String, String)> = known.into_iter().collect();
    let is_strange = |row: &ReceiptRow| !known.contains(&(row.message_id.clone(), row.family.clone()));
    let strange: Placed<'_> = receipts.iter().copied().enumerate().filter(|(_, row)| is_strange(row)).collect();
    let mut answers = vec![Receipted::Exact; receipts.len()];
    let mut segments = segments(db, &strange)?;
    let mut nobodys = Vec::new();
    for (at, row) in strange {
        answers[at] = find(db, row, &segments.remove(&at).unwrap_or_default())?;
        if answers[at] == Receipted::Orphan {
            nobodys.push(row);
        }
    }
    keep(db, &nobodys)?;
    Ok(answers.into_iter().map(Ok).collect())
}

/// Gives a receipt to the segment that it is of, of those that it may be of, unless that has its last word already.
fn find(db: &mut Db, row: &ReceiptRow, segments: &[Segment]) -> Sql<Receipted> {
    let candidates: Vec<Named<'_, Mac>> = segments.iter().map(Segment::named).collect();
    let receipt = Named { message_id: &row.message_id, number: row.number };
    match whose(receipt, row.rule, &candidates, db.learned(&row.family)) {
        Whose::Of(fits) => {
            let taken = end(db, segments[fits.which].id, row.state, row.now)?;
            confirm(db, &row.family, &fits)?;
            Ok(if taken { fits.receipted() } else { Receipted::Repeated })
        }
        Whose::Repeated => Ok(Receipted::Repeated),
        Whose::Nobody => Ok(Receipted::Orphan),
    }
}

/// The last word on a segment; `false` when it has one.
fn end(db: &mut Db, mt: Id, state: MtState, now: i64) -> Sql<bool> {
    let sql = sql!("UPDATE outbox SET state = ?, updated_at = ? WHERE id = ? AND state = {MtState::Sent}");
    let done = db.conn.execute(sql, params![state.code(), now, &mt[..]])?;
    Ok(done > 0)
}

/// Learns from a pair whose number agreed as well. What is learned in a transaction that fails is as true, and is written
/// again with the second case, the fourth and so on.
fn confirm(db: &mut Db, family: &str, fits: &Match) -> Sql<()> {
    if !fits.proven {
        return Ok(());
    }
    let learned = db.learned.entry(family.to_owned()).or_default();
    if learned.confirm(fits.fit) {
        let how = if fits.fit == Fit::ReceiptHex { "hexadecimal" } else { "decimal" };
        tracing::info!(family, "receipts write ids in {how}, unlike submit_sm_resp: they are converted from now on");
    }
    if !learned.count(fits.fit).is_power_of_two() {
        return Ok(());
    }
    let (decimal, hex) = (learned.receipt_decimal, learned.receipt_hex);
    db.conn.execute(
        "INSERT INTO message_id_learned (family, receipt_decimal, receipt_hex) VALUES (?, ?, ?) \
         ON CONFLICT (family) DO UPDATE SET receipt_decimal = excluded.receipt_decimal, \
         receipt_hex = excluded.receipt_hex",
        params![family, i64::try_from(decimal).unwrap_or(i64::MAX), i64::try_from(hex).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// What was learned before, by family.
pub fn learned(conn: &Conn) -> Sql<Vec<(Family, Learned)>> {
    let sql = "SELECT family, receipt_decimal, receipt_hex FROM message_id_learned ORDER BY family";
    conn.rows(sql, &[], |row| {
        let learned = Learned { receipt_decimal: row.get(1)?, receipt_hex: row.get(2)? };
        Ok((Family::from(text_in(row, 0)?), learned))
    })
}

/// Whoever has one of these ids or keys: `v (n, wanted, family)` holds what is looked for, and the outer loop is
/// over those few.
macro_rules! segments {
    ($join:literal) => {
        concat!(
            ") SELECT v.n, o.id, o.message_id, o.number_mac FROM v ",
            $join,
            " outbox o \
    ON o.message_id = v.wanted AND o.family = v.family WHERE o.message_id IS NOT NULL \
    UNION SELECT v.n, o.id, o.message_id, o.number_mac FROM v ",
            $join,
            " outbox o \
    ON o.message_key = v.wanted AND o.family = v.family WHERE o.message_key IS NOT NULL"
        )
    };
}
pub(in crate::store) const SEGMENTS: Both = Both { sqlite: segments!("CROSS JOIN"), postgres: segments!("JOIN") };

/// Segments that each receipt may be of, by its place.
fn segments(db: &mut Db, strange: &Placed<'_>) -> Sql<HashMap<usize, Vec<Segment>>> {
    let wanted = wanted(strange.iter().map(|(at, row)| (*at as i64, &row.message_id, &row.family)));
    let tail = SEGMENTS.written(db.conn.dialect());
    let statements = values("WITH v (n, wanted, family) AS (", &wanted, tail, bind_wanted);
    let mut found: HashMap<usize, Vec<Segment>> = HashMap::new();
    for (at, segment) in all(&db.conn, statements, |row| Ok((row.get::<i64>(0)?, segment(row)?)))? {
        let others = found.entry(at as usize).or_default();
        // two of the ids that were looked for may lead to one segment
        if !others.iter().any(|other| other.id == segment.id) {
            others.push(segment);
        }
    }
    Ok(found)
}

fn segment(row: &Row<'_>) -> Sql<Segment> {
    Ok(Segment { id: fixed(row, 1)?, message_id: row.get(2)?, number: perhaps(row, 3)? })
}

/// `(n, id or key, family)` of everything that an id may also be.
fn wanted<'a>(of: impl Iterator<Item = (i64, &'a String, &'a String)>) -> Vec<(i64, String, String)> {
    of.flat_map(|(n, id, family)| partners(id).into_iter().map(move |wanted| (n, wanted, family.clone()))).collect()
}

fn bind_wanted<'a>(tuple: &mut Tuple<'a>, (n, wanted, family): &'a (i64, String, String)) {
    tuple.push(*n).push(&wanted[..]).push(&family[..]);
}

/// Keeps receipts until a resp names them.
fn keep(db: &mut Db, strange: &[&ReceiptRow]) -> Sql<()> {
    let head = "INSERT INTO receipt_orphan (message_id, family, state, at, message_key, rule, number_mac) ";
    let keyed: Vec<(&ReceiptRow, Option<String>)> =
        strange.iter().map(|row| (*row, key_beside(&row.message_id))).collect();
    let statements = values(head, &keyed, " ON CONFLICT DO NOTHING", |tuple, (row, key)| {
        tuple.push(&row.message_id[..]).push(&row.family[..]);
        tuple.push(row.state.code()).push(row.now).push(key.as_deref());
        tuple.push(row.rule.code()).push(row.number.as_ref().map(|mac| &mac[..]));
    });
    db.orphans += i64::try_from(run(&db.conn, statements)?).unwrap_or(0);
    Ok(())
}

macro_rules! orphans {
    ($join:literal) => {
        concat!(
            ") SELECT v.n, r.message_id, r.family, r.state, r.rule, r.number_mac FROM v \
    ",
            $join,
            " receipt_orphan r ON r.message_id = v.wanted AND r.family = v.family \
    UNION SELECT v.n, r.message_id, r.family, r.state, r.rule, r.number_mac FROM v \
    ",
            $join,
            " receipt_orphan r ON r.message_key = v.wanted AND r.family = v.family WHERE r.message_key IS NOT NULL"
        )
    };
}
pub(in crate::store) const ORPHANS: Both = Both { sqlite: orphans!("CROSS JOIN"), postgres: orphans!("JOIN") };

/// Writes the keys of ids that are not their own key: by a statement of its own, so that the usual ids pay nothing
/// for the others.
pub fn name(db: &mut Db, settled: &[&SettleRow]) -> Sql<()> {
    let of = |row: &SettleRow| {
        let id = row.message_id.clone()?;
        Some((row.mt, key_beside(&id)?, id))
    };
    let keyed: Vec<(Id, String, String)> = settled.iter().filter_map(|row| of(row)).collect();
    let tail =
        ") UPDATE outbox SET message_key = v.key FROM v WHERE outbox.id = v.id AND outbox.message_id = v.message_id";
    run(
        &db.conn,
        values("WITH v (id, key, message_id) AS (", &keyed, tail, |tuple, (mt, key, id)| {
            tuple.push(&mt[..]).push(&key[..]).push(&id[..]);
        }),
    )?;
    Ok(())
}

/// Gives receipts that came early to the segments that have just got their message ids.
pub fn adopt(db: &mut Db, sent: &[Id]) -> Sql<()> {
    let head = sql!(
        "SELECT 0, id, message_id, number_mac, family FROM outbox \
         WHERE state = {MtState::Sent} AND message_id IS NOT NULL AND id IN "
    );
    let named = |row: &Row<'_>| Ok((segment(row)?, row.get::<String>(4)?));
    let named = all(&db.conn, within(head, sent, ""), named)?;
    let of = named.iter().enumerate();
    let wanted = wanted(of.map(|(n, (segment, family))| (n as i64, &segment.message_id, family)));
    let tail = ORPHANS.written(db.conn.dialect());
    let statements = values("WITH v (n, wanted, family) AS (", &wanted, tail, bind_wanted);
    let mut orphans: HashMap<i64, Vec<Orphan>> = HashMap::new();
    for (n, orphan) in all(&db.conn, statements, |row| Ok((row.get(0)?, orphan(row)?)))? {
        orphans.entry(n).or_default().push(orphan);
    }
    let mut chosen = Vec::new();
    for (n, (segment, _)) in named.into_iter().enumerate() {
        let orphans = orphans.get(&(n as i64)).map_or(&[][..], Vec::as_slice);
        chosen.extend(choose_orphan(db, segment, orphans));
    }
    // what fits exactly takes its receipt before another segment can
    chosen.sort_by_key(|adoption| adoption.fits.fit);
    for adoption in chosen {
        adopt_one(db, &adoption)?;
    }
    Ok(())
}

/// A segment and the receipt that was found for it.
struct Adoption<'a> {
    segment: Segment,
    orphan: &'a Orphan,
    fits: Match,
}

fn orphan(row: &Row<'_>) -> Sql<Orphan> {
    Ok(Orphan {
        message_id: row.get(1)?,
        family: row.get(2)?,
        state: code(row, 3)?,
        rule: Rule::of_code(row.get(4)?),
        number: perhaps(row, 5)?,
    })
}

fn choose_orphan<'a>(db: &Db, segment: Segment, orphans: &'a [Orphan]) -> Option<Adoption<'a>> {
    let receipts: Vec<(Named<'_, Mac>, Rule)> = orphans.iter().map(Orphan::named).collect();
    let fits = waited_for(segment.named(), &receipts, db.learned(&orphans.first()?.family))?;
    Some(Adoption { orphan: &orphans[fits.which], fits, segment })
}

fn adopt_one(db: &mut Db, adoption: &Adoption<'_>) -> Sql<()> {
    let Adoption { segment, orphan, fits } = adoption;
    let gone = db.conn.execute(
        "DELETE FROM receipt_orphan WHERE message_id = ? AND family = ?",
        params![&orphan.message_id, &orphan.family],
    )?;
    // another segment of this commit may have got it
    if gone == 0 {
        return Ok(());
    }
    db.orphans -= i64::try_from(gone).unwrap_or(0);
    db.conn.execute(
        sql!("UPDATE outbox SET state = ? WHERE id = ? AND state = {MtState::Sent}"),
        params![orphan.state.code(), &segment.id[..]],
    )?;
    confirm(db, &orphan.family, fits)?;
    let (family, how) = (orphan.family.clone(), fits.receipted().as_str());
    metrics::counter!("chrak_receipts_adopted_total", "family" => family, "result" => how).increment(1);
    Ok(())
}
