//! A node over PostgreSQL: the program as it ships, killed under load, and the database server killed, stopped and cut off
//! below it. The telco's ledger lives here, in the test. What must hold is what holds over SQLite: what was acknowledged is
//! answered, once.
//!
//! `CHRAK_SERVER_KILLS=100` kills so often (6 if not set), the node and the server in turn; `CHRAK_SEED` repeats a run.
use crate::{
    crash::{Dice, MOS_A_KILL, WINDOW, feed, judge, number, slow_portal},
    support::{
        app,
        postgres::{Pooler, Server},
        program::{self, Program},
    },
};
use chrak::sandbox::telco::Telco;
use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The longest life between two kills, in ms from the node's start, or from the server's last death.
const LIFE_MS: u64 = 1_500;

fn config(folder: &Path, telco: &Telco, portal: std::net::SocketAddr, url: &str) -> String {
    let path = program::config(folder, telco.addr(), portal, &format!("window = {WINDOW}\nmax_tps = 0\n"));
    let text = std::fs::read_to_string(&path).expect("read");
    let database = format!("[database]\nurl = \"{url}\"\nnode = \"node-a\"\n[http]");
    std::fs::write(&path, text.replacen("[http]", &database, 1)).expect("written");
    path.to_str().expect("a path in UTF-8").to_owned()
}

fn count(server: &Server, database: &str, of: &str) -> u64 {
    server.psql(database, &format!("SELECT count(*) FROM {of}")).parse().expect("a number")
}

/// Waits until every MO is acknowledged and has its answer, and nothing is open.
async fn settles(telco: &Telco, server: &Server, database: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(90);
    while Instant::now() < end {
        let seen = telco.snapshot();
        let answered: HashSet<&str> = seen.mt.iter().map(|mt| mt.to.as_str()).collect();
        let answered = seen.mo.iter().all(|mo| answered.contains(mo.from.as_str()));
        let open =
            || count(server, database, "inbox WHERE state < 2") + count(server, database, "outbox WHERE state < 3");
        if telco.unacked() == 0 && answered && open() == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_answered_once_whatever_kills_the_node_or_its_database_server() {
    let kills = number("CHRAK_SERVER_KILLS", 6);
    let seed = number("CHRAK_SEED", u64::from(std::process::id()));
    println!("kills {kills}, CHRAK_SEED={seed}");
    let server = Server::start(&[]);
    let database = server.database();
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), slow_portal().await, app::telco().await);
    let config = config(folder.path(), &telco, portal.addr(), &server.url(&database));
    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
    let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let (mut dice, mut in_flight, mut met_work, mut alone) = (Dice(seed), 0, 0, 0);
    let start = || Program::start(&["serve", "--config", &config], &[]);
    let mut node = start();
    for kill in 0..kills {
        allowed.fetch_add(MOS_A_KILL, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(300 + dice.below(LIFE_MS))).await;
        if kill % 2 == 0 {
            node.kill();
            let left = count(&server, &database, "outbox WHERE state = 1");
            alone += count(&server, &database, "inbox WHERE state = 1 AND alone = 1");
            in_flight += left;
            met_work += u64::from(left > 0);
            node = start();
        } else {
            server.kill();
            tokio::task::block_in_place(|| server.restart());
        }
    }
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");
    let settled = settles(&telco, &server, &database).await;
    node.signal("TERM");
    let ended = node.ended(Duration::from_secs(25));
    assert!(settled, "not everything was answered; the node said:\n{}", node.log);
    assert_eq!(ended.code(), Some(0), "{}", node.log);
    judge(&telco, kills, met_work.max(1), in_flight, alone);
    telco.stop().await;
    portal.stop().await;
}

/// A server that says nothing for twelve seconds, as one on a machine that was stopped: what was acknowledged before is
/// answered after, the node says that it takes nothing meanwhile, and goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_costs_time_and_nothing_else() {
    let server = Server::start(&[]);
    let database = server.database();
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), slow_portal().await, app::telco().await);
    let config = config(folder.path(), &telco, portal.addr(), &server.url(&database));
    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(2 * MOS_A_KILL)));
    let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let mut node = Program::start(&["serve", "--config", &config], &[]);
    let ready = node.said("ready");
    let address = ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("ops=ADDRESS");
    let ready = format!("http://{address}/readyz");
    let answered = app::eventually(Duration::from_secs(20), || (telco.counters().mt > 20).then_some(())).await;
    assert!(answered.is_some(), "{}", node.log);
    server.signal("STOP");
    let client = program::client();
    let mut refused = false;
    for _ in 0..24 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        refused |= client.get(&ready).send().await.is_ok_and(|answer| answer.status() == 503);
    }
    server.signal("CONT");
    assert!(refused, "a node whose database hangs said that it was ready");
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");
    let settled = settles(&telco, &server, &database).await;
    assert!(settled, "not everything was answered; the node said:\n{}", node.listen());
    judge(&telco, 1, 1, telco.counters().mt_segments, 0);
    drop(node);
    telco.stop().await;
    portal.stop().await;
}

/// The whole way over a pooler that gives each transaction another session; and what the program says of one that cannot be
/// used, with the exit code of a configuration that cannot.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_works_over_a_pooler_and_names_the_one_that_it_cannot_use() {
    let server = Server::start(&[]);
    let database = server.database();
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), slow_portal().await, app::telco().await);
    let pooler = Pooler::start(&server, "statement");
    let config_of = |url: &str| config(folder.path(), &telco, portal.addr(), url);
    let path = config_of(&format!("{}?statement-cache-capacity=0", pooler.url(&database)));
    let said = program::run(&["serve", "--config", &path]);
    assert_eq!(said.code, Some(78), "{}", said.err);
    assert!(said.err.lines().count() == 1 && said.err.contains("pool_mode = statement"), "{}", said.err);

    let pooler = Pooler::start(&server, "transaction");
    let path = config_of(&format!("{}?statement-cache-capacity=0", pooler.url(&database)));
    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(MOS_A_KILL)));
    let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let mut node = Program::start(&["serve", "--config", &path], &[]);
    node.said("ready");
    let answered = app::eventually(Duration::from_secs(40), || (telco.counters().mt >= MOS_A_KILL).then_some(())).await;
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");
    assert!(answered.is_some() && settles(&telco, &server, &database).await, "{}", node.listen());

    // a second process of this node, and another node
    let said = program::run(&["serve", "--config", &path]);
    assert!(said.code == Some(1) && said.err.contains("in use by another process"), "{}", said.err);
    node.signal("TERM");
    assert_eq!(node.ended(Duration::from_secs(25)).code(), Some(0), "{}", node.log);
    let checked = program::run(&["check", "--config", &path]);
    assert!(checked.out.contains(&format!("\"{database}\" at 127.0.0.1:")), "{}{}", checked.out, checked.err);
    telco.stop().await;
    portal.stop().await;
}
