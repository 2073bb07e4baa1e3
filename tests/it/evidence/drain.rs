//! The program comes back with nothing in its way: what was acknowledged is answered soon, and in the end nothing is open. It
//! must not know what it came back from.
use super::{
    judge,
    site::{Open, Site, close, onlooker, open_rows},
};
use crate::support::program::Program;
use std::time::{Duration, Instant};

/// How long what is certain may take, and what is not: 15 s after its bind came back.
const SOON: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Nothing in hand, except behind what is uncertain.
fn is_quiet(open: Open) -> bool {
    open.texts == 0 && open.submitting == 0 && (open.queued == 0 || open.uncertain > 0)
}

fn is_empty(open: Open) -> bool {
    open == Open { texts: 0, queued: 0, submitting: 0, uncertain: 0, pushes: 0 }
}

async fn until(site: &mut Site, program: &mut Program, patience: Duration, whole: bool) {
    let end = Instant::now() + patience;
    let mut conn = None;
    loop {
        site.look();
        if conn.is_none() {
            conn = onlooker(&site.database()).await;
        }
        let open = match &mut conn {
            Some(conn) => open_rows(conn).await,
            None => None,
        };
        let acked = site.telco.unacked() == 0 && site.telco.snapshot().mo.iter().all(|mo| mo.acked_at.is_some());
        let ready = program.listen().contains("ready http=");
        let done = ready && open.is_some_and(|open| if whole { is_empty(open) } else { is_quiet(open) });
        if acked && done && (!whole || judge::is_all_heard(site)) {
            break;
        }
        let status = program.exited();
        assert!(status.is_none(), "it ended by itself, {status:?}; it said:\n{}\n{}", program.listen(), site.told());
        assert!(
            Instant::now() < end,
            "not settled within {patience:?}: {open:?}, unacknowledged {}; it said:\n{}\n{}",
            site.telco.unacked(),
            program.listen(),
            site.told()
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
    if let Some(conn) = conn {
        close(conn).await;
    }
}

/// A start without a fault answers what was left, and is ended in a moment of quiet.
pub async fn recover(site: &mut Site) {
    let mut program = site.plain();
    until(site, &mut program, SOON, false).await;
    program.kill();
    site.after_death().await;
}

/// The last start: everything is answered and decided, bounds are kept, and it ends when told.
pub async fn finish(site: &mut Site) {
    let mut program = site.plain();
    until(site, &mut program, WHOLE, true).await;
    judge::bounds(site, program.id());
    program.signal("TERM");
    let code = program.ended(Duration::from_secs(25)).code();
    assert_eq!(code, Some(0), "{}\n{}", program.log, site.told());
    assert!(!program.log.contains("a panic"), "{}\n{}", program.log, site.told());
    site.after_death().await;
}
