//! An SMSC that means no good, octet by octet over raw sockets, against the program: what is acknowledged is answered,
//! once, the bind that can live lives, and memory stays bounded.
//!
//! What else goes wrong on a link is shown elsewhere; docs/SMPP.md says where, under "Faults of a link". Numbers that wrap
//! are left to the session's own tests: two thousand million PDUs are not sent here.
use crate::support::{
    by_hand::{
        BIND_TRANSCEIVER, DELIVER_SM, MISTYPED, OUTBIND, Pdu, RESP, SUBMIT_SM, UNBIND, pdu, read_within, takes, write,
    },
    program::{self, Program, client},
    smsc::{deliver_sm, submit},
};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

const SECOND: Duration = Duration::from_secs(1);
const ENQUIRE_LINK: u32 = 0x15;
const NACK: u32 = 0x8000_0000;
/// Longest wait of a test for anything: an answer whose fate is unknown waits 15 s, and what is dead is found after 11 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// The program and where it connects to.
struct Served {
    program: Program,
    listener: TcpListener,
    _folder: tempfile::TempDir,
}

impl Served {
    /// With more keys of its telco.
    async fn with(more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let config = program::config(folder.path(), listener.local_addr().expect("its address"), nowhere, more);
        let program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
        Served { program, listener, _folder: folder }
    }

    /// A connection that is not bound.
    async fn connected(&self) -> TcpStream {
        let (stream, _) =
            tokio::time::timeout(PATIENCE, self.listener.accept()).await.expect("it comes").expect("accepted");
        stream.set_nodelay(true).expect("no delay");
        stream
    }

    async fn bound(&self) -> TcpStream {
        let mut stream = self.connected().await;
        takes(&mut stream, BIND_TRANSCEIVER).await;
        stream
    }

    /// KiB of its memory that are in use.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
        line.trim().trim_end_matches("kB").trim().parse().expect("a number")
    }
}

/// What an SMSC has heard so far.
#[derive(Debug, Default)]
struct Heard {
    /// command_status of each resp to a deliver_sm, by sequence_number, in their order.
    resps: BTreeMap<u32, Vec<u32>>,
    /// sequence_number and command_status.
    nacks: Vec<(u32, u32)>,
    /// sequence_number, and the number that it goes to.
    submits: Vec<(u32, String)>,
    enquiries: usize,
    ended: bool,
}

impl Heard {
    fn take(&mut self, pdu: &Pdu) {
        match pdu.command {
            NACK => self.nacks.push((pdu.sequence, pdu.status)),
            SUBMIT_SM => self.submits.push((pdu.sequence, submit(&pdu.body).to)),
            ENQUIRE_LINK => self.enquiries += 1,
            command if command == DELIVER_SM | RESP => self.resps.entry(pdu.sequence).or_default().push(pdu.status),
            _ => {}
        }
    }

    /// How many texts went to that number.
    fn answers(&self, to: &str) -> usize {
        self.submits.iter().filter(|(_, number)| number == to).count()
    }
}

/// Reads on until enough was heard, or the end; with `answers`, submits and enquire_links are answered.
async fn hear(stream: &mut TcpStream, heard: &mut Heard, answers: bool, enough: impl Fn(&Heard) -> bool) {
    while !enough(heard) && !heard.ended {
        let Some(pdu) = read_within(stream, PATIENCE).await else {
            heard.ended = true;
            return;
        };
        heard.take(&pdu);
        if answers && matches!(pdu.command, SUBMIT_SM | ENQUIRE_LINK) {
            let id = format!("id-{}\0", pdu.sequence);
            let body = if pdu.command == SUBMIT_SM { id.as_bytes() } else { b"" };
            write(stream, pdu.command | RESP, pdu.sequence, body).await;
        }
    }
}

/// A text, stored, answered and settled.
async fn serves(stream: &mut TcpStream, sequence: u32, from: &str) {
    write(stream, DELIVER_SM, sequence, &text(from)).await;
    let mut heard = Heard::default();
    hear(stream, &mut heard, true, |heard| heard.answers(from) == 1).await;
    assert_eq!(heard.resps.get(&sequence), Some(&vec![0]), "{from}: {heard:?}");
    assert!(!heard.ended);
}

