//! An SMSC made of octets against the program: what telcos wrap their texts in, how they write their receipts, and
//! what a text or a receipt must not be lost by.
use crate::support::{
    app,
    program::{self, Program, client},
};
use chrak::sandbox::telco::fault::Faults;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const DELIVER_SM: u32 = 5;
const SUBMIT_SM: u32 = 4;
const UNBIND: u32 = 6;
const DATA_SM: u32 = 0x103;
const RESP: u32 = 0x8000_0000;
const NUMBER: &str = "85510000001";
/// Answered in one segment, whatever the portal does.
const MISTYPED: &[u8] = b"120500260481938";

/// A PDU as it came.
struct Pdu {
    command: u32,
    status: u32,
    sequence: u32,
    body: Vec<u8>,
}

/// The program, bound to us.
struct Bound {
    program: Program,
    stream: TcpStream,
    listener: TcpListener,
    ops: String,
    next: u32,
    /// Bodies of submit_sm that were answered, in their order.
    submitted: Vec<Vec<u8>>,
    /// message_ids to be given; afterwards each gets one of its own.
    ids: Vec<&'static str>,
    /// What submits are answered with.
    status: u32,
    _folder: tempfile::TempDir,
}

impl Bound {
    /// `more` goes into `[[smsc]]`.
    async fn start(more: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let config = program::config(folder.path(), listener.local_addr().expect("its address"), nowhere, more);
        let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
        let ready = program.said("ready http=");
        let ops = ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let ops = format!("http://{ops}");
        let (stream, _) = listener.accept().await.expect("a connection");
        let (submitted, ids) = (Vec::new(), Vec::new());
        let mut bound = Bound { program, stream, listener, ops, next: 1, submitted, ids, status: 0, _folder: folder };
        bound.bind().await;
        bound
    }

    /// Takes the bind that has just been asked for.
    async fn bind(&mut self) {
        let bind = self.read().await;
        self.write(bind.command | RESP, 0, bind.sequence, b"smsc\0\x40\x01\0\x01x\x02\x10\0\x01\x34").await;
    }

    async fn write(&mut self, command: u32, status: u32, sequence: u32, body: &[u8]) {
        let words = [16 + body.len() as u32, command, status, sequence];
        let mut octets: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        octets.extend(body);
        self.stream.write_all(&octets).await.expect("written");
    }

    async fn read(&mut self) -> Pdu {
        let read = tokio::time::timeout(Duration::from_secs(10), self.read_patiently());
        read.await.expect("the program says something")
    }

    async fn read_patiently(&mut self) -> Pdu {
        let mut words = [0; 4];
        for word in &mut words {
            *word = self.stream.read_u32().await.expect("the program stays bound");
        }
        let mut body = vec![0; words[0] as usize - 16];
        self.stream.read_exact(&mut body).await.expect("a whole PDU");
        Pdu { command: words[1], status: words[2], sequence: words[3], body }
    }

    /// Takes one PDU: answers a submit_sm, returns a resp.
    async fn turn(&mut self) -> Option<Pdu> {
        let pdu = self.read().await;
        if pdu.command & RESP != 0 {
            return Some(pdu);
        }
        let given = format!("own-{}", self.submitted.len());
        let body = match pdu.command {
            SUBMIT_SM if self.status == 0 => {
                let id = if self.ids.is_empty() { &given } else { self.ids.remove(0) };
                [id.as_bytes(), b"\0"].concat()
            }
            _ => Vec::new(),
        };
        let status = if pdu.command == SUBMIT_SM { self.status } else { 0 };
        self.write(pdu.command | RESP, status, pdu.sequence, &body).await;
        if pdu.command == SUBMIT_SM {
            self.submitted.push(pdu.body);
        }
        None
    }

