//! What the sandbox telco can do wrong, set while it runs: texts and screens are served all the same.
use crate::support::{
    app::eventually,
    doors::Doors,
    handset::Handset,
    program::{Program, client, config},
};
use chrak::sandbox::telco::{Dialect, Telco, TelcoConfig, fault::Faults};
use std::time::Duration;

/// Answered without the portal, in parts that are cut as a telephone cuts them.
const WORD: &str = "menu";

fn faults(flags: &[&str]) -> Faults {
    Faults::parse(flags).expect("faults")
}

/// A text and a dial, each answered.
async fn serves(telco: &Telco, nth: usize) {
    let number = format!("8551234{nth:05}");
    telco.send_mo(&number, "1212", WORD).expect("taken");
    let answered =
        eventually(Duration::from_secs(20), || telco.snapshot().mt.iter().any(|mt| mt.to == number).then_some(()));
    answered.await.unwrap_or_else(|| panic!("no answer under {:?}: {:#?}", telco.faults(), telco.snapshot().counters));
    let mut handset = Handset::new(telco, &number);
    let home = handset.dial("*1212*9*3#").await;
    assert!(home.text.starts_with("Public services") && !home.end, "{home:?}");
    let more = handset.answer("8").await;
    assert!(!more.text.is_empty(), "{more:?}");
    let _ = telco.hang_up(&number);
}

/// A sample of the server's figures.
async fn figure(doors: &Doors, name: &str) -> u64 {
    let all = client().get(format!("http://{}/metrics", doors.ops)).send().await.expect("an answer");
    let all = all.text().await.expect("text");
    let lines = all.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_and_screens_are_served_whatever_the_telco_is_set_to_while_it_runs() {
    let doors = Doors::open(&[]).await;
    doors.telco.bound().await;
    let all: [&[&str]; 10] = [
        &["receipt-first"],
        &["fragment"],
        &["no-session"],
        &["fragment", "receipt-first", "odd-tlvs", "shuffle-parts"],
        &["delay-resp=300"],
        &["drop-resp=30"],
        &["no-receipts"],
        &["congestion=95"],
        &["throttle=30"],
        &[],
    ];
    for (nth, flags) in all.into_iter().enumerate() {
        doors.telco.set_faults(faults(flags));
        serves(&doors.telco, nth).await;
        if nth == 0 {
            // the receipt was there when the resp of its segment came, and was found then
            let end = tokio::time::Instant::now() + Duration::from_secs(10);
            while figure(&doors, "chrak_receipts_adopted_total").await == 0 {
                assert!(tokio::time::Instant::now() < end, "no receipt came first: {:?}", doors.telco.counters());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    for (nth, dialect) in [Dialect::SpecCounts, Dialect::SpecOmits].into_iter().enumerate() {
        doors.telco.set_dialect(dialect);
        serves(&doors.telco, 50 + nth).await;
    }
    let violations = doors.telco.snapshot().violations;
    assert!(violations.is_empty(), "{violations:#?}");
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telco_that_is_silent_cuts_or_holds_a_dropped_session_is_bound_to_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = ([127, 0, 0, 1], 0).into();
    let telco = Telco::start(TelcoConfig { listen, ..TelcoConfig::default() }).await.expect("a telco");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let file = config(folder.path(), telco.addr(), nowhere, "enquire_link_s = 2\n");
    let _program = Program::start(&["serve", "--config", file.to_str().expect("UTF-8")], &[]);
    let binds = async |count: u64| {
        let bound = eventually(Duration::from_secs(30), || {
            (telco.counters().binds >= count && !telco.binds().is_empty()).then_some(())
        });
        bound.await.unwrap_or_else(|| panic!("no {count}. bind: {:?}", telco.counters()));
    };
    binds(1).await;
    telco.set_faults(faults(&["silent"]));
    let left = eventually(Duration::from_secs(20), || telco.binds().is_empty().then_some(()));
    left.await.expect("it is found to be silent");
    telco.set_faults(Faults::default());
    binds(2).await;
    serves(&telco, 1).await;
    telco.set_faults(faults(&["cut-after=1"]));
    telco.send_mo("85512340002", "1212", WORD).expect("taken");
    let left = eventually(Duration::from_secs(20), || telco.binds().is_empty().then_some(()));
    left.await.expect("it is cut");
    // the session that was cut is held for a while: the first bind after it is refused as one too many
    telco.set_faults(faults(&["already-bound=5"]));
    let refused = eventually(Duration::from_secs(20), || (telco.counters().binds_refused > 0).then_some(()));
    refused.await.expect("0x05");
    binds(telco.counters().binds + 1).await;
    serves(&telco, 3).await;
    telco.stop().await;
}
