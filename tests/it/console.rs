//! The operations room while a telco carries texts: what it shows is what the telco saw, and what it shows live shows nobody.
use crate::support::{app::eventually, browser::Browser, browser::folder, doors::Doors, program::client};
use chrak::sandbox::telco::{Telco, fault::Faults};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    time::{Instant, sleep, timeout},
};

const NUMBER: &str = "85510000001";
/// Answered without the portal.
const WORD: &str = "menu";

async fn page(doors: &Doors, path: &str) -> String {
    let answer = client().get(format!("http://{}{path}", doors.ops)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.expect("a page")
}

/// Looks until a page holds it.
async fn shows(doors: &Doors, path: &str, wanted: &str) {
    let end = Instant::now() + Duration::from_secs(25);
    loop {
        let body = page(doors, path).await;
        if body.contains(wanted) {
            return;
        }
        assert!(Instant::now() < end, "\"{wanted}\" is not on {path}:\n{body}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn answered(telco: &Telco, texts: u64) {
    let said = eventually(Duration::from_secs(40), || (telco.counters().mt >= texts).then_some(()));
    said.await.unwrap_or_else(|| panic!("{texts} answers, but {:?}", telco.counters()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_console_shows_of_a_link_is_what_the_telco_saw() {
    let doors = Doors::open(&[]).await;
    doors.telco.bound().await;
    for nth in 0..7 {
        // a number that says the same again is taken for a redelivery
        doors.telco.send_mo(&format!("8551000002{nth}"), "1212", WORD).expect("taken");
    }
    answered(&doors.telco, 7).await;
    doors.telco.set_faults(Faults::parse(&["throttle=100"]).expect("a fault"));
    doors.telco.send_mo(NUMBER, "1212", WORD).expect("taken");
    let refused = eventually(Duration::from_secs(10), || (doors.telco.counters().throttled > 0).then_some(()));
    refused.await.expect("it is refused");
    shows(&doors, "/telcos/test?lang=en", "ESME_RTHROTTLED (0x58)").await;
    shows(&doors, "/telcos/test?lang=en", "the telco takes nothing").await;
    doors.telco.set_faults(Faults::default());
    answered(&doors.telco, 8).await;
    let counters = doors.telco.counters();
    let hour = format!(
        "in <b>{}</b> · out <b>{}</b> · refused <b>{}</b>",
        counters.mo, counters.mt_segments, counters.throttled
    );
    shows(&doors, "/telcos/test?lang=en", &hour).await;
    let body = page(&doors, "/telcos/test?lang=en").await;
    assert!(body.contains(&doors.telco.addr().to_string()) && body.contains(" · "), "{body}");
    assert!(!body.contains("secret") && !body.contains("855100000"), "{body}");
    // a telco that does not answer: what is in flight is shown of the window
    doors.telco.set_faults(Faults::parse(&["delay-resp=6000"]).expect("a fault"));
    for nth in 0..3 {
        doors.telco.send_mo(&format!("8551000010{nth}"), "1212", WORD).expect("taken");
    }
    shows(&doors, "/console?lang=en", "In flight: 3 / 10").await;
    doors.close().await;
}

/// Lines of a feed until one of them holds the word.
async fn until(feed: &mut reqwest::Response, word: &str) -> String {
    let mut all = String::new();
    while !all.contains(word) {
        let more = feed.chunk().await.expect("the line holds").expect("the feed goes on");
        all.push_str(&String::from_utf8_lossy(&more));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdu_is_on_the_live_trace_within_two_seconds_and_shows_nobody() {
    let mut doors = Doors::open(&[]).await;
    doors.telco.bound().await;
    let feed = async |query: &str| {
        let answer = client().get(format!("http://{}/trace/events{query}", doors.ops)).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().expect("a value"))
        );
        answer
    };
    let mut all = feed("?lang=en&smsc=test").await;
    let mut submits = feed("?as=lines&smsc=test&command=submit_sm&number=85510").await;
    let mut nobody = feed("?as=lines&number=85599").await;
    doors.telco.send_mo(NUMBER, "1212", "a secret of mine").expect("taken");
    let within = Duration::from_secs(2);
    let seen = timeout(within, until(&mut all, "submit_sm")).await.expect("in time");
    assert!(seen.contains("event: pdu") && seen.contains("deliver_sm") && seen.contains("85510******"), "{seen}");
    let hex = |word: &str| word.bytes().map(|octet| format!("{octet:02x}")).collect::<String>();
    let line = timeout(within, until(&mut submits, "submit_sm")).await.expect("in time");
    for shown in [&seen, &line] {
        for word in [NUMBER, "secret"] {
            assert!(!shown.contains(word) && !shown.contains(&hex(word)), "{word} in {shown}");
        }
    }
    assert!(line.contains(" test/trx-1 -> submit_sm ") && !line.contains("deliver_sm"), "{line}");
    assert!(timeout(Duration::from_millis(500), nobody.chunk()).await.is_err(), "nothing is like that");
    // a page that is open holds no stop up
    doors.program.signal("TERM");
    doors.program.ended(Duration::from_secs(15));
    assert!(doors.program.listen().contains("stopped; nothing was left in hand"), "{}", doors.program.log);
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_the_trace_too_slowly_is_told_what_was_missed_and_holds_no_text_back() {
    let doors = Doors::open(&[]).await;
    doors.telco.bound().await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("small");
    let mut slow = socket.connect(doors.ops).await.expect("a connection");
    let ask = format!("GET /trace/events HTTP/1.1\r\nHost: {}\r\n\r\n", doors.ops);
    slow.write_all(ask.as_bytes()).await.expect("written");
    sleep(Duration::from_millis(200)).await;
    for nth in 0..400 {
        doors.telco.send_mo(&format!("855100{nth:05}"), "1212", WORD).expect("taken");
    }
    let begun = Instant::now();
    answered(&doors.telco, 400).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "max_tps is 100");
    let (mut all, mut some) = (String::new(), [0; 16 * 1024]);
    while !all.contains("event: missed") {
        let read = timeout(Duration::from_secs(5), slow.read(&mut some)).await.expect("more").expect("the line holds");
        assert!(read > 0, "the feed ended");
        all.push_str(&String::from_utf8_lossy(&some[..read]));
    }
    let told = all.split("event: missed").nth(1).and_then(|rest| rest.split("data: ").nth(1));
    let missed: u64 = told.and_then(|rest| rest.lines().next()).expect("how many").parse().expect("a number");
    assert!(missed > 100, "{missed}");
    doors.close().await;
}

/// What axe-core says of the page, and what does not fit its screen.
async fn faults(browser: &Browser, axe: &str) -> Vec<String> {
    browser.js(&format!("if (!window.axe) {{ {axe} }}")).await;
    let run = "return axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.map(one => \
               `${one.id}: ${one.help}: ${one.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | ')}`.slice(0, 400)))";
    let found = browser.js(run).await;
    let mut faults: Vec<String> =
        found.as_array().expect("a list").iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect();
    if browser.js("return document.documentElement.scrollWidth > innerWidth").await == true {
        faults.push("wider than the screen".to_owned());
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_pages_are_for_everybody_on_every_screen_in_both_languages() {
    let doors = Doors::open(&[]).await;
    doors.telco.bound().await;
    doors.telco.send_mo(NUMBER, "1212", WORD).expect("taken");
    answered(&doors.telco, 1).await;
    let axe = std::fs::read_to_string("tests/node/node_modules/axe-core/axe.min.js");
    let axe = axe.expect("axe-core is there; bring it with: (cd tests/node && npm ci)");
    let browser = Browser::open(&format!("http://{}", doors.ops)).await;
    let (shots, mut wrong) = (folder("console-screens"), Vec::new());
    for (name, path) in [("console", "/console"), ("telco", "/telcos/test"), ("live", "/trace/live")] {
        for lang in ["km", "en"] {
            for (width, height) in [(1280, 800), (390, 844)] {
                browser.screen(width, height).await;
                browser.go(&format!("{path}?lang={lang}")).await;
                if name == "live" {
                    browser.see("#pdus .pdu summary").await;
                    browser.see("#state.good").await;
                    browser.js("document.querySelector('.pdu').open = true").await;
                }
                let found = faults(&browser, &axe).await;
                wrong.extend(found.into_iter().map(|fault| format!("{name} {lang} {width}: {fault}")));
                browser.shot(&shots.join(format!("{name}-{lang}-{width}.png"))).await;
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // by keyboard: pause, and what comes waits
    browser.js("document.querySelector('#pause').focus()").await;
    browser.key("Enter", "\r").await;
    browser.js("document.querySelector('#clear').click()").await;
    doors.telco.send_mo("85510000002", "1212", WORD).expect("taken");
    browser
        .until("lines that wait", "return /Paused · [1-9]/.test(document.querySelector('#state').textContent)")
        .await;
    assert_eq!(browser.js("return document.querySelectorAll('#pdus .pdu').length").await, 0);
    browser.key("Enter", "\r").await;
    browser.see("#pdus .pdu").await;
    browser.close().await;
    doors.close().await;
}
