//! An office moves from SQLite to PostgreSQL: whole, once, and what was open is answered there.
use super::{Base, sqlite};
use crate::{
    crash::{WINDOW, feed, slow_portal},
    support::{
        app,
        postgres::Server,
        program::{self, Program, run},
    },
};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

const TEXTS: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_office_moves_to_postgresql_and_goes_on_where_it_stopped() {
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), slow_portal().await, app::telco().await);
    let more = format!("window = {WINDOW}\nmax_tps = 0\n");
    let base = Base::Sqlite(tempfile::tempdir().expect("a folder"));
    let config = base.config(folder.path(), telco.addr(), portal.addr(), &more);
    let file = folder.path().join("data/chrak.db");
    let (from, database) = (format!("sqlite:{}", file.display()), Server::shared().database());
    let to = Server::shared().url(&database);
    let mut node = Program::start(&["serve", "--config", &config], &[]);
    node.said("ready");
    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(60)));
    let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let busy = app::eventually(Duration::from_secs(20), || (telco.counters().mt > 30).then_some(())).await;
    assert!(busy.is_some(), "{}", node.listen());
    let lives = run(&["migrate", "--from", &from, "--to", &to]);
    assert!(lives.code == Some(1) && lives.err.contains("in use by another process"), "{:?} {}", lives.code, lives.err);
    allowed.store(TEXTS, Ordering::Relaxed);
    let busy = app::eventually(Duration::from_secs(20), || (telco.counters().mt > 90).then_some(())).await;
    assert!(busy.is_some(), "{}", node.listen());
    // killed in the middle of its work, so that much is open
    node.kill();
    let open = "SELECT (SELECT count(*) FROM inbox WHERE state < 2) + (SELECT count(*) FROM outbox WHERE state < 3)";
    assert_ne!(sqlite(&file, open).await, "0", "something is open");
    let in_flight: u64 = sqlite(&file, "SELECT count(*) FROM outbox WHERE state = 1").await.parse().expect("a number");
    let rows = sqlite(&file, "SELECT count(*) FROM inbox").await;
    for (wrong, other) in [("mysql:x", to.as_str()), (from.as_str(), "sqlite:x")] {
        assert_eq!(run(&["migrate", "--from", wrong, "--to", other]).code, Some(2));
    }

    let copy = folder.path().join("data/copy.db");
    std::fs::copy(&file, &copy).expect("copied");
    let moved = run(&["migrate", "--from", &from, "--to", &to]);
    assert!(moved.code == Some(0) && moved.out.contains("the same on both sides"), "{}{}", moved.out, moved.err);
    assert!(moved.out.contains(&format!("inbox: {rows} rows, sum ")), "{}", moved.out);
    assert!(!file.exists() && folder.path().join("data/chrak.db.moved").exists());
    let again = run(&["migrate", "--from", &format!("sqlite:{}", copy.display()), "--to", &to]);
    assert!(again.code == Some(2) && again.err.contains("is not empty"), "{:?} {}", again.code, again.err);
    let left = run(&["serve", "--config", &config]);
    assert!(left.code == Some(1) && left.err.contains("missing or empty"), "{:?} {}", left.code, left.err);

    // the same folder and key file, another database
    let path = program::config(folder.path(), telco.addr(), portal.addr(), &more);
    let text = std::fs::read_to_string(&path).expect("read");
    std::fs::write(&path, text.replacen("[http]", &format!("[database]\nurl = \"{to}\"\n[http]"), 1)).expect("written");
    let mut node = Program::start(&["serve", "--config", &config], &[]);
    node.said("ready");
    let settled = app::eventually(Duration::from_secs(90), || {
        let seen = telco.snapshot();
        let answered: HashSet<&str> = seen.mt.iter().map(|mt| mt.to.as_str()).collect();
        let whole = seen.mo.len() as u64 >= TEXTS && seen.mo.iter().all(|mo| answered.contains(mo.from.as_str()));
        (whole && telco.unacked() == 0).then_some(())
    });
    assert!(settled.await.is_some(), "not everything was answered: {}", node.listen());
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");
    let twice = telco.counters().mt.saturating_sub(TEXTS);
    // what the killed run had in flight may come once more; one text alone in hand may be apologised for
    assert!(twice <= in_flight + 2, "{twice} came twice, {in_flight} were in flight");
    node.signal("TERM");
    assert_eq!(node.ended(Duration::from_secs(25)).code(), Some(0), "{}", node.log);
    assert_eq!(run(&["audit", "verify", "--config", &config]).code, Some(0));
    let list = run(&["audit", "list", "--config", &config]).out;
    assert!(list.contains("migrate") && list.matches("run.start").count() == 2, "{list}");
    telco.stop().await;
    portal.stop().await;
}
