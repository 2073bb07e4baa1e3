//! What is destroyed when its time is over, a bounded number of rows at a time.
use super::{audit, feedback, kiosks, messages, windows};
use crate::{
    ports::inbox::DedupeKind,
    store::{
        batch::Db,
        codes::Code,
        conn::{Sql, params},
        statement::sql,
    },
    types::{
        UnixMs,
        limits::{DEDUPE_STRONG, DEDUPE_WEAK, EVENTS_REMEMBERED},
    },
};
use std::time::Duration;

/// Rows of each table that one sweep touches: a text that comes meanwhile waits for its commit. 500 rows wrote a thousand
/// pages in 44 ms, as redelivery keys and message_ids lie anywhere.
const SWEEP_ROWS: i64 = 100;

/// What a sweep removes.
pub struct Sweep {
    /// Texts that ended before.
    pub texts_before: UnixMs,
    /// The time.
    pub now: UnixMs,
}

impl Sweep {
    fn before(&self, span: Duration) -> i64 {
        self.now.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Numbers, texts and dialogues, sealed.
pub(in crate::store) const SEALED: [&str; 4] = [
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
];
pub(in crate::store) const KEYS: &str = "DELETE FROM mo_dedupe WHERE (digest, family) IN (\
    SELECT digest, family FROM mo_dedupe WHERE kind = ?3 AND seen_at < ?1 LIMIT ?2)";
const ORPHANS: &str = "DELETE FROM receipt_orphan WHERE (message_id, family) IN (\
    SELECT message_id, family FROM receipt_orphan WHERE at < ?1 LIMIT ?2)";
const EVENTS: &str = "DELETE FROM event_seen WHERE id IN (SELECT id FROM event_seen WHERE seen_at < ?1 LIMIT ?2)";
const SESSIONS: &str = "DELETE FROM ussd_session WHERE (number_mac, family) IN (\
    SELECT number_mac, family FROM ussd_session WHERE until < ?1 LIMIT ?2)";

/// Returns how many rows it touched.
pub fn sweep(db: &mut Db, sweep: &Sweep) -> Sql<u64> {
    let mut touched = 0;
    for statement in SEALED {
        touched += older(db, statement, sweep.texts_before.0)?;
    }
    let (strong, weak) = (sweep.before(DEDUPE_STRONG), sweep.before(DEDUPE_WEAK));
    for (kind, before) in [(DedupeKind::Strong, strong), (DedupeKind::Segment, weak), (DedupeKind::Weak, weak)] {
        touched += db.conn.execute(KEYS, params![before, SWEEP_ROWS, kind.code()])?;
    }
    let orphans = older(db, ORPHANS, strong)?;
    db.orphans -= i64::try_from(orphans).unwrap_or(0);
    touched += orphans;
    touched += older(db, EVENTS, sweep.before(EVENTS_REMEMBERED))?;
    touched += older(db, SESSIONS, sweep.now.0)?;
    for (statement, before) in messages::old(sweep.texts_before, sweep.now) {
        touched += older(db, statement, before.0)?;
    }
    for (statement, before) in feedback::old(sweep.now) {
        touched += older(db, statement, before.0)?;
    }
    for (statement, before) in kiosks::old(sweep.now) {
        touched += older(db, statement, before.0)?;
    }
    touched += audit::prune(db, UnixMs(sweep.before(db.audit_kept)))?;
    // what ended is forgotten here too; if this commit fails, only ended windows are read as the zeros that they are
    db.tallies.replace(windows::names(&db.conn)?);
    Ok(touched)
}

/// What is older than a moment: `?1` in the statement; `?2`: at most so many rows.
fn older(db: &mut Db, statement: &'static str, before: i64) -> Sql<u64> {
    let done = db.conn.execute(statement, params![before, SWEEP_ROWS])?;
    Ok(done)
}