    /// Sends a request; the status of its resp.
    async fn send(&mut self, command: u32, body: &[u8]) -> u32 {
        let sequence = self.next;
        self.next += 1;
        self.write(command, 0, sequence, body).await;
        loop {
            if let Some(resp) = self.turn().await
                && resp.sequence == sequence
            {
                assert_eq!(resp.command, command | RESP);
                return resp.status;
            }
        }
    }

    /// Waits until so many submits were answered.
    async fn answered(&mut self, count: usize) {
        while self.submitted.len() < count {
            self.turn().await;
        }
    }

    /// A text of that number, and its answer taken under this id, of which the store knows.
    async fn text_taken_under(&mut self, number: &str, id: &'static str) {
        self.ids.push(id);
        let before = self.submitted.len();
        assert_eq!(self.send(DELIVER_SM, &sm(number, 0, MISTYPED, b"")).await, 0);
        self.answered(before + 1).await;
        self.counted(&format!("chrak_mt_total{{smsc=\"test\",result=\"sent\"}} {}", before + 1)).await;
        // it is counted before it is stored
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    /// Waits until `/metrics` holds that line.
    async fn counted(&self, line: &str) {
        let mut metrics = String::new();
        for _ in 0..250 {
            let answer = client().get(format!("{}/metrics", self.ops)).send().await.expect("an answer");
            metrics = answer.text().await.expect("a body");
            if metrics.lines().any(|one| one == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let alike: Vec<&str> = metrics.lines().filter(|one| one.contains(&line[..16])).collect();
        panic!("{line} in {alike:#?}");
    }

    async fn receipts(&self, result: &str, count: u32) {
        self.counted(&format!("chrak_receipts_total{{smsc=\"test\",result=\"{result}\"}} {count}")).await;
    }
}

/// The id of the resp; esm_class, text and TLVs of the receipt; what it is found to be, and how many were.
type Case<'a> = (&'static str, u8, &'a [u8], &'a [u8], &'a str, u32);

/// A deliver_sm from `from` to 1212.
fn sm(from: &str, esm_class: u8, text: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    let mut body = b"\0\x01\x01".to_vec();
    body.extend(from.as_bytes());
    body.extend(b"\0\0\x011212\0");
    body.extend([esm_class, 0, 0, 0, 0, 0, 0, 0, 0, length]);
    body.extend(text);
    body.extend(tlvs);
    body
}

/// A data_sm of the same.
fn data(from: &str, esm_class: u8, text: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x01".to_vec();
    body.extend(from.as_bytes());
    body.extend(b"\0\0\x011212\0");
    body.extend([esm_class, 0, 0, 4, 0x24, 0, u8::try_from(text.len()).expect("a short text")]);
    body.extend(text);
    body.extend(tlvs);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_tlv_nobody_knows_is_answered_and_a_wrong_length_is_seen() {
    let mut bound = Bound::start("").await;
    let unknown: [&[u8]; 4] =
        [b"\x40\x01\0\x02\0\x01", b"\x80\x01\0\x02\0\x01", b"\xFF\xFF\0\x02\0\x01", b"\x14\x01\0\x01x\x40\x01\0\0"];
    for (n, tlvs) in unknown.iter().enumerate() {
        let number = format!("8551000010{n}");
        assert_eq!(bound.send(DELIVER_SM, &sm(&number, 0, MISTYPED, tlvs)).await, 0, "{tlvs:02x?}");
        bound.answered(2 * n + 1).await;
        let number = format!("8551000020{n}");
        assert_eq!(bound.send(DATA_SM, &data(&number, 0, MISTYPED, tlvs)).await, 0, "{tlvs:02x?}");
        bound.answered(2 * n + 2).await;
    }
    let mut short = sm(NUMBER, 0, b"120500260481937", b"");
    short[31] = 5;
    assert_eq!(bound.send(DELIVER_SM, &short).await, 2, "sm_length smaller than the text");
    short[31] = 200;
    assert_eq!(bound.send(DELIVER_SM, &short).await, 2, "sm_length larger than the text");
    assert_eq!(bound.send(DELIVER_SM, b"\0\x01").await, 2, "a body that ends in the source");
    let dial = sm(NUMBER, 0, b"*1212#", b"\x05\x01\0\x01\x01\x40\x01\0\x02\0\x01");
    assert_eq!(bound.send(DELIVER_SM, &dial).await, 0);
    bound.answered(9).await;
    assert!(String::from_utf8_lossy(&bound.submitted[8]).contains('1'), "a screen");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_found_however_a_telco_writes_them() {
    let mut bound = Bound::start("").await;
    let wide: Vec<u8> = b"id:0a7 stat:DELIVRD".iter().flat_map(|octet| [*octet, 0]).collect();
    let udh = b"\x05\0\x03\x07\x02\x01id:0A8,sub:001,dlvrd:001,stat:DELIVRD";
    let four = b"\0\x1e\0\x03a9\0\x04\x27\0\x04\0\0\0\x02\x40\x01\0\x02\0\x01";
    let cases: [Case<'_>; 8] = [
        ("X-1", 4, b"id:X-1,sub:001,dlvrd:001,submit date:2611,stat:DELIVRD,err:000", b"", "exact", 1),
        ("a1b2db", 4, b"id:A1B2DB stat:DELIVRD", b"", "alike", 1),
        ("000012", 4, b"id:12;stat:DELIVRD", b"", "alike", 2),
        ("a7", 4, &wide, b"", "alike", 3),
        ("a8", 0x44, udh, b"", "alike", 4),
        ("a9", 4, b"", four, "exact", 2),
        ("c0ffee", 4, b"id:12648430 stat:DELIVRD", b"\x80\x01\0\0", "converted", 1),
        // learned: this one does not say its number
        ("c0ffef", 4, b"id:12648431 stat:DELIVRD", b"", "converted", 2),
    ];
    for (n, (id, esm_class, text, tlvs, result, count)) in cases.into_iter().enumerate() {
        let number = format!("8551000030{n}");
        bound.text_taken_under(&number, id).await;
        let said = match id {
            "c0ffee" => format!("0{}", &number[3..]),
            "c0ffef" => "1212".to_owned(),
            _ => number,
        };
        let status = match id {
            "000012" => bound.send(DATA_SM, &data(&said, esm_class, text, tlvs)).await,
            _ => bound.send(DELIVER_SM, &sm(&said, esm_class, text, tlvs)).await,
        };
        assert_eq!(status, 0, "{id}");
        bound.receipts(result, count).await;
    }
    // before its resp, and of nobody
    assert_eq!(bound.send(DELIVER_SM, &sm(NUMBER, 4, b"id:0BEE stat:DELIVRD", b"")).await, 0);
    bound.receipts("orphan", 1).await;
    bound.text_taken_under(NUMBER, "bee").await;
    bound.counted("chrak_receipts_adopted_total{family=\"test\",result=\"alike\"} 1").await;
    assert_eq!(bound.send(DELIVER_SM, &sm(NUMBER, 4, b"id:nobody stat:DELIVRD", b"")).await, 0);
    bound.receipts("orphan", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_cannot_be_read_is_counted_and_told_of_once_without_its_content() {
    let mut bound = Bound::start("").await;
    for count in 1..=3 {
        assert_eq!(bound.send(DELIVER_SM, &sm(NUMBER, 4, b"CANARY delivered", b"")).await, 0);
        bound.receipts("unread", count).await;
    }
    let log = bound.program.listen();
    assert_eq!(log.lines().filter(|line| line.contains("names no message")).count(), 1, "{log}");
    assert!(!log.contains("CANARY") && !log.contains(NUMBER), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_says_what_a_refusal_means() {
    for (retry, result) in [("", "retry"), ("retry = { \"0x45\" = \"permanent\" }\n", "failed")] {
        let mut bound = Bound::start(retry).await;
        bound.status = 0x45;
        assert_eq!(bound.send(DELIVER_SM, &sm(NUMBER, 0, MISTYPED, b"")).await, 0);
        bound.answered(1).await;
        bound.counted(&format!("chrak_mt_total{{smsc=\"test\",result=\"{result}\"}} 1")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_compare_as_the_operator_says() {
    let mut bound = Bound::start("message_id = \"exact\"\n").await;
    bound.text_taken_under(NUMBER, "a1b2db").await;
    for (count, id) in ["A1B2DB", "0a1b2db", "10597083"].into_iter().enumerate() {
        let receipt = sm(NUMBER, 4, format!("id:{id} stat:DELIVRD").as_bytes(), b"");
        assert_eq!(bound.send(DELIVER_SM, &receipt).await, 0);
        bound.receipts("orphan", count as u32 + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resps_on_their_way_when_the_telco_unbinds_cost_no_second_answer() {
    let mut bound = Bound::start("window = 10\nmax_tps = 0\n").await;
    for n in 0..10 {
        let text = sm(&format!("8551000010{n}"), 0, MISTYPED, b"");
        bound.write(DELIVER_SM, 0, 100 + n, &text).await;
    }
    let mut open = Vec::new();
    while open.len() < 10 {
        let pdu = bound.read().await;
        if pdu.command == SUBMIT_SM {
            open.push(pdu.sequence);
        }
    }
    bound.write(UNBIND, 0, 200, b"").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for sequence in open {
        bound.write(SUBMIT_SM | RESP, 0, sequence, format!("late-{sequence}\0").as_bytes()).await;
    }
    let last = bound.read().await;
    assert_eq!((last.command, last.status, last.sequence), (UNBIND | RESP, 0, 200), "after all that was on its way");
    (bound.stream, _) = bound.listener.accept().await.expect("it comes again");
    bound.bind().await;
    // what is uncertain is sent once more 15 s after the bind
    let more = tokio::time::timeout(Duration::from_secs(17), bound.read_patiently()).await;
    assert!(more.is_err(), "an answer that the telco had taken comes again: command {:?}", more.map(|pdu| pdu.command));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_comes_round_silences_nobody() {
    let mut bound = Bound::start("max_tps = 0\n").await;
    let part = |number: u8, text: &[u8]| sm(NUMBER, 0x40, &[&[5, 0, 3, 9, 2, number][..], text].concat(), b"");
    let parts = [part(1, MISTYPED), part(2, b" and the rest of a long text")];
    for asked in 1..=3 {
        for part in &parts {
            assert_eq!(bound.send(DELIVER_SM, part).await, 0);
        }
        bound.answered(asked).await;
        // a redelivery over the same session: its resp had been written, and was not read
        assert_eq!(bound.send(DELIVER_SM, &parts[1]).await, 0);
        // what a telco has read is noted every second
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let more = tokio::time::timeout(Duration::from_millis(300), bound.read_patiently()).await;
    assert!(more.is_err(), "one answer for each time it was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_at_random_bring_no_link_to_a_halt() {
    let telco = app::telco().await;
    telco.set_faults(Faults { throttle: 30, ..Faults::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let config = program::config(folder.path(), telco.addr(), nowhere, "");
    let _program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    telco.bound().await;
    for n in 0..200 {
        telco.send_mo(&format!("8551000{n:04}"), "1212", "120500260481938").expect("taken");
    }
    // at 2 a second, as it was, these take 100 s
    let all = app::eventually(Duration::from_secs(30), || (telco.counters().mt >= 200).then_some(()));
    assert!(all.await.is_some(), "{} of 200 answers came", telco.counters().mt);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let seen = telco.snapshot();
    assert!(seen.counters.throttled > 20, "{} were refused", seen.counters.throttled);
    assert_eq!((seen.counters.mt, seen.violations.len()), (200, 0), "none twice: {:?}", seen.violations);
    telco.stop().await;
}
