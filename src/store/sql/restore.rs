//! What becomes of a database that was restored from a backup: what was open then was ended by the run that went on, as far as anybody
//! knows, so it is ended here without a text. It must not know how a backup is made.
use crate::{
    ports::audit::{Entry, Who},
    store::{
        batch::Db,
        conn::{Conn, Sql, params},
        statement::sql,
    },
    types::UnixMs,
};

/// As long as the portal remembers an Idempotency-Key at least, in milliseconds: what is passed on again until then is carried out
/// once.
const KEYS_REMEMBERED_MS: i64 = 24 * 3_600_000;

/// What a restored database came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It has been worked on since: it is no copy of that time. Nothing was changed.
    Later,
    /// So much was open and is ended.
    Settled(Settled),
}

/// How much was ended without a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Texts that waited for their answer, and parts of texts.
    pub texts: u64,
    /// Segments that were to be sent, or may have been.
    pub segments: u64,
    /// Texts nobody asked for just now.
    pub pushes: u64,
    /// Ratings and complaints that waited for the portal.
    pub feedback: u64,
}

/// Settles a copy of a time.
pub fn settle(db: &mut Db, (of, now): &(UnixMs, UnixMs)) -> Sql<Restored> {
    if is_later(&db.conn, *of)? {
        return Ok(Restored::Later);
    }
    let ended = |sql: &str| db.conn.execute(sql, params![now.0]);
    let texts = ended(sql!("UPDATE inbox SET state = {MoState::Expired}, done_at = ? WHERE state {MoState::OPEN}"))?
        + db.conn.execute("DELETE FROM part", &[])?;
    let segments =
        ended(sql!("UPDATE outbox SET state = {MtState::Expired}, updated_at = ? WHERE state {MtState::OPEN}"))?;
    // what was not due yet nobody can have sent
    let pushes = ended(sql!(
        "UPDATE push SET state = {PushState::Dropped}, done_at = ?1 WHERE state = {PushState::Waiting} AND due <= ?1"
    ))?;
    ended(sql!(
        "UPDATE message SET ended_at = ?1 WHERE ended_at IS NULL AND push IN (\
         SELECT id FROM push WHERE state = {PushState::Dropped} AND done_at = ?1)"
    ))?;
    let feedback = if now.since_ms(*of) < KEYS_REMEMBERED_MS {
        0
    } else {
        ended(sql!(
            "UPDATE feedback SET state = {FeedbackState::GivenUp}, ended_at = ?, said = NULL \
             WHERE state = {FeedbackState::Waiting}"
        ))?
    };
    db.conn.execute("DELETE FROM ussd_session", &[])?;
    // a "1" that comes now answers no question of then
    let sql = "UPDATE citizen SET dialogue = NULL, dialogue_until = 0, in_dialogue = 0 \
        WHERE dialogue IS NOT NULL OR in_dialogue = 1";
    db.conn.execute(sql, &[])?;
    let sql = "INSERT INTO meta (name, value) VALUES ('restored_at', ?) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    db.conn.execute(sql, params![&now.0.to_be_bytes()[..]])?;
    let settled = Settled { texts, segments, pushes, feedback };
    let entry = Entry::new(*now, Who::Operator, "run.restored", of.0).with("texts", texts).with("segments", segments);
    db.note(entry.with("pushes", pushes).with("feedback", feedback));
    Ok(Restored::Settled(settled))
}

/// Whether a run began, or anything was done that the audit log has, after that.
fn is_later(conn: &Conn, than: UnixMs) -> Sql<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM incarnation WHERE started_at > ?1) \
        OR EXISTS (SELECT 1 FROM audit WHERE at > ?1)";
    conn.value(sql, params![than.0])
}

/// When the database was restored last: what the portal tells of the time before was told then, or is old.
pub fn restored_at(conn: &Conn) -> Sql<Option<UnixMs>> {
    let found: Option<Vec<u8>> =
        conn.find("SELECT value FROM meta WHERE name = 'restored_at'", &[], |row| row.get(0))?;
    Ok(found.and_then(|octets| octets.first_chunk::<8>().map(|octets| UnixMs(i64::from_be_bytes(*octets)))))
}
