//! Dead letters for who looks at them from beside the server. It must not know who that is.
use super::{
    conn::Conn,
    look::{self, LookError, Place},
    rows::Id,
    seal::Keys,
    sql::{audit, dead},
    sqlite::Access,
};
use crate::{
    ports::{
        audit::Who,
        dead::{DeadLetter, Requeued},
    },
    types::{CauseId, UnixMs},
};

/// Dead letters that are shown or requeued at once.
pub const MOST: usize = 1_000;

/// Those that are kept, the youngest first.
///
/// # Errors
/// When the database cannot be looked at.
pub async fn list(place: Place, keys: Keys) -> Result<Vec<DeadLetter>, LookError> {
    look::at(place, Access::Read, keys, |conn, keys| dead::list(conn, keys, MOST)).await
}

/// Has these answered after all; what became of each.
///
/// # Errors
/// When the database does not take it; then nothing is changed.
pub async fn requeue(place: Place, keys: Keys, ids: Vec<CauseId>, now: UnixMs) -> Result<Vec<Requeued>, LookError> {
    look::at(place, Access::Write, keys, move |conn, keys| {
        look::change(conn, || {
            let (mut all, mut entries) = (Vec::new(), Vec::new());
            for id in &ids {
                let (requeued, entry) = dead::requeue(conn, octets(id), now, Who::CommandLine)?;
                all.push(requeued);
                entries.extend(entry);
            }
            audit::append(conn, keys, 0, &entries)?;
            Ok(all)
        })
    })
    .await
}

/// Destroys what one said; whether there was one.
///
/// # Errors
/// When the database does not take it.
pub async fn end(place: Place, keys: Keys, id: CauseId, now: UnixMs) -> Result<bool, LookError> {
    look::at(place, Access::Write, keys, move |conn: &Conn, keys| {
        look::change(conn, || {
            let entry = dead::end(conn, octets(&id), now, Who::CommandLine)?;
            let done = entry.is_some();
            audit::append(conn, keys, 0, entry.as_slice())?;
            Ok(done)
        })
    })
    .await
}

fn octets(id: &CauseId) -> &Id {
    id.0.as_bytes()
}
