//! A text comes in, an answer goes out: over real sockets to the sandbox telco, with a real database, by the program that
//! ships. Where the portal must panic, hang or fail in a way of its own, the server runs in this process instead, with a
//! portal that is told what to do.
use crate::support::{
    app::{self, App},
    program::{self, Program},
};
use chrak::{
    sandbox::{
        portal::{Portal, PortalConfig},
        telco::{Telco, ledger::MtEntry},
    },
    types::civic::PortalFault,
};
use std::time::Duration;

const CODE: &str = "120500260481937";
const ONE: &str = "85510000001";

/// The program that ships, between a telco and the sandbox portal.
struct Shipped {
    program: Program,
    telco: Telco,
    portal: Portal,
    _folder: tempfile::TempDir,
}

impl Shipped {
    /// Without limits, or with so many answers a minute to a number.
    async fn start(replies_per_min: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (telco, listen) = (app::telco().await, ([127, 0, 0, 1], 0).into());
        let portal =
            Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
        let portal = portal.await.expect("the sandbox portal starts");
        let config = program::config(folder.path(), telco.addr(), portal.addr(), "");
        let text = std::fs::read_to_string(&config).expect("read");
        let limited = text.replace("per_min = 0", &format!("per_min = {replies_per_min}"));
        std::fs::write(&config, limited).expect("written");
        let program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
        telco.bound().await;
        Shipped { program, telco, portal, _folder: folder }
    }

    fn text(&self, from: &str, text: &str) {
        self.telco.send_mo(from, "1212", text).expect("the telco takes it");
    }

    fn answers(&self, to: &str) -> Vec<MtEntry> {
        self.telco.snapshot().mt.into_iter().filter(|mt| mt.to == to).collect()
    }

    async fn answer(&self, to: &str, count: usize) -> MtEntry {
        let found = app::eventually(Duration::from_secs(10), || self.answers(to).into_iter().nth(count - 1));
        found.await.unwrap_or_else(|| panic!("no {count}. answer to {to}: {:#?}", self.telco.snapshot()))
    }

    /// Nothing else came, nothing is left in hand, and the telco has nothing to say against it.
    async fn stop(mut self) {
        self.program.signal("TERM");
        assert_eq!(self.program.ended(Duration::from_secs(25)).code(), Some(0), "{}", self.program.log);
        assert_eq!(self.telco.snapshot().violations, Vec::<String>::new());
        self.telco.stop().await;
        self.portal.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_answered_in_one_sms_however_it_is_written() {
    let app = Shipped::start(0).await;
    for (count, (text, word)) in [
        (CODE, "កំពុងពិនិត្យ"),
        ("STATUS 120500-26-048193-7", "review"),
        ("១២០៥០០ ២៦ ០៤៨១៩៣ ៧", "កំពុងពិនិត្យ"),
        ("status120500260481937", "review"),
        // an English word holds for its own answer: this number wrote in Khmer
        ("120500 26 048193 7", "កំពុងពិនិត្យ"),
    ]
    .into_iter()
    .enumerate()
    {
        app.text(ONE, text);
        let mt = app.answer(ONE, count + 1).await;
        assert!(mt.text.contains("120500-26-048193-7"), "{text}: {}", mt.text);
        assert!(mt.text.to_lowercase().contains(word), "{text}: {}", mt.text);
        assert_eq!((mt.segments, mt.from.as_str(), mt.registered), (1, "1212", 1), "{text}");
        assert_eq!(mt.validity.len(), 16);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_the_portal_has_an_answer() {
    let app = App::start().await;
    let faults = [
        PortalFault::NotFound,
        PortalFault::Locked,
        PortalFault::FactorRequired,
        PortalFault::Away,
        PortalFault::Unusable,
        PortalFault::Refused,
    ];
    let mut texts = Vec::new();
    for (index, fault) in faults.into_iter().enumerate() {
        app.portal.faults.lock().expect("faults").insert(CODE.to_owned(), fault);
        let number = format!("8551000010{index}");
        app.text(&number, CODE);
        texts.push(app.answer(&number, 1).await.text);
    }
    assert_eq!((&texts[0], &texts[0]), (&texts[1], &texts[2]), "unknown, locked and hidden look alike");
    assert_eq!((&texts[3], &texts[3]), (&texts[4], &texts[5]));
    assert_ne!(texts[0], texts[3]);
    app.text(ONE, "120500260481938");
    assert!(app.answer(ONE, 1).await.text.contains("120500-26-048193-8"));
    assert_eq!(app.portal.asked.load(std::sync::atomic::Ordering::Relaxed), 6, "a mistyped code is not asked");
    app.settle().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_texts_and_senders_are_stored_and_never_loop() {
    let app = Shipped::start(0).await;
    app.text("1212", CODE);
    app.text("8989", CODE);
    let long = "x".repeat(1_500);
    for (index, text) in ["", "\u{0}\u{1}", "😀", "្", long.as_str()].into_iter().enumerate() {
        let number = format!("8551000020{index}");
        if app.telco.send_mo(&number, "1212", text).is_ok() {
            app.answer(&number, 1).await;
        }
    }
    let acked = || app.telco.snapshot().mo.iter().all(|mo| mo.acked_at.is_some()).then_some(());
    app::eventually(Duration::from_secs(10), acked).await.expect("every text is acknowledged");
    // what would be one too many had the time to come
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((app.answers("1212").len(), app.answers("8989").len()), (0, 0));
    assert_eq!(app.answers("85510000204").len(), 1, "ten parts get one answer");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_stop_at_the_limit_after_one_notice() {
    let app = Shipped::start(3).await;
    for text in ["a", "b", "c", "d", "e", "f"] {
        app.text(ONE, &format!("{CODE} {text}"));
    }
    app.answer(ONE, 4).await;
    let acked = || app.telco.snapshot().mo.iter().all(|mo| mo.acked_at.is_some()).then_some(());
    app::eventually(Duration::from_secs(10), acked).await.expect("every text is acknowledged");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(app.answers(ONE).len(), 4, "three answers and one notice");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_answered_in_order_and_a_panic_costs_nobody_else() {
    let app = App::start().await;
    *app.portal.panics_on.lock().expect("panics") = Some("120500260000016".to_owned());
    let other = chrak::types::code::damm("120500260000016") == Some(0);
    assert!(other, "the poisoned code is a good one");
    app.text("85510000009", "120500260000016");
    app.text(ONE, CODE);
    app.text(ONE, "HELP");
    app.answer(ONE, 2).await;
    let texts: Vec<String> =
        app.telco.snapshot().mt.iter().filter(|mt| mt.to == ONE).map(|mt| mt.text.clone()).collect();
    assert!(texts[0].contains("120500-26-048193-7") && !texts[1].contains("120500-26-048193-7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_comes_again_after_a_cut_is_answered_once() {
    let app = App::start().await;
    *app.portal.delay.lock().expect("delay") = std::time::Duration::from_millis(300);
    app.text(ONE, CODE);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    app.telco.cut();
    app.answer(ONE, 1).await;
    app.settle().await;
    assert_eq!(app.answers(ONE), 1);
    // Whether the telco read that resp is not known, so the same text once more may be the telco's doing;
    // after it was acknowledged again it is the citizen's.
    app.text(ONE, CODE);
    app.settle().await;
    app.text("85510000002", CODE);
    app.answer("85510000002", 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    app.text(ONE, CODE);
    app.answer(ONE, 2).await;
    app.settle().await;
    app.stop().await;
}
