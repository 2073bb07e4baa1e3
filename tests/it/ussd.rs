//! USSD as gateways and subscribers do it: every dialect over real sockets, sessions that are lost, replaced,
//! repeated, too late, and a server that is killed in the middle of one.
use crate::support::{
    app::NO_LIMITS,
    desk::{Desk, new_session},
    handset::{Handset, Shown},
    program::{self, Program},
};
use chrak::{
    exchange::UssdSignal,
    sandbox::{
        portal::{Portal, PortalConfig},
        telco::{Dialect, Telco, TelcoConfig, fault::Faults},
    },
    types::Language,
};
use std::{net::SocketAddr, time::Duration};

const CITIZEN: &str = "85512345678";
const CODE: &str = "120500260481937";

async fn portal() -> Portal {
    let listen = ([127, 0, 0, 1], 0).into();
    let config = PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None };
    Portal::start(config).await.expect("the sandbox portal starts")
}

async fn telco(dialect: Dialect) -> Telco {
    let config = TelcoConfig { listen: ([127, 0, 0, 1], 0).into(), dialect, ..TelcoConfig::default() };
    Telco::start(config).await.expect("the sandbox telco starts")
}

/// One telco in the configuration.
fn smsc(name: &str, address: SocketAddr, more: &str) -> String {
    format!(
        "[[smsc]]\nname = \"{name}\"\naddress = \"{address}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n\
         reconnect_max_s = 1\nmax_tps = 0\n{more}\n"
    )
}

fn booked(shown: &Shown) -> bool {
    shown.text.starts_with("Booked ")
}

