//! Binds that several nodes share, each node the program as it ships: nobody's bind is used by two, and none stays without a node for
//! long, whatever becomes of nodes, of the way to the database, and of the telco's patience.
use crate::{
    nodes::settles,
    support::{
        app,
        forwarder::Forwarder,
        nodes::{Node, Site},
        program,
    },
};
use chrak::sandbox::{
    portal::sample_codes,
    telco::{Telco, TelcoConfig},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);
/// A dead node's binds are another's within this.
const TAKEN_OVER: Duration = Duration::from_secs(20);

/// Looks all the time how many binds a telco has.
struct Watch {
    most: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn of(telco: &Telco) -> Self {
        let (most, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (telco, seen, end) = (telco.clone(), Arc::clone(&most), Arc::clone(&over));
        tokio::spawn(async move {
            while !end.load(Ordering::Relaxed) {
                seen.fetch_max(telco.binds().len(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Watch { most, over }
    }

    /// The most at any moment.
    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// How many binds each node holds, as the database says.
fn held(site: &Site) -> BTreeMap<String, usize> {
    let sql = "SELECT node, count(*) FROM bind_lease \
        WHERE lease_until > extract(epoch FROM clock_timestamp()) * 1000 GROUP BY node";
    let rows = tokio::task::block_in_place(|| site.psql(sql));
    let row = |line: &str| line.split_once('|').map(|(node, count)| (node.to_owned(), count.parse().expect("a count")));
    rows.lines().filter_map(row).collect()
}

/// Waits until the nodes hold so many, and the telco has as many binds; how long that took.
async fn shared(site: &Site, telco: &Telco, wanted: &[(&str, usize)], within: Duration) -> Duration {
    let wanted: BTreeMap<String, usize> = wanted.iter().map(|(node, count)| ((*node).to_owned(), *count)).collect();
    let begun = Instant::now();
    loop {
        let (held, bound) = (held(site), telco.binds().len());
        if held == wanted && bound == wanted.values().sum::<usize>() {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < within, "{held:?} instead of {wanted:?}, {bound} bound, after {within:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn texts(telco: &Telco, from: usize, count: usize) {
    for at in from..from + count {
        telco.send_mo(&format!("85597{at:07}"), "1212", sample_codes()[at % 3]).expect("taken");
    }
}

async fn get(address: &str) -> String {
    let answer = program::client().get(format!("http://{address}")).send().await.expect("it answers");
    answer.text().await.expect("a text")
}

/// A node shows the binds of another as such, at the latest when it has looked again.
async fn knows_both_shares(node: &Node) {
    let end = Instant::now() + 3 * SECOND;
    loop {
        let ready = get(&format!("{}/readyz?links", node.ops)).await;
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("JSON");
        let metrics = get(&format!("{}/metrics", node.ops)).await;
        let up: Vec<&str> = metrics.lines().filter(|line| line.starts_with("chrak_bind_up")).collect();
        let of = |value: &str| up.iter().filter(|line| line.ends_with(value)).count();
        let links = serde_json::json!({ "up": 4, "of": 4, "elsewhere": 2 });
        if ready["links"] == links && (of(" 1"), of(" NaN"), of(" 0")) == (2, 2, 0) {
            return;
        }
        assert!(Instant::now() < end, "{ready}\n{up:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn binds_are_spread_over_the_nodes_and_taken_over_when_one_dies_or_leaves() {
    let (site, telco) = (Site::start(Duration::from_millis(8)).await, app::telco().await);
    let (watch, more) = (Watch::of(&telco), "binds = 4\nmax_tps = 0\n");
    let a = site.node("a", telco.addr(), more);
    shared(&site, &telco, &[("a", 4)], 5 * SECOND).await;
    let b = site.node("b", telco.addr(), more);
    texts(&telco, 0, 50);
    println!("a share is there after {:?}", shared(&site, &telco, &[("a", 2), ("b", 2)], TAKEN_OVER).await);
    for node in [&a, &b] {
        knows_both_shares(node).await;
    }
    b.program.kill();
    texts(&telco, 50, 50);
    println!("a dead node's binds are taken over after {:?}", shared(&site, &telco, &[("a", 4)], TAKEN_OVER).await);
    let c = site.node("c", telco.addr(), more);
    shared(&site, &telco, &[("a", 2), ("c", 2)], TAKEN_OVER).await;
    texts(&telco, 100, 50);
    tokio::task::block_in_place(|| a.stop());
    println!("a leaving node's binds are taken over after {:?}", shared(&site, &telco, &[("c", 4)], 4 * SECOND).await);
    assert!(settles(&[&telco], &site, 40 * SECOND).await, "not everything was answered");
    let answers = app::answers(&[&telco]);
    assert!(answers.len() == 150 && answers.values().all(|count| *count == 1), "{answers:?}");
    assert_eq!(watch.most(), 4, "more binds than the telco allows");
    tokio::task::block_in_place(|| c.stop());
    telco.stop().await;
}

/// A telco that asks soon whether we are there, so that it knows itself when a node is stopped.
async fn impatient() -> Telco {
    let config = TelcoConfig {
        listen: "127.0.0.1:0".parse().expect("address"),
        enquire_link: 3 * SECOND,
        resp_timeout: 2 * SECOND,
        ..TelcoConfig::default()
    };
    Telco::start(config).await.expect("the sandbox telco starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bind_is_never_two_nodes_also_when_its_holder_is_stopped_and_goes_on() {
    let (site, telco) = (Site::start(Duration::ZERO).await, impatient().await);
    let watch = Watch::of(&telco);
    let mut a = site.node("a", telco.addr(), "");
    shared(&site, &telco, &[("a", 1)], 5 * SECOND).await;
    let b = site.node("b", telco.addr(), "");
    a.program.signal("STOP");
    texts(&telco, 0, 20);
    println!("a stopped node's bind is another's after {:?}", shared(&site, &telco, &[("b", 1)], TAKEN_OVER).await);
    a.program.signal("CONT");
    assert!(settles(&[&telco], &site, 40 * SECOND).await, "{}", a.program.listen());
    tokio::time::sleep(7 * SECOND).await;
    shared(&site, &telco, &[("b", 1)], SECOND).await;
    assert_eq!(watch.most(), 1, "two nodes were bound at once");
    let answers = app::answers(&[&telco]);
    assert!(answers.len() == 20 && answers.values().all(|count| *count == 1), "{answers:?}");
    drop((a, b));
    telco.stop().await;
}

/// To a telco that keeps an old session for long a stopped node looks bound. What it finds when it goes on is that it may
/// write nothing: the texts that were delivered to it go to the other node.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_stopped_writes_nothing_more_on_a_bind_that_is_anothers() {
    let (site, telco) = (Site::start(Duration::ZERO).await, app::telco().await);
    let way = Forwarder::start(telco.addr()).await;
    let mut a = site.node("a", way.addr, "");
    shared(&site, &telco, &[("a", 1)], 5 * SECOND).await;
    let old = telco.binds()[0].session;
    let b = site.node("b", telco.addr(), "");
    a.program.signal("STOP");
    texts(&telco, 0, 10);
    let taken =
        app::eventually(TAKEN_OVER, || telco.binds().iter().any(|bind| bind.session != old).then_some(())).await;
    assert!(taken.is_some(), "nobody took the bind over");
    texts(&telco, 10, 10);
    let said = way.asked();
    a.program.signal("CONT");
    let closed = app::eventually(SECOND, || telco.binds().iter().all(|bind| bind.session != old).then_some(())).await;
    assert!(closed.is_some(), "its connection is open still:\n{}", a.program.listen());
    assert_eq!(way.asked(), said, "it has written on a bind that is another's");
    assert!(settles(&[&telco], &site, 40 * SECOND).await, "{}", a.program.listen());
    let answers = app::answers(&[&telco]);
    assert!(answers.len() == 20 && answers.values().all(|count| *count == 1), "{answers:?}");
    drop((a, b));
    telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_from_the_database_leaves_its_binds_to_others_and_gets_its_share_back() {
    let (site, telco) = (Site::start(Duration::ZERO).await, app::telco().await);
    let (watch, more) = (Watch::of(&telco), "binds = 2\n");
    let database = Forwarder::start(([127, 0, 0, 1], site.server.port).into()).await;
    let a = site.node("a", telco.addr(), more);
    let config = site.config("b", telco.addr(), more);
    let text = std::fs::read_to_string(&config).expect("read");
    let direct = format!("127.0.0.1:{}/", site.server.port);
    assert!(text.contains(&direct), "{text}");
    std::fs::write(&config, text.replace(&direct, &format!("{}/", database.addr))).expect("written");
    let mut b = Node::start(&config);
    shared(&site, &telco, &[("a", 1), ("b", 1)], TAKEN_OVER).await;
    database.cut(true);
    let begun = Instant::now();
    let closed = app::eventually(15 * SECOND, || (telco.binds().len() < 2).then_some(())).await;
    assert!(closed.is_some(), "its bind is there still after 15 s:\n{}", b.program.listen());
    println!("a node that is cut off closes its binds after {:?}", begun.elapsed());
    shared(&site, &telco, &[("a", 2)], TAKEN_OVER - begun.elapsed()).await;
    println!("they are another's after {:?}", begun.elapsed());
    assert_eq!(a.status("/readyz").await, Some(200));
    database.cut(false);
    // what it had in hand is another's, so that it ends; whoever runs it starts it anew
    let ended = app::eventually(20 * SECOND, || b.program.exited()).await;
    assert_eq!(ended.and_then(|status| status.code()), Some(1), "{}", b.program.listen());
    let b = Node::start(&config);
    shared(&site, &telco, &[("a", 1), ("b", 1)], 40 * SECOND).await;
    assert_eq!(watch.most(), 2, "more binds than the telco allows");
    drop((a, b));
    telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_together_are_no_faster_than_the_telco_allows() {
    const MAX_TPS: usize = 20;
    let (site, telco) = (Site::start(Duration::ZERO).await, app::telco().await);
    let more = format!("binds = 3\nmax_tps = {MAX_TPS}\n");
    let a = site.node("a", telco.addr(), &more);
    let b = site.node("b", telco.addr(), &more);
    shared(&site, &telco, &[("a", 2), ("b", 1)], TAKEN_OVER).await;
    let begun = Instant::now();
    texts(&telco, 0, 160);
    assert!(settles(&[&telco], &site, 60 * SECOND).await, "not everything was answered");
    let took = begun.elapsed();
    let mut at: Vec<i64> = telco.snapshot().mt.iter().map(|mt| mt.at.as_millisecond()).collect();
    at.sort_unstable();
    let most = (0..at.len()).map(|first| at[first..].iter().take_while(|ms| **ms < at[first] + 1_000).count()).max();
    println!("160 answers in {took:?}, at most {most:?} in a second");
    // each node may save one that it did not need
    assert!(most.is_some_and(|most| most <= MAX_TPS + 2), "{most:?} in a second");
    drop((a, b));
    telco.stop().await;
}
