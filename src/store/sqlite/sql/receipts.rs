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
        codes::Code,
        rows::{Id, Mac, ReceiptRow, SettleRow},
        sqlite::batch::{Db, Sql, Verdict, all, code, fixed, perhaps, run, values, within},
        statement::sql,
    },
    types::names::Family,
};
use sqlx::{Row, query_builder::Separated, sqlite::SqliteRow};
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

pub(super) const EXACT: &str = sql!(
    ") UPDATE outbox SET state = v.state, updated_at = v.at FROM v \
     WHERE outbox.message_id = v.message_id AND outbox.family = v.family \
     AND outbox.message_id IS NOT NULL AND outbox.state = {MtState::Sent}"
);
/// Who has just got this last word; or had it in the same millisecond, which makes no difference to anybody.
pub(super) const ENDED: &str = ") SELECT v.message_id, v.family FROM v CROSS JOIN outbox o \
    ON o.message_id = v.message_id AND o.family = v.family \
    WHERE o.message_id IS NOT NULL AND o.state = v.state AND o.updated_at = v.at";

/// Stores receipts, on their segments or for later.
pub async fn receive(db: &mut Db, receipts: &[&ReceiptRow]) -> Sql<Vec<Verdict<Receipted>>> {
    let with = |tail| {
        values("WITH v (message_id, family, state, at) AS (", receipts, tail, |tuple, row| {
            tuple.push_bind(row.message_id.clone()).push_bind(row.family.clone());
            tuple.push_bind(row.state.code()).push_bind(row.now);
        })
    };
    let ended = run(&mut db.conn, with(EXACT)).await?;
    if ended == receipts.len() as u64 {
        return Ok(receipts.iter().map(|_| Ok(Receipted::Exact)).collect());
    }
    let mut known = HashSet::new();
    let rows = if ended == 0 { Vec::new() } else { all(&mut db.conn, with(ENDED)).await? };
    for row in rows {
        known.insert((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
    }
    let is_strange = |row: &ReceiptRow| !known.contains(&(row.message_id.clone(), row.family.clone()));
    let strange: Placed<'_> = receipts.iter().copied().enumerate().filter(|(_, row)| is_strange(row)).collect();
    let mut answers = vec![Receipted::Exact; receipts.len()];
    let mut segments = segments(db, &strange).await?;
    let mut nobodys = Vec::new();
    for (at, row) in strange {
        answers[at] = find(db, row, &segments.remove(&at).unwrap_or_default()).await?;
        if answers[at] == Receipted::Orphan {
            nobodys.push(row);
        }
    }
    keep(db, &nobodys).await?;
    Ok(answers.into_iter().map(Ok).collect())
}

/// Gives a receipt to the segment that it is of, of those that it may be of, unless that has its last word already.
async fn find(db: &mut Db, row: &ReceiptRow, segments: &[Segment]) -> Sql<Receipted> {
    let candidates: Vec<Named<'_, Mac>> = segments.iter().map(Segment::named).collect();
    let receipt = Named { message_id: &row.message_id, number: row.number };
    match whose(receipt, row.rule, &candidates, db.learned(&row.family)) {
        Whose::Of(fits) => {
            let taken = end(db, segments[fits.which].id, row.state, row.now).await?;
            confirm(db, &row.family, &fits).await?;
            Ok(if taken { fits.receipted() } else { Receipted::Repeated })
        }
        Whose::Repeated => Ok(Receipted::Repeated),
        Whose::Nobody => Ok(Receipted::Orphan),
    }
}

/// The last word on a segment; `false` when it has one.
async fn end(db: &mut Db, mt: Id, state: MtState, now: i64) -> Sql<bool> {
    let sql = sql!("UPDATE outbox SET state = ?, updated_at = ? WHERE id = ? AND state = {MtState::Sent}");
    let done = sqlx::query(sql).bind(state.code()).bind(now).bind(&mt[..]).execute(&mut db.conn).await?;
    Ok(done.rows_affected() > 0)
}

/// Learns from a pair whose number agreed as well. What is learned in a transaction that fails is as true, and is written
/// again with the second case, the fourth and so on.
async fn confirm(db: &mut Db, family: &str, fits: &Match) -> Sql<()> {
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
    sqlx::query(
        "INSERT INTO message_id_learned (family, receipt_decimal, receipt_hex) VALUES (?, ?, ?) \
         ON CONFLICT (family) DO UPDATE SET receipt_decimal = excluded.receipt_decimal, \
         receipt_hex = excluded.receipt_hex",
    )
    .bind(family)
    .bind(i64::try_from(decimal).unwrap_or(i64::MAX))
    .bind(i64::try_from(hex).unwrap_or(i64::MAX))
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// What was learned before, by family.
pub async fn learned<'e>(from: impl sqlx::SqliteExecutor<'e>) -> Sql<Vec<(Family, Learned)>> {
    let sql = "SELECT family, receipt_decimal, receipt_hex FROM message_id_learned ORDER BY family";
    let rows = sqlx::query(sql).fetch_all(from).await?;
    let learned = |row: &SqliteRow| {
        let learned = Learned { receipt_decimal: row.try_get(1)?, receipt_hex: row.try_get(2)? };
        Ok((Family::from(row.try_get::<&str, _>(0)?), learned))
    };
    rows.iter().map(learned).collect()
}

/// Whoever has one of these ids or keys: `v (n, wanted, family)` holds what is looked for, and the outer loop is
/// over those few.
pub(super) const SEGMENTS: &str = ") SELECT v.n, o.id, o.message_id, o.number_mac FROM v CROSS JOIN outbox o \
    ON o.message_id = v.wanted AND o.family = v.family WHERE o.message_id IS NOT NULL \
    UNION SELECT v.n, o.id, o.message_id, o.number_mac FROM v CROSS JOIN outbox o \
    ON o.message_key = v.wanted AND o.family = v.family WHERE o.message_key IS NOT NULL";

/// Segments that each receipt may be of, by its place.
async fn segments(db: &mut Db, strange: &Placed<'_>) -> Sql<HashMap<usize, Vec<Segment>>> {
    let wanted = wanted(strange.iter().map(|(at, row)| (*at as i64, &row.message_id, &row.family)));
    let rows = all(&mut db.conn, values("WITH v (n, wanted, family) AS (", &wanted, SEGMENTS, bind_wanted)).await?;
    let mut found: HashMap<usize, Vec<Segment>> = HashMap::new();
    for row in rows {
        let at: i64 = row.try_get(0)?;
        let segment = segment(&row)?;
        let others = found.entry(at as usize).or_default();
        // two of the ids that were looked for may lead to one segment
        if !others.iter().any(|other| other.id == segment.id) {
            others.push(segment);
        }
    }
    Ok(found)
}

fn segment(row: &SqliteRow) -> Sql<Segment> {
    Ok(Segment { id: fixed(row, 1)?, message_id: row.try_get(2)?, number: perhaps(row, 3)? })
}

/// `(n, id or key, family)` of everything that an id may also be.
fn wanted<'a>(of: impl Iterator<Item = (i64, &'a String, &'a String)>) -> Vec<(i64, String, String)> {
    of.flat_map(|(n, id, family)| partners(id).into_iter().map(move |wanted| (n, wanted, family.clone()))).collect()
}

fn bind_wanted(tuple: &mut Separated<'_, sqlx::Sqlite, &'static str>, (n, wanted, family): &(i64, String, String)) {
    tuple.push_bind(*n).push_bind(wanted.clone()).push_bind(family.clone());
}

/// Keeps receipts until a resp names them.
async fn keep(db: &mut Db, strange: &[&ReceiptRow]) -> Sql<()> {
    let head = "INSERT INTO receipt_orphan (message_id, family, state, at, message_key, rule, number_mac) ";
    let tail = " ON CONFLICT DO NOTHING RETURNING at";
    let kept = all(
        &mut db.conn,
        values(head, strange, tail, |tuple, row| {
            tuple.push_bind(row.message_id.clone()).push_bind(row.family.clone());
            tuple.push_bind(row.state.code()).push_bind(row.now).push_bind(key_beside(&row.message_id));
            tuple.push_bind(row.rule.code()).push_bind(row.number.map(Vec::from));
        }),
    )
    .await?;
    db.orphans += i64::try_from(kept.len()).unwrap_or(0);
    Ok(())
}

pub(super) const ORPHANS: &str = ") SELECT v.n, r.message_id, r.family, r.state, r.rule, r.number_mac FROM v \
    CROSS JOIN receipt_orphan r ON r.message_id = v.wanted AND r.family = v.family \
    UNION SELECT v.n, r.message_id, r.family, r.state, r.rule, r.number_mac FROM v \
    CROSS JOIN receipt_orphan r ON r.message_key = v.wanted AND r.family = v.family WHERE r.message_key IS NOT NULL";

/// Writes the keys of ids that are not their own key: by a statement of its own, so that the usual ids pay nothing
/// for the others.
pub async fn name(db: &mut Db, settled: &[&SettleRow]) -> Sql<()> {
    let of = |row: &SettleRow| {
        let id = row.message_id.clone()?;
        Some((row.mt, key_beside(&id)?, id))
    };
    let keyed: Vec<(Id, String, String)> = settled.iter().filter_map(|row| of(row)).collect();
    let tail =
        ") UPDATE outbox SET message_key = v.key FROM v WHERE outbox.id = v.id AND outbox.message_id = v.message_id";
    run(
        &mut db.conn,
        values("WITH v (id, key, message_id) AS (", &keyed, tail, |tuple, (mt, key, id)| {
            tuple.push_bind(&mt[..]).push_bind(key.clone()).push_bind(id.clone());
        }),
    )
    .await?;
    Ok(())
}

/// Gives receipts that came early to the segments that have just got their message ids.
pub async fn adopt(db: &mut Db, sent: &[Id]) -> Sql<()> {
    let head = sql!(
        "SELECT 0, id, message_id, number_mac, family FROM outbox \
         WHERE state = {MtState::Sent} AND message_id IS NOT NULL AND id IN "
    );
    let rows = all(&mut db.conn, within(head, sent, "")).await?;
    let ids: Vec<(String, String)> =
        rows.iter().map(|row| Ok((row.try_get(2)?, row.try_get(4)?))).collect::<Sql<_>>()?;
    let wanted = wanted(ids.iter().enumerate().map(|(n, (id, family))| (n as i64, id, family)));
    let found = all(&mut db.conn, values("WITH v (n, wanted, family) AS (", &wanted, ORPHANS, bind_wanted)).await?;
    let mut orphans: HashMap<i64, Vec<Orphan>> = HashMap::new();
    for row in &found {
        orphans.entry(row.try_get(0)?).or_default().push(orphan(row)?);
    }
    let mut chosen = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let orphans = orphans.get(&(n as i64)).map_or(&[][..], Vec::as_slice);
        chosen.extend(choose_orphan(db, segment(row)?, orphans));
    }
    // what fits exactly takes its receipt before another segment can
    chosen.sort_by_key(|adoption| adoption.fits.fit);
    for adoption in chosen {
        adopt_one(db, &adoption).await?;
    }
    Ok(())
}