/// Books the first free time by the first choice of every step.
async fn book(handset: &mut Handset) -> Shown {
    let mut shown = handset.dial("*1212*9*3#").await;
    assert!(shown.text.starts_with("Public services"), "{shown:?}");
    shown = handset.answer("2").await;
    for _ in 0..12 {
        if booked(&shown) {
            return shown;
        }
        assert!(!shown.end && shown.text.contains("\n1 "), "{shown:?}");
        shown = handset.answer("1").await;
    }
    panic!("never booked: {shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_books_an_appointment_over_real_sockets() {
    let folder = tempfile::tempdir().expect("a folder");
    let portal = portal().await;
    let dialects = [
        ("spec", Dialect::Spec, ""),
        ("tata", Dialect::Tata, ""),
        ("mica", Dialect::Mica, ""),
        ("sixdee", Dialect::SixDee, ""),
        ("msisdn", Dialect::Msisdn, ""),
        ("own", Dialect::Spec, ""),
        ("spec-pair", Dialect::Spec, "bind = \"pair\""),
        ("spec-counts", Dialect::SpecCounts, ""),
        ("spec-moves", Dialect::SpecMoves, ""),
        ("spec-omits", Dialect::SpecOmits, ""),
    ];
    let mut telcos = Vec::new();
    let mut tables = String::new();
    for (name, dialect, more) in dialects {
        let telco = telco(dialect).await;
        let profile = name.split_once('-').map_or(name, |(profile, _)| profile);
        let ussd = format!("ussd = {{ codes = [\"*1212#\"], profile = \"{profile}\" }}\n{more}");
        tables.push_str(&smsc(name, telco.addr(), &ussd));
        telcos.push((name, telco));
    }
    tables.push_str(
        "[[ussd_profile]]\nname = \"own\"\nbased_on = \"spec\"\nsession = \"its15\"\npdu = \"data_sm\"\n\
         dcs = { gsm7 = 0, ucs2 = 8 }\necho_tlvs = [\"0x1401\"]\n",
    );
    let first = telco(Dialect::Spec).await;
    let config = program::config(folder.path(), first.addr(), portal.addr(), &tables);
    let _program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    for (at, (name, telco)) in telcos.iter().enumerate() {
        tokio::time::timeout(Duration::from_secs(20), telco.bound()).await.expect("bound");
        if *name == "spec-pair" {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let mut handset = Handset::new(telco, &format!("855123456{at:02}"));
        let shown = book(&mut handset).await;
        assert!(!shown.end, "{name}: the session stays open");
        // as a text, in the language that was chosen
        handset.answer("8").await;
        let text = eventually_text(telco, &handset.number).await;
        assert!(text.starts_with("Booked ") && text.contains("To move or cancel send A"), "{name}: {text}");
        let home = handset.answer("00").await;
        assert!(home.text.starts_with("Public services"), "{name}: {home:?}");
        telco.hang_up(&handset.number).expect("a session is open");
        // and the appointment is the portal's
        let list = handset.dial("*1212*2*2#").await;
        assert!(list.text.starts_with("Appointments:"), "{name}: {list:?}");
        let snapshot = telco.snapshot();
        assert!(snapshot.violations.is_empty(), "{name}: {:#?}", snapshot.violations);
        assert_eq!(snapshot.counters.screens_late, 0, "{name}");
    }
    for (_, telco) in telcos {
        telco.stop().await;
    }
    portal.stop().await;
}

async fn eventually_text(telco: &Telco, number: &str) -> String {
    for _ in 0..500 {
        if let Some(mt) = telco.snapshot().mt.into_iter().find(|mt| mt.to == number) {
            return mt.text;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no text for {number}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_throttles_half_of_all_shows_every_screen_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (portal, telco) = (portal().await, telco(Dialect::Spec).await);
    let config = program::config(folder.path(), telco.addr(), portal.addr(), "");
    let _program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    telco.bound().await;
    telco.set_faults(Faults { throttle: 50, ..Faults::default() });
    let mut handsets: Vec<Handset> = (0..10).map(|n| Handset::new(&telco, &format!("8551234570{n}"))).collect();
    for handset in &mut handsets {
        telco.dial(&handset.number, "*1212*9*3#").expect("dialled");
    }
    for handset in &mut handsets {
        let home = handset.screen().await.expect("in time");
        assert!(home.text.starts_with("Public services"), "{home:?}");
    }
    let snapshot = telco.snapshot();
    assert_eq!((snapshot.counters.ussd_screens, snapshot.counters.screens_late), (10, 0));
    assert!(snapshot.counters.throttled > 0 && snapshot.violations.is_empty(), "{:#?}", snapshot.violations);
    telco.stop().await;
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_goes_on_in_the_middle_of_a_session_and_sends_no_screen_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let (portal, telco) = (portal().await, telco(Dialect::Spec).await);
    let config = program::config(folder.path(), telco.addr(), portal.addr(), "");
    let words = ["serve", "--config", config.to_str().expect("UTF-8")];
    let program = Program::start(&words, &[]);
    telco.bound().await;
    let mut handset = Handset::new(&telco, CITIZEN);
    handset.dial("*1212*9*3#").await;
    let list = handset.answer("3").await;
    assert!(list.text.starts_with("Find a service"), "{list:?}");
    // SIGKILL
    drop(program);
    let shown = telco.counters().ussd_screens;
    let _again = Program::start(&words, &[]);
    while telco.binds().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(telco.counters().ussd_screens, shown, "nothing is sent again by itself");
    let whom = handset.answer("1").await;
    assert!(whom.text.starts_with("For whom?"), "it goes on where it was: {whom:?}");
    assert!(telco.snapshot().violations.is_empty());
    telco.stop().await;
    portal.stop().await;
}

async fn english() -> Desk {
    Desk::open(NO_LIMITS, Language::En).await
}

#[tokio::test]
async fn a_deep_dial_goes_straight_to_its_answer_and_never_confirms() {
    let desk = english().await;
    let status = desk.dial(CITIZEN, 1, &["1", CODE]).await.expect("a screen");
    assert!(status.starts_with("120500-26-048193-7\nIn review"), "{status}");
    let pin = desk.dial(CITIZEN, 2, &["1", CODE, "2481"]).await.expect("a screen");
    assert!(pin.starts_with("120500-26-048193-7"), "a code and its PIN are one input: {pin}");
    let fee = desk.dial(CITIZEN, 3, &["3", "1002"]).await.expect("a screen");
    assert!(fee.starts_with("1002 "), "{fee}");
    let offices = desk.dial(CITIZEN, 4, &["4", "1205"]).await.expect("a screen");
    assert!(offices.contains("1 OWSO Dangkao"), "{offices}");
    let confirm = desk.dial(CITIZEN, 5, &["2", "1", "1", "1", "1", "1", "1", "1", "1"]).await.expect("a screen");
    assert!(confirm.starts_with("Book this?"), "{confirm}");
    let wrong = desk.dial(CITIZEN, 6, &["7"]).await.expect("a screen");
    assert!(wrong.starts_with("Please choose a number below:\n1 Track"), "{wrong}");
    desk.close().await;
}

#[tokio::test]
async fn sessions_are_replaced_repeated_lost_and_ended() {
    let desk = english().await;
    let root = desk.dial(CITIZEN, 1, &[]).await.expect("a screen");
    // a gateway that repeats its start gets the same screen, and the session is still one
    assert_eq!(desk.dial(CITIZEN, 1, &[]).await, Some(root.clone()));
    let offices = desk.key(CITIZEN, 1, "4").await.expect("a screen");
    assert!(offices.starts_with("Which office?"), "{offices}");
    // another start takes the place of the first; what still comes of that one is a polite restart
    assert_eq!(desk.dial(CITIZEN, 2, &[]).await, Some(root.clone()));
    let lost = desk.key(CITIZEN, 1, "1").await.expect("a screen");
    assert!(lost.starts_with("We were cut off. Please start again:"), "{lost}");
    // an abort is answered by nothing, and ends its session only
    assert_eq!(desk.ussd(CITIZEN, 9, UssdSignal::Abort).await, None);
    assert!(desk.key(CITIZEN, 1, "3").await.expect("a screen").starts_with("Find a service"));
    assert_eq!(desk.ussd(CITIZEN, 1, UssdSignal::Abort).await, None);
    assert!(desk.key(CITIZEN, 1, "1").await.expect("a screen").starts_with("We were cut off"));
    // an operation that nobody knows: an answer where a session is known, nothing where none is
    let unknown = |text: &str| UssdSignal::Unknown(text.to_owned());
    assert!(desk.ussd(CITIZEN, 1, unknown("3")).await.expect("a screen").starts_with("Find a service"));
    assert_eq!(desk.ussd("85512345679", 1, unknown("")).await, None);
    // after three minutes nobody is there any more
    desk.clock.pass(181);
    assert!(desk.key(CITIZEN, 1, "1").await.expect("a screen").starts_with("We were cut off"));
    desk.close().await;
}

fn start() -> UssdSignal {
    UssdSignal::Start(Vec::new())
}

fn next(text: &str) -> UssdSignal {
    UssdSignal::Next(text.to_owned())
}

/// Names that a gateway gives the steps of one session.
const WANDERING: [(&str, [&[u8]; 5]); 6] = [
    ("counts", [&[0x0A, 0], &[0x0A, 2], &[0x0A, 4], &[0x0A, 6], &[0x0A, 8]]),
    ("moves", [&[0x0A, 0], &[0, 0x0A], &[0, 0x0A], &[0, 0x0A], &[0, 0x0A]]),
    ("omits", [&[0x0A, 0], &[], &[], &[], &[]]),
    ("only later", [&[], &[0x0A, 0], &[0x0A, 0], &[0x0A, 0], &[0x0A, 0]]),
    ("at random", [&[1, 2], &[7, 8], &[3], &[0xFE, 0xEE, 1], &[]]),
    ("as the standard has it", [&[0x0A, 0], &[0x0A, 0], &[0x0A, 0], &[0x0A, 0], &[0x0A, 0]]),
];

#[tokio::test]
async fn a_gateway_whose_session_names_wander_is_not_told_to_start_again() {
    let desk = english().await;
    for (how, names) in WANDERING {
        let input = |at: usize, signal: UssdSignal| desk.ussd_call(desk.session, CITIZEN, names[at], "*1212#", signal);
        for round in 0..3 {
            let root = input(0, start()).await.expect("a screen");
            assert!(root.starts_with("Public services"), "{how}: a start opens anew in round {round}: {root}");
            let list = input(1, next("3")).await.expect("a screen");
            assert!(list.starts_with("Find a service"), "{how}: {list}");
            // an operation that nobody knows goes on too
            let whom = input(2, UssdSignal::Unknown("1".to_owned())).await.expect("a screen");
            assert!(whom.starts_with("For whom?"), "{how}: {whom}");
            let which = input(3, next("1")).await.expect("a screen");
            assert!(which.starts_with("About what?"), "{how}: {which}");
            // a hang-up ends it, so what still comes has no session
            assert_eq!(input(4, UssdSignal::Abort).await, None, "{how}");
            let late = input(4, next("1")).await.expect("a screen");
            assert!(late.starts_with("We were cut off"), "{how}: {late}");
            desk.clock.pass(60);
        }
    }
    desk.close().await;
}

#[tokio::test]
async fn no_input_reaches_another_subscribers_session_however_it_is_named() {
    let desk = english().await;
    let numbers = ["85512345678", "85512345679", "85510000001"];
    for (how, names) in WANDERING {
        let input =
            |who: usize, at: usize, signal| desk.ussd_call(desk.session, numbers[who], names[at], "*1212#", signal);
        for who in 0..2 {
            assert!(input(who, 0, start()).await.expect("a screen").starts_with("Public services"), "{how}");
        }
        // the same names, step by step in turns, by different ways
        for (at, keys, screens) in
            [(1, ["3", "4"], ["Find a service", "Which office?"]), (2, ["1", "1"], ["For whom?", "Which office?"])]
        {
            for who in 0..2 {
                let shown = input(who, at, next(keys[who])).await.expect("a screen");
                assert!(shown.starts_with(screens[who]), "{how}: {who} {shown}");
            }
        }
        // who has no session gets none of theirs
        let stranger = input(2, 2, next("1")).await.expect("a screen");
        assert!(stranger.starts_with("We were cut off"), "{how}: {stranger}");
        assert_eq!(input(2, 3, UssdSignal::Abort).await, None);
        for who in 0..2 {
            let shown = input(who, 3, next("1")).await.expect("a screen");
            assert!(!shown.starts_with("We were cut off"), "{how}: {shown}");
        }
        desk.clock.pass(200);
    }
    desk.close().await;
}

#[tokio::test]
async fn an_input_of_the_session_before_or_on_another_code_does_not_press_a_key_of_this_one() {
    let desk = english().await;
    let on =
        |name: &'static [u8], code: &'static str, signal| desk.ussd_call(desk.session, CITIZEN, name, code, signal);
    // a gateway that counts: another session has another high octet
    on(&[0x0A, 0], "*1212#", start()).await.expect("a screen");
    on(&[0x0A, 2], "*1212#", next("3")).await.expect("a screen");
    on(&[0x0B, 0], "*1212#", start()).await.expect("a screen");
    let stale = on(&[0x0A, 4], "*1212#", next("1")).await.expect("a screen");
    assert!(stale.starts_with("We were cut off"), "{stale}");
    desk.clock.pass(200);
    // a gateway that moves the octet: what moved is still the other session's
    on(&[0x0A, 0], "*1212#", start()).await.expect("a screen");
    on(&[0, 0x0A], "*1212#", next("3")).await.expect("a screen");
    on(&[0x0C, 0], "*1212#", start()).await.expect("a screen");
    let stale = on(&[0, 0x0A], "*1212#", next("1")).await.expect("a screen");
    assert!(stale.starts_with("We were cut off"), "{stale}");
    desk.clock.pass(200);
    // a gateway that keeps its names: the one before is known by its name
    on(&[0, 2], "*1212#", start()).await.expect("a screen");
    on(&[0, 4], "*1212#", start()).await.expect("a screen");
    let stale = on(&[0, 2], "*1212#", next("1")).await.expect("a screen");
    assert!(stale.starts_with("We were cut off"), "{stale}");
    desk.clock.pass(200);
    // another service code of ours is another session, unless the name is the same
    on(&[0, 6], "*1212#", start()).await.expect("a screen");
    let same = on(&[0, 6], "*855*7#", next("3")).await.expect("a screen");
    assert!(same.starts_with("Find a service"), "{same}");
    let other = on(&[0, 8], "*855*7#", next("1")).await.expect("a screen");
    assert!(other.starts_with("We were cut off"), "{other}");
    // a hang-up of a session that nobody knows ends no other
    on(&[1, 6], "*1212#", start()).await.expect("a screen");
    assert_eq!(on(&[9, 9], "*1212#", UssdSignal::Abort).await, None);
    let alive = on(&[1, 6], "*1212#", next("3")).await.expect("a screen");
    assert!(alive.starts_with("Find a service"), "{alive}");
    desk.close().await;
}

#[tokio::test]
async fn a_hang_up_at_the_first_screen_leaves_no_session_open_and_a_late_one_closes_none() {
    let desk = english().await;
    let on = |name: &'static [u8], signal| desk.ussd_call(desk.session, CITIZEN, name, "*1212#", signal);
    let hang_ups: [(&str, &[u8], &[u8]); 4] = [
        ("counts", &[0x0A, 0], &[0x0A, 2]),
        ("moves", &[0x0A, 0], &[0, 0x0A]),
        ("omits", &[0x0A, 0], &[]),
        ("as the standard has it", &[0x0A, 0], &[0x0A, 0]),
    ];
    for (how, first, last) in hang_ups {
        on(first, start()).await.expect("a screen");
        assert_eq!(on(last, UssdSignal::Abort).await, None, "{how}");
        let late = on(last, next("3")).await.expect("a screen");
        assert!(late.starts_with("We were cut off"), "{how}: {late}");
        desk.clock.pass(200);
    }
    // sessions are named in their order: those of the first two hang up when the third is open
    for name in [&[1, 2][..], &[1, 4], &[1, 6]] {
        on(name, start()).await.expect("a screen");
    }
    for name in [&[1, 4][..], &[1, 2]] {
        assert_eq!(on(name, UssdSignal::Abort).await, None);
    }
    let alive = on(&[1, 6], next("3")).await.expect("a screen");
    assert!(alive.starts_with("Find a service"), "{alive}");
    desk.close().await;
}

#[tokio::test]
async fn equal_keys_of_a_gateway_that_counts_are_two_inputs_also_over_a_new_connection() {
    let desk = english().await;
    let died = new_session();
    desk.exchange.texts.session_opened(died);
    let over = |connection, name: &'static [u8], signal| desk.ussd_call(connection, CITIZEN, name, "*1212#", signal);
    over(died, &[0x0A, 0], start()).await.expect("a screen");
    over(died, &[0x0A, 2], next("3")).await.expect("a screen");
    let whom = over(died, &[0x0A, 4], next("1")).await.expect("a screen");
    desk.exchange.texts.session_closed(died);
    // again the same one, and then the next
    assert_eq!(over(desk.session, &[0x0A, 4], next("1")).await, Some(whom.clone()));
    let which = over(desk.session, &[0x0A, 6], next("1")).await.expect("a screen");
    assert!(whom.starts_with("For whom?") && which.starts_with("About what?"), "{whom}\n{which}");
    desk.close().await;
}

#[tokio::test]
async fn an_input_that_comes_again_over_a_new_connection_is_the_same_input() {
    let desk = english().await;
    let died = new_session();
    desk.exchange.texts.session_opened(died);
    desk.ussd_over(died, CITIZEN, 1, UssdSignal::Start(Vec::new())).await.expect("a screen");
    let list = desk.ussd_over(died, CITIZEN, 1, next("3")).await.expect("a screen");
    desk.exchange.texts.session_closed(died);
    // the gateway did not see our resp and sends the input again over another bind
    assert_eq!(desk.ussd(CITIZEN, 1, next("3")).await, Some(list));
    // over a connection that lives, an equal input is an answer of its own
    let whom = desk.key(CITIZEN, 1, "1").await.expect("a screen");
    let first = desk.key(CITIZEN, 1, "1").await.expect("a screen");
    assert!(whom.starts_with("For whom?") && first.starts_with("About what?"), "{whom}\n{first}");
    desk.close().await;
}

#[tokio::test]
async fn a_restarted_server_goes_on_in_the_middle_of_a_session() {
    let desk = english().await;
    desk.dial(CITIZEN, 1, &["2"]).await.expect("a screen");
    let before = desk.key(CITIZEN, 1, "1").await.expect("a screen");
    let desk = desk.restart().await;
    let after = desk.key(CITIZEN, 1, "9").await.expect("a screen");
    let back = desk.key(CITIZEN, 1, "0").await.expect("a screen");
    assert!(before.starts_with("Which office?"), "{before}");
    assert!(!after.starts_with("We were cut off") && !back.starts_with("We were cut off"), "{after}\n{back}");
    desk.close().await;
}

#[tokio::test]
async fn what_the_portal_does_not_answer_in_time_comes_as_a_text() {
    let mut desk = english().await;
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_millis(1_500);
    let late = desk.dial(CITIZEN, 1, &["1", CODE]).await.expect("a screen");
    assert_eq!(late, "This takes a little longer. We will text you the answer.|END");
    let texts = desk.answers().await;
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("120500-26-048193-7 In review"), "{texts:?}");
    // the session is over
    assert!(desk.key(CITIZEN, 1, "1").await.expect("a screen").starts_with("We were cut off"));
    desk.close().await;
}

#[tokio::test]
async fn a_booking_that_is_late_is_made_once_and_told_by_text() {
    let mut desk = english().await;
    let mut shown = desk.dial(CITIZEN, 1, &["2"]).await.expect("a screen");
    while !shown.starts_with("Book this?") {
        shown = desk.key(CITIZEN, 1, "1").await.expect("a screen");
    }
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::from_millis(1_500);
    let late = desk.key(CITIZEN, 1, "1").await.expect("a screen");
    assert!(late.ends_with("|END"), "{late}");
    let texts = desk.answers().await;
    assert!(texts.len() == 1 && texts[0].starts_with("Booked "), "{texts:?}");
    *desk.portal.delay.lock().expect("no panic holds it") = Duration::ZERO;
    let list = desk.dial(CITIZEN, 2, &["2", "2"]).await.expect("a screen");
    assert_eq!(list.lines().filter(|line| line.starts_with(char::is_numeric) && line.len() > 30).count(), 1, "{list}");
    desk.close().await;
}

#[tokio::test]
async fn faults_of_the_portal_are_told_in_words_and_lead_home() {
    let desk = english().await;
    for (fault, words) in [
        ("not_found", "Not found."),
        ("hidden", "Not found."),
        ("locked", "Not found."),
        ("away", "We cannot check at the moment."),
        ("unusable", "We cannot check at the moment."),
    ] {
        desk.portal.script(&format!("{CODE} fault {fault}"));
        let shown = desk.dial(CITIZEN, 1, &["1", CODE]).await.expect("a screen");
        assert!(shown.contains(words) && shown.ends_with("0 back 00 home"), "{fault}: {shown}");
        let home = desk.key(CITIZEN, 1, "00").await.expect("a screen");
        assert!(home.starts_with("Public services"), "{home}");
        desk.clock.pass(60);
    }
    desk.close().await;
}

#[tokio::test]
async fn wrong_keys_are_explained_three_times_and_then_lead_home() {
    let desk = english().await;
    for (steps, first) in [(&["1"][..], "Type the code"), (&["9"], "Language"), (&["4"], "Which office?")] {
        desk.dial(CITIZEN, 1, steps).await.expect("a screen");
        for _ in 0..3 {
            let again = desk.key(CITIZEN, 1, "77").await.expect("a screen");
            let home = again.contains("1 Track application");
            assert!(again.contains(first) || home, "{again}");
        }
        let home = desk.key(CITIZEN, 1, "77").await.expect("a screen");
        assert!(home.contains("1 Track application"), "{home}");
        desk.clock.pass(200);
    }
    desk.close().await;
}

#[tokio::test]
async fn a_storm_of_back_keys_gets_at_most_a_screen_each_and_the_session_lives() {
    let desk = english().await;
    desk.dial(CITIZEN, 1, &["2", "1"]).await.expect("a screen");
    let storm = (0..40).map(|_| desk.key(CITIZEN, 1, "0"));
    let shown: Vec<Option<String>> = futures_util::future::join_all(storm).await;
    let screens = shown.iter().flatten().count();
    assert!((1..=40).contains(&screens), "{screens}");
    assert!(shown.iter().flatten().all(|text| !text.starts_with("We were cut off")), "{shown:?}");
    assert!(desk.key(CITIZEN, 1, "3").await.expect("a screen").starts_with("Find a service"));
    desk.close().await;
}

#[tokio::test]
async fn khmer_letters_come_to_numbers_that_asked_for_them_and_gateways_that_take_them() {
    let mut desk = Desk::open(NO_LIMITS, Language::Km).await;
    let root = desk.dial(CITIZEN, 1, &[]).await.expect("a screen");
    assert!(root.is_ascii() && root.contains("1 Tam dan"), "{root}");
    let khmer = desk.dial(CITIZEN, 2, &["9", "1"]).await.expect("a screen");
    assert!(khmer.starts_with("សេវាសាធារណៈ"), "{khmer}");
    assert!(desk.dial(CITIZEN, 3, &[]).await.expect("a screen").starts_with("សេវាសាធារណៈ"), "it is remembered");
    desk.size.ucs2 = 0;
    assert!(desk.dial(CITIZEN, 4, &[]).await.expect("a screen").is_ascii());
    desk.close().await;
}

#[tokio::test]
async fn garbage_is_answered_with_a_screen_or_nothing() {
    let desk = english().await;
    desk.dial(CITIZEN, 1, &[]).await.expect("a screen");
    for text in ["", "#", "*", "***", "\u{0}\u{7f}", "ខ្ញុំ", "🙂", &"9".repeat(300), "-1", "1e9", "00000000", "'; DROP"]
    {
        let shown = desk.key(CITIZEN, 1, text).await.expect("a screen");
        assert!(!shown.is_empty() && shown.chars().count() <= 160, "{text:?}: {shown}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_is_a_notice_where_the_profile_allows_it_and_else_a_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let (portal, plain, showing) = (portal().await, telco(Dialect::Spec).await, telco(Dialect::Spec).await);
    let mut more = "prefixes = [\"10\"]\nshort_codes = [\"1212\"]\n".to_owned();
    more.push_str(&smsc("showing", showing.addr(), "prefixes = [\"12\"]\nussd = { profile = \"own\" }"));
    more.push_str("[[ussd_profile]]\nname = \"own\"\npush = 3\n");
    let config = program::config(folder.path(), plain.addr(), portal.addr(), &more);
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let text = text.replace("[portal]\n", "[push]\nquiet_hours = []\n[portal]\npoll_s = 1\n");
    std::fs::write(&config, text).expect("written");
    let _program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    for telco in [&plain, &showing] {
        telco.bound().await;
    }
    let mut handset = Handset::new(&showing, CITIZEN);
    for number in [CITIZEN, "85510000001"] {
        let event = serde_json::json!({
            "specversion": "1.0", "id": format!("evt-{number}"), "source": "https://portal.example/",
            "type": "kh.gov.portal.appointment.reminder", "time": "2026-11-23T09:15:00+07:00",
            "datacontenttype": "application/json",
            "data": {
                "msisdn": format!("+{number}"), "language": "en", "appointment_reference": "40719359",
                "service": { "sensitive": true }, "start": "2099-11-24T07:30:00+07:00",
                "office": { "id": "o", "name": { "km": "ច្រក", "en": "OWSO Dangkao" } },
            },
        });
        portal.tell(&event).await.expect("told");
    }
    let shown = handset.screen().await.expect("a notice");
    assert!(shown.text.starts_with("Appointment 40719359\nOWSO Dangkao\n") && shown.end, "{shown:?}");
    let text = eventually_text(&plain, "85510000001").await;
    assert!(text.contains("40719359"), "{text}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(showing.snapshot().mt.is_empty(), "confirmed by the telephone, so no text: {:#?}", showing.snapshot().mt);
    assert!(showing.snapshot().violations.is_empty());
    portal.stop().await;
}
