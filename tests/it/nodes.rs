//! Several nodes on one database in PostgreSQL, each the program as it ships, with telcos whose ledgers live here. What must
//! hold of one node holds of all together: what was acknowledged is answered, once, whoever took it.
use crate::support::{app, nodes::Site, program};
use chrak::sandbox::{portal::sample_codes, telco::Telco};
use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

/// Waits until every MO of these telcos is acknowledged and answered, and nothing is open.
pub async fn settles(telcos: &[&Telco], site: &Site, within: Duration) -> bool {
    let end = Instant::now() + within;
    while Instant::now() < end {
        let settled = telcos.iter().all(|telco| {
            let seen = telco.snapshot();
            let answered: HashSet<&str> = seen.mt.iter().map(|mt| mt.to.as_str()).collect();
            telco.unacked() == 0 && seen.mo.iter().all(|mo| answered.contains(mo.from.as_str()))
        });
        if settled && tokio::task::block_in_place(|| site.open()) == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

/// How many answers each number got.
pub fn answers(telco: &Telco) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for mt in telco.snapshot().mt {
        *answers.entry(mt.to).or_default() += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_texts_of_a_telco_and_each_is_answered_once() {
    let (site, telco) = (Site::start(Duration::from_millis(8)).await, app::telco().await);
    let mut a = site.node("a", telco.addr(), "max_tps = 0\nbinds = 2\n");
    let mut b = site.node("b", telco.addr(), "max_tps = 0\nbinds = 2\n");
    let bound = app::eventually(Duration::from_secs(20), || (telco.binds().len() == 2).then_some(())).await;
    assert!(bound.is_some(), "both nodes are bound:\n{}\n{}", a.program.listen(), b.program.listen());
    assert_eq!((a.status("/readyz").await, b.status("/kiosk").await), (Some(200), Some(200)));
    for at in 0..200 {
        telco.send_mo(&format!("85597{at:07}"), "1212", sample_codes()[at % 3]).expect("taken");
    }
    let settled = settles(&[&telco], &site, Duration::from_secs(40)).await;
    assert!(settled, "not everything was answered:\n{}\n{}", a.program.listen(), b.program.listen());
    let shares = site.psql("SELECT count(*) FROM inbox GROUP BY incarnation ORDER BY 1");
    let shares: Vec<u64> = shares.lines().map(|line| line.parse().expect("a number")).collect();
    println!("texts of each node: {shares:?}");
    assert!(shares.len() == 2 && shares[0] > 10, "one node did it alone: {shares:?}");
    let answers = answers(&telco);
    assert_eq!(answers.len(), 200);
    assert!(answers.values().all(|count| *count == 1), "{answers:?}");
    a.stop();
    b.stop();
    telco.stop().await;
}

/// The name of a node that lives is its own; a node that was killed comes back under it at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_nodes_and_its_own_again_after_a_kill() {
    let (site, telco) = (Site::start(Duration::ZERO).await, app::telco().await);
    let a = site.node("a", telco.addr(), "");
    let other = site.config("b", telco.addr(), "").to_owned();
    let text = std::fs::read_to_string(&other).expect("read").replace("node = \"b\"", "node = \"a\"");
    std::fs::write(&other, text).expect("written");
    let said = program::run(&["serve", "--config", &other]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("another node has the name \"a\"") && said.err.contains("database.node"), "{}", said.err);
    a.program.kill();
    let begun = Instant::now();
    site.node("a", telco.addr(), "").stop();
    assert!(begun.elapsed() < Duration::from_secs(12), "a node waits for its own lease: {:?}", begun.elapsed());
    telco.stop().await;
}
