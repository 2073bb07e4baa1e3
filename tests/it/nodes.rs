//! Several nodes on one database in PostgreSQL, each the program as it ships, with telcos whose ledgers live here. What must
//! hold of one node holds of all together: what was acknowledged is answered, once, whoever took it.
use crate::{
    crash::{self, Dice, MOS_A_KILL, WINDOW},
    support::{
        app,
        desk::asked_digits,
        nodes::{Node, Site},
        postgres::Server,
        program,
    },
};
use chrak::sandbox::{portal::sample_codes, telco::Telco};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A bind for each of two nodes.
const BOTH: &str = "binds = 2\n";

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

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_texts_of_a_telco_and_each_is_answered_once() {
    let (site, telco) = (Site::start(Duration::from_millis(8)).await, app::telco().await);
    let mut a = site.node("a", telco.addr(), "max_tps = 0\nbinds = 2\n");
    let mut b = site.node("b", telco.addr(), "max_tps = 0\nbinds = 2\n");
    let shared = || site.count("(SELECT DISTINCT node FROM bind_lease WHERE up = 1) AS nodes") == 2;
    let bound = app::eventually(Duration::from_secs(20), || (shared() && telco.binds().len() == 2).then_some(())).await;
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
    let answers = app::answers(&[&telco]);
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

/// Numbers that text one node, which has the answers in hand as long as the portal takes for them.
fn text_many(telco: &Telco, numbers: usize) {
    for at in 0..numbers {
        telco.send_mo(&format!("85597{at:07}"), "1212", sample_codes()[at % 3]).expect("taken");
    }
}

async fn acknowledged(telco: &Telco) {
    let acked = app::eventually(Duration::from_secs(10), || (telco.unacked() == 0).then_some(())).await;
    assert!(acked.is_some(), "{} texts are not acknowledged", telco.unacked());
}

/// The numbers that were answered over any of these telcos, each once.
fn answered_once(telcos: &[&Telco], numbers: usize) {
    let all = app::answers(telcos);
    assert_eq!(all.len(), numbers, "{all:?}");
    assert!(all.values().all(|count| *count == 1), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_node_had_in_hand_is_answered_by_another_within_20_seconds() {
    let site = Site::start(Duration::from_millis(1_500)).await;
    let (one, other) = (app::telco().await, app::telco().await);
    let mut b = site.node("b", other.addr(), BOTH);
    let a = site.node("a", one.addr(), BOTH);
    text_many(&one, 12);
    acknowledged(&one).await;
    assert!(one.snapshot().mt.is_empty(), "they are in hand");
    a.program.kill();
    let killed = Instant::now();
    let done = app::eventually(Duration::from_secs(45), || (other.snapshot().mt.len() >= 12).then_some(())).await;
    println!("answered {:?} after the kill", killed.elapsed());
    assert!(done.is_some(), "{}", b.program.listen());
    let first = other.snapshot().mt[0].at;
    let waited = jiff::Timestamp::now().duration_since(first).as_secs_f64();
    let first = killed.elapsed().as_secs_f64() - waited;
    assert!(first < 20.0, "the first answer came {first} s after the kill");
    answered_once(&[&one, &other], 12);
    assert!(b.program.listen().contains("another node is dead"), "{}", b.program.log);
    b.stop();
}

/// A node that the machine stopped for longer than its lease comes back to find that what it had in hand is another's: it says so
/// and ends, and nobody is answered twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_paused_writes_nothing_of_what_was_taken_over() {
    let site = Site::start(Duration::from_millis(400)).await;
    let (one, other) = (app::telco().await, app::telco().await);
    let b = site.node("b", other.addr(), BOTH);
    let mut a = site.node("a", one.addr(), BOTH);
    text_many(&one, 12);
    acknowledged(&one).await;
    a.program.signal("STOP");
    let done = app::eventually(Duration::from_secs(45), || {
        (other.snapshot().mt.len() + one.snapshot().mt.len() >= 12).then_some(())
    })
    .await;
    assert!(done.is_some(), "{}", site.psql("SELECT state, suspect, count(*) FROM inbox GROUP BY 1, 2"));
    a.program.signal("CONT");
    let ended = a.program.ended(Duration::from_secs(10));
    assert_eq!(ended.code(), Some(1), "{}", a.program.log);
    assert!(a.program.log.contains("another node has taken over what this one had in hand"), "{}", a.program.log);
    tokio::time::sleep(Duration::from_secs(2)).await;
    answered_once(&[&one, &other], 12);
    // whoever runs it starts it anew
    let a = site.node("a", one.addr(), BOTH);
    one.send_mo("85511000001", "1212", "HELP").expect("taken");
    let again =
        app::eventually(Duration::from_secs(10), || one.snapshot().mt.into_iter().find(|mt| mt.to == "85511000001"))
            .await;
    assert!(again.is_some());
    a.stop();
    b.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_that_ends_in_order_leaves_is_taken_up_at_once() {
    let site = Site::start(Duration::from_millis(4_000)).await;
    let (one, other) = (app::telco().await, app::telco().await);
    let mut b = site.node("b", other.addr(), BOTH);
    let a = site.node("a", one.addr(), BOTH);
    // one number's, so that they are answered one after the other
    for at in 0..5 {
        one.send_mo("85597000001", "1212", &format!("{}{}", sample_codes()[at % 3], " ".repeat(at / 3)))
            .expect("taken");
    }
    acknowledged(&one).await;
    a.stop();
    let left = site.count("inbox WHERE state < 2");
    assert!((1..5).contains(&left), "{left} are left");
    let stopped = Instant::now();
    let taken =
        app::eventually(Duration::from_secs(5), || (site.count("inbox WHERE state = 1") > 0).then_some(())).await;
    assert!(taken.is_some() && stopped.elapsed() < Duration::from_secs(3), "{}", b.program.listen());
    let done = app::eventually(Duration::from_secs(40), || {
        (one.snapshot().mt.len() + other.snapshot().mt.len() >= 5).then_some(())
    });
    assert!(done.await.is_some(), "{}", b.program.listen());
    assert_eq!(site.count("inbox WHERE attempts > 1 AND suspect = 1"), 0);
    b.stop();
}

/// A number that texts over both nodes is answered in its order, one text at a time, and without long pauses.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_answered_in_its_order_whichever_node_takes_its_texts() {
    let site = Site::start(Duration::from_millis(300)).await;
    let (one, other) = (app::telco().await, app::telco().await);
    let a = site.node("a", one.addr(), BOTH);
    let b = site.node("b", other.addr(), BOTH);
    for at in 0..6 {
        let telco = if at % 2 == 0 { &one } else { &other };
        telco
            .send_mo("85597000001", "1212", &format!("{}{}", sample_codes()[at % 3], " ".repeat(at / 3)))
            .expect("taken");
        acknowledged(telco).await;
    }
    let begun = Instant::now();
    assert!(settles(&[&one, &other], &site, Duration::from_secs(20)).await);
    println!("answered within {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_millis(6 * 700), "{:?}", begun.elapsed());
    assert_eq!(site.count("inbox WHERE state = 2 AND attempts = 1"), 6);
    for table in [
        "SELECT done_at AS at, lag(done_at) OVER (ORDER BY id) AS before FROM inbox",
        "SELECT sent_at AS at, lag(sent_at) OVER (ORDER BY id) AS before FROM outbox",
    ] {
        assert_eq!(site.count(&format!("({table}) AS turns WHERE at < before")), 0, "{table}");
    }
    let close =
        "(SELECT done_at AS at, lag(done_at) OVER (ORDER BY id) AS before FROM inbox) AS turns WHERE at - before < 300";
    assert_eq!(site.count(close), 0, "two were in hand at once");
    a.stop();
    b.stop();
}

/// What is queued for a telco by a node without a bind there goes out at a node that has one.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_by_the_node_that_has_a_bind() {
    let (site, telco) = (Site::start(Duration::from_millis(600)).await, app::telco().await);
    let gone = app::telco().await;
    let a = site.node("a", gone.addr(), BOTH);
    let b = site.node("b", telco.addr(), BOTH);
    let shared = || (gone.binds().len() == 1 && telco.binds().len() == 1).then_some(());
    assert!(app::eventually(Duration::from_secs(20), shared).await.is_some(), "each has a bind");
    gone.send_mo("85597000001", "1212", sample_codes()[0]).expect("taken");
    acknowledged(&gone).await;
    gone.stop().await;
    let begun = Instant::now();
    let came = app::eventually(Duration::from_secs(10), || (!telco.snapshot().mt.is_empty()).then_some(())).await;
    println!("answered {:?} after the telco went", begun.elapsed());
    assert!(came.is_some() && begun.elapsed() < Duration::from_secs(3));
    a.stop();
    b.stop();
}

/// Events of the portal, which both nodes could ask for, are told once; when the node that does so is killed, another goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_does_for_all_is_done_once_and_by_another_when_it_is_dead() {
    let (site, telco) = (Site::start(Duration::ZERO).await, app::telco().await);
    let more = "[push]\nquiet_hours = []\n";
    let polling = |name: &str| {
        let config = site.config(name, telco.addr(), more);
        let text = std::fs::read_to_string(&config).expect("read").replace("[portal]\n", "[portal]\npoll_s = 1\n");
        std::fs::write(&config, text).expect("written");
        config
    };
    drop(site.node("a", telco.addr(), more));
    let mut a = Node::start(&polling("a"));
    let mut b = Node::start(&polling("b"));
    let told = |from: u64, to: u64| {
        let telco = &telco;
        let wanted: Vec<String> = (from..to).map(crash::reminded).collect();
        app::eventually(Duration::from_secs(40), move || {
            let seen = telco.snapshot().mt;
            wanted.iter().all(|number| seen.iter().any(|mt| mt.to == *number)).then_some(())
        })
    };
    for at in 0..8 {
        site.portal.tell(&crash::reminder(at)).await.expect("told");
    }
    assert!(told(0, 8).await.is_some(), "{}\n{}", a.program.listen(), b.program.listen());
    a.program.kill();
    for at in 8..12 {
        site.portal.tell(&crash::reminder(at)).await.expect("told");
    }
    assert!(told(8, 12).await.is_some(), "{}", b.program.listen());
    let answers = app::answers(&[&telco]);
    assert!(answers.len() == 12 && answers.values().all(|count| *count == 1), "{answers:?}");
    assert_eq!(site.psql("SELECT max(count) FROM tally WHERE name LIKE 'notices-day:%'"), "1", "worked on twice");
    b.stop();
    telco.stop().await;
}

/// Three nodes under load at one telco; one is killed and comes back at once, one is killed and stays away until others have
/// taken over, one is paused for longer than its lease, the database server is killed. `CHRAK_NODE_KILLS=100` goes on with that so often
/// (2 if not set: the first two), `CHRAK_SEED` repeats the moments.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_answered_once_whichever_node_is_killed() {
    let kills = crash::number("CHRAK_NODE_KILLS", 2);
    let seed = crash::number("CHRAK_SEED", u64::from(std::process::id()));
    println!("kills {kills}, CHRAK_SEED={seed}");
    let site = Site::on(Box::leak(Box::new(Server::start(&[]))), Duration::from_millis(8)).await;
    let telco = app::telco().await;
    let more = format!("window = {WINDOW}\nmax_tps = 0\n");
    let names = ["a", "b", "c"];
    let mut nodes: Vec<Node> = names.iter().map(|name| site.node(name, telco.addr(), &more)).collect();
    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
    let feeder = tokio::spawn(crash::feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let (mut dice, mut in_flight, mut met_work) = (Dice(seed), 0, 0);
    for kill in 0..kills {
        allowed.fetch_add(MOS_A_KILL, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(300 + dice.below(1_200))).await;
        let which = dice.below(3) as usize;
        let of_it = format!(
            "outbox o JOIN incarnation i ON i.id = o.incarnation WHERE i.node = '{}' AND o.state = 1",
            names[which]
        );
        if kill % 4 == 3 {
            site.server.kill();
            tokio::task::block_in_place(|| site.server.restart());
            continue;
        }
        let node = nodes.remove(which);
        let paused = kill % 4 == 2;
        if paused {
            node.program.signal("STOP");
        }
        let mut node = if paused {
            Some(node)
        } else {
            node.program.kill();
            None
        };
        let left = site.count(&of_it);
        in_flight += left;
        met_work += u64::from(left > 0);
        if kill % 4 > 0 {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        if let Some(node) = &mut node {
            node.program.signal("CONT");
            assert_eq!(node.program.ended(Duration::from_secs(15)).code(), Some(1), "{}", node.program.log);
        }
        nodes.insert(which, site.node(names[which], telco.addr(), &more));
    }
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");
    let settled = settles(&[&telco], &site, Duration::from_secs(90)).await;
    assert!(
        settled,
        "not everything was answered: {}",
        nodes.iter_mut().map(|node| node.program.listen()).collect::<String>()
    );
    crash::judge(&telco, kills, met_work.max(1), in_flight, 0);
    nodes.into_iter().for_each(Node::stop);
    telco.stop().await;
}

/// Bookings by text at a telco to which both nodes are bound, so that the words of each come to either of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_booking_goes_on_at_whichever_node_the_next_word_comes_to() {
    let (site, telco) = (Site::start(Duration::from_millis(8)).await, app::telco().await);
    let a = site.node("a", telco.addr(), BOTH);
    let b = site.node("b", telco.addr(), BOTH);
    let shared = || site.count("(SELECT DISTINCT node FROM bind_lease WHERE up = 1) AS nodes") == 2;
    let bound = app::eventually(Duration::from_secs(20), || (shared() && telco.binds().len() == 2).then_some(())).await;
    assert!(bound.is_some(), "both nodes are bound");
    for booker in 0..4 {
        let number = format!("8558100000{booker}");
        let heard = || telco.snapshot().mt.into_iter().filter(|mt| mt.to == number).map(|mt| mt.text);
        let mut word = "A".to_owned();
        for at in 0..16 {
            telco.send_mo(&number, "1212", &word).expect("taken");
            let said = app::eventually(Duration::from_secs(10), || heard().nth(at)).await;
            let said = said.unwrap_or_else(|| panic!("no answer to {word}: {:?}", heard().collect::<Vec<_>>()));
            if said.contains("បានណាត់") {
                break;
            }
            word = asked_digits(&said).map_or("1", |(_, digits)| digits).to_owned();
        }
        let booked = site.portal.booked().await.expect("the portal's appointments");
        let booked = booked.iter().filter(|(of, _)| *of == format!("+{number}")).count();
        assert_eq!(booked, 1, "{:?}", heard().collect::<Vec<_>>());
    }
    let of_both =
        site.count("(SELECT FROM inbox GROUP BY source_mac HAVING count(DISTINCT incarnation) = 2) AS of_both");
    assert!(of_both > 0, "no booking came to both nodes");
    a.stop();
    b.stop();
}