/// A segment and the receipt that was found for it.
struct Adoption<'a> {
    segment: Segment,
    orphan: &'a Orphan,
    fits: Match,
}

fn orphan(row: &SqliteRow) -> Sql<Orphan> {
    Ok(Orphan {
        message_id: row.try_get(1)?,
        family: row.try_get(2)?,
        state: code(row, 3)?,
        rule: Rule::of_code(row.try_get(4)?),
        number: perhaps(row, 5)?,
    })
}

fn choose_orphan<'a>(db: &Db, segment: Segment, orphans: &'a [Orphan]) -> Option<Adoption<'a>> {
    let receipts: Vec<(Named<'_, Mac>, Rule)> = orphans.iter().map(Orphan::named).collect();
    let fits = waited_for(segment.named(), &receipts, db.learned(&orphans.first()?.family))?;
    Some(Adoption { orphan: &orphans[fits.which], fits, segment })
}

async fn adopt_one(db: &mut Db, adoption: &Adoption<'_>) -> Sql<()> {
    let Adoption { segment, orphan, fits } = adoption;
    let gone = sqlx::query("DELETE FROM receipt_orphan WHERE message_id = ? AND family = ?")
        .bind(&orphan.message_id)
        .bind(&orphan.family)
        .execute(&mut db.conn)
        .await?
        .rows_affected();
    // another segment of this commit may have got it
    if gone == 0 {
        return Ok(());
    }
    db.orphans -= i64::try_from(gone).unwrap_or(0);
    sqlx::query(sql!("UPDATE outbox SET state = ? WHERE id = ? AND state = {MtState::Sent}"))
        .bind(orphan.state.code())
        .bind(&segment.id[..])
        .execute(&mut db.conn)
        .await?;
    confirm(db, &orphan.family, fits).await?;
    let (family, how) = (orphan.family.clone(), fits.receipted().as_str());
    metrics::counter!("chrak_receipts_adopted_total", "family" => family, "result" => how).increment(1);
    Ok(())
}