/// Whatever else comes within that time.
async fn after(stream: &mut TcpStream, heard: &mut Heard, quiet: Duration) {
    let _ = tokio::time::timeout(quiet, hear(stream, heard, true, |_| false)).await;
}

fn text(from: &str) -> Vec<u8> {
    deliver_sm(from, 0, 0, MISTYPED, &[])
}

fn numbers(first: u32, count: u32) -> Vec<String> {
    (first..first + count).map(|n| format!("85512{n:06}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn octet_by_octet_or_all_in_one_segment_is_the_same() {
    let served = Served::with("").await;
    let mut stream = served.bound().await;
    let (slowly, at_once) = (numbers(0, 3), numbers(100, 60));
    let octets: Vec<u8> =
        (10..).zip(&slowly).flat_map(|(sequence, from)| pdu(DELIVER_SM, sequence, &text(from))).collect();
    for octet in octets {
        stream.write_all(&[octet]).await.expect("written");
        tokio::task::yield_now().await;
    }
    let all: Vec<u8> =
        (100..).zip(&at_once).flat_map(|(sequence, from)| pdu(DELIVER_SM, sequence, &text(from))).collect();
    stream.write_all(&all).await.expect("written");
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, true, |heard| heard.submits.len() == 63).await;
    after(&mut stream, &mut heard, SECOND / 2).await;
    for from in slowly.iter().chain(&at_once) {
        assert_eq!(heard.answers(from), 1, "{from}");
    }
    assert!(heard.resps.len() == 63 && heard.resps.values().all(|all| all == &[0]), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_cannot_be_costs_one_connection_no_memory_and_no_text() {
    let served = Served::with("").await;
    let mut before = None;
    for (sequence, length) in (1..).zip([0u32, 4, 15, 0x0101_0101, u32::MAX]) {
        let mut stream = served.bound().await;
        serves(&mut stream, sequence, &numbers(200 + sequence, 1)[0]).await;
        let before = *before.get_or_insert_with(|| served.memory());
        let lost = [length, DELIVER_SM, 0, 77].map(u32::to_be_bytes).concat();
        // what follows would be read by whoever goes on
        stream.write_all(&[lost, pdu(DELIVER_SM, 78, &text("85512000299"))].concat()).await.expect("written");
        let mut heard = Heard::default();
        hear(&mut stream, &mut heard, true, |_| false).await;
        assert_eq!((&heard.nacks, heard.ended), (&vec![(77, 2)], true), "{length:#x}");
        assert!(heard.resps.is_empty() && heard.submits.is_empty(), "{heard:?}");
        assert!(served.memory() < before + 64 * 1024, "{} KiB, of {before} before {length:#x}", served.memory());
    }
    // the connection is reset in place of an end
    let stream = served.bound().await;
    stream.set_zero_linger().expect("it may");
    drop(stream);
    serves(&mut served.bound().await, 90, "85512000299").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_the_bind_resp_or_with_it_is_answered_as_the_state_wants() {
    let served = Served::with("").await;
    let mut stream = served.connected().await;
    let bind = read_within(&mut stream, PATIENCE).await.expect("a bind");
    write(&mut stream, DELIVER_SM, 5, &text("85512000301")).await;
    write(&mut stream, OUTBIND, 6, b"smsc\0secret\0").await;
    write(&mut stream, SUBMIT_SM | RESP, bind.sequence, b"id\0").await;
    write(&mut stream, ENQUIRE_LINK, 7, b"").await;
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, false, |heard| heard.resps.contains_key(&5)).await;
    assert_eq!(heard.resps[&5], [4], "ESME_RINVBNDSTS: the SMSC keeps it");
    let linked = read_within(&mut stream, PATIENCE).await.expect("an answer");
    assert_eq!((linked.command, linked.sequence), (ENQUIRE_LINK | RESP, 7));
    // the resp and the text that was kept, in one segment
    let both = [pdu(BIND_TRANSCEIVER | RESP, bind.sequence, b"smsc\0"), pdu(DELIVER_SM, 8, &text("85512000301"))];
    stream.write_all(&both.concat()).await.expect("written");
    hear(&mut stream, &mut heard, true, |heard| heard.submits.len() == 1).await;
    assert_eq!(heard.resps[&8], [0]);
    serves(&mut stream, 9, "85512000302").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_sequence_numbers_and_parts_that_lie_cost_nothing() {
    let served = Served::with("").await;
    let mut stream = served.bound().await;
    let mut heard = Heard::default();
    let (odd, from) = ([0, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX], numbers(400, 5));
    let all: Vec<u8> =
        odd.iter().zip(&from).flat_map(|(sequence, from)| pdu(DELIVER_SM, *sequence, &text(from))).collect();
    stream.write_all(&all).await.expect("written");
    hear(&mut stream, &mut heard, true, |heard| heard.submits.len() == 5).await;
    for sequence in odd {
        assert_eq!(heard.resps[&sequence], [0], "{sequence:#x} is echoed");
    }
    // "part N of M": what cannot be is a text of its own
    let lies = [(1u8, 0u8), (0, 2), (3, 2), (1, 1), (0, 0), (255, 1)];
    let senders = numbers(450, lies.len() as u32);
    for ((number, total), from) in lies.into_iter().zip(&senders) {
        let body = [&[5, 0, 3, 9, total, number], MISTYPED].concat();
        write(
            &mut stream,
            DELIVER_SM,
            u32::from(number) << 8 | u32::from(total),
            &deliver_sm(from, 0x40, 0, &body, &[]),
        )
        .await;
    }
    hear(&mut stream, &mut heard, true, |heard| senders.iter().all(|from| heard.answers(from) == 1)).await;
    // one of 255 is taken, and waited for; a header that is longer than its text is none
    let body = [&[5, 0, 3, 9, 255, 1], MISTYPED].concat();
    write(&mut stream, DELIVER_SM, 0x5001, &deliver_sm("85512000480", 0x40, 0, &body, &[])).await;
    let body = [&[200], MISTYPED].concat();
    write(&mut stream, DELIVER_SM, 0x5002, &deliver_sm("85512000481", 0x40, 0, &body, &[])).await;
    hear(&mut stream, &mut heard, true, |heard| heard.answers("85512000481") == 1).await;
    after(&mut stream, &mut heard, SECOND / 2).await;
    assert!(heard.resps.values().all(|all| all.iter().all(|status| *status == 0)), "{heard:?}");
    assert_eq!(heard.resps[&0x5001], [0]);
    assert_eq!((heard.submits.len(), heard.nacks.len(), heard.ended), (12, 0, false), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_receipts_of_any_kind_are_taken_and_nobody_is_answered_twice() {
    let mut served = Served::with("").await;
    let ready = served.program.said("ready http=");
    let ops =
        ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address").to_owned();
    let mut stream = served.bound().await;
    let mut heard = Heard::default();
    let long = [&[b'a'; 65][..], b"\0"].concat();
    let ids: [&[u8]; 6] = [&long, b"", b"\0", b"same\0", b"same\0", b"\xE9\xFF\0"];
    for ((sequence, id), from) in (10..).zip(ids).zip(numbers(500, 6)) {
        write(&mut stream, DELIVER_SM, sequence, &text(&from)).await;
        hear(&mut stream, &mut heard, false, |heard| heard.answers(&from) == 1).await;
        let submitted = heard.submits.last().expect("just heard").0;
        write(&mut stream, SUBMIT_SM | RESP, submitted, id).await;
        // and once more, and for somebody else
        write(&mut stream, SUBMIT_SM | RESP, submitted, id).await;
        write(&mut stream, SUBMIT_SM | RESP, 0, id).await;
    }
    let receipts: [&[u8]; 8] = [
        b"id:same stat:DELIVRD",
        b"id:same stat:DELIVRD",
        b"id:same stat:ENROUTE",
        b"id:nobodys stat:DELIVRD",
        b"id:same stat:GONEFISHING",
        b"id: sub:zzz stat:",
        b"\0\xFF\xFEid",
        b"",
    ];
    for (sequence, receipt) in (30..).zip(receipts) {
        write(&mut stream, DELIVER_SM, sequence, &deliver_sm("85512000503", 4, 0, receipt, &[])).await;
    }
    let of_long = [&b"id:"[..], &[b'a'; 65], b" stat:DELIVRD"].concat();
    write(&mut stream, DELIVER_SM, 50, &deliver_sm("85512000500", 4, 0, &of_long, &[])).await;
    hear(&mut stream, &mut heard, true, |heard| heard.resps.contains_key(&50)).await;
    after(&mut stream, &mut heard, SECOND).await;
    assert!(heard.resps.values().all(|all| all == &[0]), "{heard:?}");
    assert_eq!((heard.resps.len(), heard.submits.len(), heard.ended), (15, 6, false), "{heard:?}");
    serves(&mut stream, 60, "85512000510").await;
    let metrics = client().get(format!("http://{ops}/metrics")).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("a page");
    let odd = "chrak_anomalies_total{smsc=\"test\",kind=\"response\"} 12\n";
    assert!(metrics.contains(odd), "each resp that came again or for nobody: {metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_comes_over_another_bind_before_its_resp_was_read_is_answered_once() {
    let served = Served::with("binds = 2\nunique_id = \"user_message_reference\"\n").await;
    let (mut first, mut second) = (served.bound().await, served.bound().await);
    let text = |reference| deliver_sm("85512000601", 0, 0, MISTYPED, &[(0x0204, &[0, reference])]);
    write(&mut first, DELIVER_SM, 5, &text(1)).await;
    sleep(SECOND / 5).await;
    // the SMSC has read nothing of the first, and takes its timer for the end
    write(&mut second, DELIVER_SM, 5, &text(1)).await;
    let (mut of_first, mut of_second) = (Heard::default(), Heard::default());
    after(&mut second, &mut of_second, SECOND).await;
    after(&mut first, &mut of_first, SECOND).await;
    assert_eq!((of_first.resps.get(&5), of_second.resps.get(&5)), (Some(&vec![0]), Some(&vec![0])));
    assert_eq!(of_first.submits.len() + of_second.submits.len(), 1, "{of_first:?} {of_second:?}");
    // whoever asks the same again is answered again
    write(&mut second, DELIVER_SM, 6, &text(2)).await;
    after(&mut second, &mut of_second, SECOND).await;
    after(&mut first, &mut of_first, SECOND / 5).await;
    assert_eq!(of_second.resps.get(&6), Some(&vec![0]));
    assert_eq!(of_first.submits.len() + of_second.submits.len(), 2, "{of_first:?} {of_second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_too_many_is_refused_and_the_other_carries_on() {
    let served = Served::with("binds = 2\n").await;
    let mut first = served.bound().await;
    let mut second = served.connected().await;
    let bind = read_within(&mut second, PATIENCE).await.expect("a bind");
    let refused = [16u32, BIND_TRANSCEIVER | RESP, 0x0D, bind.sequence].map(u32::to_be_bytes).concat();
    second.write_all(&refused).await.expect("written");
    assert!(read_within(&mut second, PATIENCE).await.is_none(), "and the end");
    for (sequence, from) in (5..).zip(numbers(610, 3)) {
        serves(&mut first, sequence, &from).await;
    }
    let again = tokio::time::timeout(4 * SECOND, served.listener.accept()).await;
    assert!(again.is_err(), "an account that was refused is not tried every second");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_wait_for_a_telco_that_is_down_fill_no_log() {
    let mut served = Served::with("").await;
    let mut stream = served.bound().await;
    let from = numbers(620, 100);
    let all: Vec<u8> = (10..).zip(&from).flat_map(|(sequence, from)| pdu(DELIVER_SM, sequence, &text(from))).collect();
    stream.write_all(&all).await.expect("written");
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, false, |heard| heard.resps.len() == 100).await;
    served.program.listen();
    drop(stream);
    // it takes no bind any more
    let mut tries = 0;
    let down = async {
        loop {
            drop(served.listener.accept().await);
            tries += 1;
        }
    };
    assert!(tokio::time::timeout(4 * SECOND, down).await.is_err());
    let before = served.program.log.len();
    let lines = served.program.listen()[before..].lines().filter(|line| !line.contains("portal")).count();
    assert!(tries > 1 && lines <= 3 * (tries + 2), "{lines} lines for {tries} tries: {}", served.program.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_that_the_smsc_has_forgotten_is_made_anew_and_told_in_words() {
    let mut served = Served::with("").await;
    let mut stream = served.bound().await;
    let from = numbers(650, 2);
    for (sequence, from) in (5..).zip(&from) {
        write(&mut stream, DELIVER_SM, sequence, &text(from)).await;
    }
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, false, |heard| heard.submits.len() == 2).await;
    for (sequence, _) in &heard.submits {
        let refused = [16u32, SUBMIT_SM | RESP, 4, *sequence].map(u32::to_be_bytes).concat();
        stream.write_all(&refused).await.expect("written");
    }
    let left = read_within(&mut stream, PATIENCE).await.expect("an unbind");
    assert_eq!(left.command, UNBIND);
    write(&mut stream, UNBIND | RESP, left.sequence, b"").await;
    served.program.said("the telco answers as if we were not bound, with ESME_RINVBNDSTS (0x04): binding anew");
    // after ten seconds both go out again, once
    let mut stream = served.bound().await;
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, true, |heard| heard.submits.len() == 2).await;
    after(&mut stream, &mut heard, SECOND).await;
    assert!(from.iter().all(|from| heard.answers(from) == 1), "{heard:?}");
}

/// Nothing of what is written to it arrives, while the connection stands.
async fn swallows() {
    let served = Served::with("enquire_link_s = 1\n").await;
    let mut stream = served.bound().await;
    let stood = Instant::now();
    write(&mut stream, DELIVER_SM, 5, &text("85512000701")).await;
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, false, |_| false).await;
    assert!(heard.ended && heard.enquiries >= 1 && heard.answers("85512000701") == 1, "{heard:?}");
    assert!((9 * SECOND..16 * SECOND).contains(&stood.elapsed()), "found after {:?}", stood.elapsed());
    let mut stream = served.bound().await;
    // resps of the session before are nobody's here
    for (sequence, _) in &heard.submits {
        write(&mut stream, SUBMIT_SM | RESP, *sequence, b"older\0").await;
    }
    serves(&mut stream, 6, "85512000702").await;
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, true, |heard| !heard.submits.is_empty()).await;
    after(&mut stream, &mut heard, 2 * SECOND).await;
    assert_eq!((heard.submits.len(), heard.answers("85512000701")), (1, 1), "acknowledged is answered: {heard:?}");
}

/// The bind_resp comes when nobody waits for it any more.
async fn binds_late() {
    let served = Served::with("").await;
    let mut late = served.connected().await;
    let asked = Instant::now();
    let bind = read_within(&mut late, PATIENCE).await.expect("a bind");
    assert!(read_within(&mut late, PATIENCE).await.is_none(), "nothing but the end");
    assert!((9 * SECOND..13 * SECOND).contains(&asked.elapsed()), "after {:?}", asked.elapsed());
    let mut stream = served.connected().await;
    let again = read_within(&mut stream, PATIENCE).await.expect("a bind");
    let _ = late.write_all(&pdu(BIND_TRANSCEIVER | RESP, bind.sequence, b"late\0")).await;
    write(&mut stream, BIND_TRANSCEIVER | RESP, again.sequence, b"smsc\0").await;
    serves(&mut stream, 5, "85512000711").await;
}

/// A PDU that goes on for ever, an octet a second.
async fn trickles() {
    let served = Served::with("").await;
    let mut stream = served.bound().await;
    serves(&mut stream, 5, "85512000721").await;
    let begun = Instant::now();
    for octet in pdu(DELIVER_SM, 6, &text("85512000722")) {
        if stream.write_all(&[octet]).await.is_err() {
            break;
        }
        sleep(SECOND).await;
        if begun.elapsed() > 9 * SECOND {
            break;
        }
    }
    let mut heard = Heard::default();
    hear(&mut stream, &mut heard, true, |_| false).await;
    assert!(heard.ended && begun.elapsed() < 13 * SECOND, "{:?}", begun.elapsed());
    serves(&mut served.bound().await, 7, "85512000722").await;
}

/// All that is said to it is answered five seconds later.
async fn answers_slowly() {
    let served = Served::with("enquire_link_s = 2\n").await;
    let mut stream = served.connected().await;
    let bind = read_within(&mut stream, PATIENCE).await.expect("a bind");
    sleep(5 * SECOND).await;
    write(&mut stream, BIND_TRANSCEIVER | RESP, bind.sequence, b"smsc\0").await;
    let from = numbers(730, 8);
    for (sequence, from) in (10..).zip(&from) {
        write(&mut stream, DELIVER_SM, sequence, &text(from)).await;
    }
    let mut heard = Heard::default();
    let _ = tokio::time::timeout(5 * SECOND, hear(&mut stream, &mut heard, false, |_| false)).await;
    assert_eq!((heard.resps.len(), heard.submits.len(), heard.ended), (8, 8, false), "{heard:?}");
    for (sequence, _) in heard.submits.clone() {
        write(&mut stream, SUBMIT_SM | RESP, sequence, format!("id-{sequence}\0").as_bytes()).await;
    }
    after(&mut stream, &mut heard, SECOND).await;
    assert_eq!((heard.submits.len(), heard.ended), (8, false), "no false timeout, nothing twice: {heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_slow_half_open_or_never_done_is_waited_for_or_left_in_time() {
    tokio::join!(swallows(), binds_late(), trickles(), answers_slowly());
}

/// What a subscriber types, as gateways of the profile "spec" write it (SMPP 3.4 §5.3.2.44).
fn typed(from: &str, operation: u8, session: u8, text: &[u8]) -> Vec<u8> {
    let tlvs: [(u16, &[u8]); 2] = [(0x0501, &[operation]), (0x1383, &[0, session])];
    [b"USSD", &deliver_sm(from, 0, 0x0F, text, &tlvs)[..]].concat()
}

/// The next screen, answered with a status.
async fn screen(stream: &mut TcpStream, status: u32) -> Vec<u8> {
    loop {
        let pdu = read_within(stream, PATIENCE).await.expect("a screen");
        if pdu.command == SUBMIT_SM {
            let words = [16, SUBMIT_SM | RESP, status, pdu.sequence];
            let refused: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            match status {
                0 => write(stream, SUBMIT_SM | RESP, pdu.sequence, b"id\0").await,
                _ => stream.write_all(&refused).await.expect("written"),
            }
            return pdu.body;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_that_is_refused_as_too_fast_comes_again_in_its_order_and_never_when_it_was_taken() {
    let served = Served::with("").await;
    let mut stream = served.bound().await;
    write(&mut stream, DELIVER_SM, 5, &typed("85512000801", 1, 2, b"*1212#")).await;
    let first = screen(&mut stream, 0x58).await;
    for status in [0x14, 0x58, 0] {
        assert_eq!(screen(&mut stream, status).await, first, "the same screen");
    }
    // the session goes on after it, and what is refused for another reason is not said again
    write(&mut stream, DELIVER_SM, 6, &typed("85512000801", 18, 2, b"1")).await;
    let second = screen(&mut stream, 0x0B).await;
    assert_ne!(second, first);
    let mut heard = Heard::default();
    after(&mut stream, &mut heard, 2 * SECOND).await;
    assert!(heard.submits.is_empty() && !heard.ended, "{heard:?}");
    // who dials anew while the old screen is refused sees the new one only
    write(&mut stream, DELIVER_SM, 7, &typed("85512000802", 1, 4, b"*1212#")).await;
    let old = read_within(&mut stream, PATIENCE).await.map(|resp| resp.command).expect("a resp");
    assert_eq!(old, DELIVER_SM | RESP);
    let old = read_within(&mut stream, PATIENCE).await.expect("the old screen");
    write(&mut stream, DELIVER_SM, 8, &typed("85512000802", 1, 6, b"*1212#")).await;
    let new = screen(&mut stream, 0).await;
    assert_ne!(new, old.body, "it names the new session");
    let too_fast = [16, SUBMIT_SM | RESP, 0x58, old.sequence].map(u32::to_be_bytes).concat();
    stream.write_all(&too_fast).await.expect("written");
    after(&mut stream, &mut heard, 2 * SECOND).await;
    assert!(heard.submits.is_empty() && !heard.ended, "{heard:?}");
}
