//! A start on a database that was restored from a backup. It must not know how a backup is made.
use super::{Fault, clock::SystemClock, operating};
use crate::{
    ports::clock::Clock,
    store::{DbStore, Restored, Settled},
    types::UnixMs,
};

/// When the copy was taken, as it was written on the command line.
///
/// # Errors
/// [`Fault::Usage`] for no time, or one that lies ahead.
pub(super) fn taken_at(text: &str) -> Result<UnixMs, Fault> {
    let at = operating::written("--restored-from", text)?;
    if at > SystemClock.now() {
        return Err(Fault::Usage(format!(
            "--restored-from {text}: lies ahead; give the time that chrak backup printed"
        )));
    }
    Ok(at)
}

/// Ends what was open in the copy, if it is one. Of what the portal says happened until the time that is returned nobody is told.
///
/// # Errors
/// [`Fault::Usage`] when the database has been worked on since; [`Fault::Run`] when it takes nothing.
pub(super) async fn settle(store: &DbStore, taken_at: Option<UnixMs>, now: UnixMs) -> Result<UnixMs, Fault> {
    let failed = |fault| Fault::Run(format!("the database: {fault}"));
    if let Some(of) = taken_at {
        match store.restored(of, now).await.map_err(failed)? {
            Restored::Later => {
                let why = "--restored-from: the database has been worked on after that time, so it is no copy of then: put the copy in its \
                           place, or start without --restored-from when that was done already";
                return Err(Fault::Usage(why.to_owned()));
            }
            Restored::Settled(Settled { texts, segments, pushes, feedback }) => tracing::warn!(
                texts,
                segments,
                pushes,
                feedback,
                "the database was restored: what was open then is ended without a text, and of events until now nobody is told"
            ),
        }
    }
    Ok(store.restored_at().await.map_err(failed)?.unwrap_or(UnixMs(0)))
}
