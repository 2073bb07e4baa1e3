//! The telco against a bare ESME made of raw octets.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::codec::{self, Frame, Header, id, put};
use super::fault::Faults;
use super::ledger::MoState;
use super::{ledger::Keep, load::Plan, *};

struct Esme {
    stream: TcpStream,
    input: BytesMut,
    seq: u32,
}

impl Esme {
    async fn connect(telco: &Telco) -> Self {
        let stream = TcpStream::connect(telco.addr()).await.unwrap();
        Self { stream, input: BytesMut::new(), seq: 0 }
    }

    async fn bound(telco: &Telco, command: u32) -> Self {
        let mut esme = Self::connect(telco).await;
        assert_eq!(esme.bind(command, "chrak", "secret").await, 0);
        esme
    }

    async fn send(&mut self, id: u32, status: u32, seq: u32, body: &[u8]) {
        let mut out = BytesMut::new();
        put(&mut out, Header { id, status, seq }, body);
        self.stream.write_all(&out).await.unwrap();
    }

    async fn ask(&mut self, id: u32, body: &[u8]) -> u32 {
        self.seq += 1;
        self.send(id, 0, self.seq, body).await;
        self.seq
    }

    /// The next PDU; `None` when the telco closed.
    async fn next(&mut self) -> Option<(Header, Bytes)> {
        let read = async {
            loop {
                match codec::next_frame(&mut self.input) {
                    Frame::Pdu(h, b) => return Some((h, b)),
                    Frame::Lost(_) => panic!("the telco lost its framing"),
                    Frame::Partial => {}
                }
                if !matches!(self.stream.read_buf(&mut self.input).await, Ok(n) if n > 0) {
                    return None;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), read).await.expect("a PDU in time")
    }

    async fn bind(&mut self, command: u32, system_id: &str, password: &str) -> u32 {
        let mut body = Vec::new();
        for s in [system_id, password, ""] {
            body.put_slice(s.as_bytes());
            body.put_u8(0);
        }
        body.put_slice(&[0x34, 0, 0, 0]);
        self.ask(command, &body).await;
        let (h, _) = self.next().await.unwrap();
        assert_eq!(h.id, command | id::RESP);
        h.status
    }

    /// Takes a deliver_sm: its sequence number and fields.
    async fn deliver(&mut self) -> (u32, codec::Submit) {
        let (h, body) = self.next().await.unwrap();
        assert_eq!(h.id, id::DELIVER_SM);
        (h.seq, codec::read_submit(&body).unwrap())
    }

    async fn ok(&mut self, seq: u32) {
        self.send(id::DELIVER_SM | id::RESP, 0, seq, &[0]).await;
    }

    /// A submit_sm with one field or two different from a deliver_sm.
    async fn submit(&mut self, to: &str, esm: u8, dcs: u8, text: &[u8], registered: bool) -> u32 {
        let body = codec::deliver_body("1212", to, esm, dcs, text, &[]);
        let mut body = body.to_vec();
        // registered_delivery stands behind the addresses, esm_class, two octets and two empty times
        let at = 1 + (2 + 4 + 1) + (2 + to.len() + 1) + 5;
        body[at] = u8::from(registered);
        self.ask(id::SUBMIT_SM, &body).await
    }

    async fn submitted(&mut self) -> (u32, String) {
        let (h, body) = self.next().await.unwrap();
        assert_eq!(h.id, id::SUBMIT_SM | id::RESP);
        let end = body.len().saturating_sub(1);
        (h.status, String::from_utf8(body[..end].to_vec()).unwrap())
    }
}

async fn telco(change: impl FnOnce(&mut TelcoConfig)) -> Telco {
    let mut config = TelcoConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        receipt_delay: Duration::from_millis(10),
        redeliver_after: Duration::from_millis(10),
        ..TelcoConfig::default()
    };
    change(&mut config);
    Telco::start(config).await.unwrap()
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not in time: {what}");
}

#[tokio::test]
async fn an_mo_waits_for_a_bind_and_its_answer_is_in_the_ledger() {
    let t = telco(|_| {}).await;
    t.send_mo("85512345678", "1212", "120500-26-048193-7").unwrap();
    let mut esme = Esme::bound(&t, id::BIND_TRX).await;
    let (seq, mo) = esme.deliver().await;
    assert_eq!((mo.source.digits.as_str(), mo.body.as_slice()), ("85512345678", &b"120500-26-048193-7"[..]));
    esme.ok(seq).await;
    esme.submit("85512345678", 0, 8, &[0x17, 0x80], true).await;
    let (status, message_id) = esme.submitted().await;
    assert_eq!(status, 0);
    let (seq, receipt) = esme.deliver().await;
    assert_eq!(receipt.esm_class, 4);
    assert_eq!(receipt.dest.digits, "1212");
    let text = String::from_utf8(receipt.body).unwrap();
    assert!(text.starts_with(&format!("id:{message_id} ")) && text.contains("stat:DELIVRD"), "{text}");
    esme.ok(seq).await;
    until("acked", || t.unacked() == 0).await;
    let s = t.snapshot();
    assert_eq!((s.mo[0].state, s.mo[0].times_sent), (MoState::Accepted, 1));
    assert_eq!((s.mt[0].text.as_str(), s.mt[0].message_ids[0].as_str()), ("ក", message_id.as_str()));
    assert_eq!(s.violations, Vec::<String>::new());
    esme.ask(id::UNBIND, &[]).await;
    assert_eq!(esme.next().await.unwrap().0.id, id::UNBIND | id::RESP);
    assert!(esme.next().await.is_none());
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_after_the_next_bind() {
    let t = telco(|_| {}).await;
    let mut esme = Esme::bound(&t, id::BIND_TRX).await;
    for text in ["one", "two"] {
        t.send_mo("85512345678", "1212", text).unwrap();
    }
    let (first, _) = esme.deliver().await;
    let _ = esme.deliver().await;
    esme.ok(first).await;
    until("one acked", || t.unacked() == 1).await;
    drop(esme);
    until("gone", || t.binds().is_empty()).await;
    let mut esme = Esme::bound(&t, id::BIND_RX).await;
    let (seq, again) = esme.deliver().await;
    assert_eq!(again.body, b"two");
    esme.send(id::DELIVER_SM | id::RESP, 0x58, seq, &[0]).await;
    let (seq, third) = esme.deliver().await;
    assert_eq!(third.body, b"two", "0x58 means later");
    esme.ok(seq).await;
    until("both acked", || t.unacked() == 0).await;
    assert_eq!(t.snapshot().mo[1].times_sent, 3);
}

#[tokio::test]
async fn segments_are_joined_in_any_order_by_header_and_by_tlv() {
    let t = telco(|_| {}).await;
    let mut esme = Esme::bound(&t, id::BIND_TX).await;
    esme.submit("855111", 0x40, 0, b"\x05\x00\x03\x07\x02\x02world", false).await;
    esme.submit("855111", 0x40, 0, b"\x05\x00\x03\x07\x02\x01hello ", false).await;
    for (n, text) in [(1_u8, "ab"), (2, "cd")] {
        let tlvs: [(u16, &[u8]); 3] = [(0x020C, &[0, 9]), (0x020E, &[2]), (0x020F, std::slice::from_ref(&n))];
        let body = codec::deliver_body("1212", "855111", 0, 3, text.as_bytes(), &tlvs);
        esme.ask(id::SUBMIT_SM, &body).await;
    }
    for _ in 0..4 {
        assert_eq!(esme.submitted().await.0, 0);
    }
    let s = t.snapshot();
    let texts: Vec<_> = s.mt.iter().map(|m| (m.text.as_str(), m.segments)).collect();
    assert_eq!(texts, [("hello world", 2), ("abcd", 2)]);
    assert_eq!(s.incomplete, 0);
}

#[tokio::test]
async fn wrong_credentials_and_early_requests_are_refused() {
    let t = telco(|c| {
        c.system_id = Some("chrak".into());
        c.password = Some("secret".into());
    })
    .await;
    for (who, password, status) in [("other", "secret", 0x0F), ("chrak", "guess", 0x0E)] {
        let mut esme = Esme::connect(&t).await;
        assert_eq!(esme.bind(id::BIND_TRX, who, password).await, status);
        assert!(esme.next().await.is_none(), "a refused bind is closed");
    }
    let mut esme = Esme::connect(&t).await;
    esme.submit("855111", 0, 0, b"x", false).await;
    assert_eq!(esme.submitted().await.0, 0x04);
    assert_eq!(esme.bind(id::BIND_TRX, "chrak", "secret").await, 0);
    assert_eq!(esme.bind(id::BIND_TRX, "chrak", "secret").await, 0x05);
    esme.ask(0x77, &[]).await;
    assert_eq!(esme.next().await.unwrap().0.id, id::GENERIC_NACK);
    esme.ask(id::ENQUIRE_LINK, &[]).await;
    assert_eq!(esme.next().await.unwrap().0.id, id::ENQUIRE_LINK | id::RESP);
}

#[tokio::test]
async fn faults_throttle_and_cut() {
    let t = telco(|c| c.faults = Faults::parse(&["throttle=100"]).unwrap()).await;
    let mut esme = Esme::bound(&t, id::BIND_TRX).await;
    esme.submit("855111", 0, 0, b"x", false).await;
    assert_eq!(esme.submitted().await.0, 0x58);
    assert!(t.snapshot().mt.is_empty());
    t.set_faults(Faults::parse(&["cut-after=3"]).unwrap());
    esme.ask(id::ENQUIRE_LINK, &[]).await;
    assert!(esme.next().await.is_some());
    esme.ask(id::ENQUIRE_LINK, &[]).await;
    assert!(esme.next().await.is_none());
}

#[tokio::test]
async fn a_load_counts_answers_and_finds_nothing_lost() {
    let t = telco(|c| c.keep = Keep::Counters).await;
    let mut esme = Esme::bound(&t, id::BIND_TRX).await;
    let plan = Plan {
        count: 200,
        pace: load::Pace::Window(20),
        text: "120500260481937".into(),
        to: "1212".into(),
        ussd: false,
        numbers: None,
    };
    let answers = async {
        loop {
            let Some((h, body)) = esme.next().await else {
                return;
            };
            if h.id == id::DELIVER_SM {
                let mo = codec::read_submit(&body).unwrap();
                esme.ok(h.seq).await;
                esme.submit(&mo.source.digits, 0, 0, b"answer", false).await;
            }
        }
    };
    let shutdown = CancellationToken::new();
    let report = tokio::select! {
        r = t.load(plan, &shutdown) => r,
        () = answers => panic!("the telco closed"),
    };
    let counts = (report.sent, report.acked, report.answered, report.losses, report.duplicates);
    assert_eq!(counts, (200, 200, 200, 0, 0), "{report}");
    assert!(!report.cut_short && report.latency_ms.max > 0.0);
}

#[tokio::test]
async fn a_phone_talks_lines_and_hears_its_answer() {
    let t = telco(|_| {}).await;
    let mut esme = Esme::bound(&t, id::BIND_TRX).await;
    let mut phone = TcpStream::connect(t.addr()).await.unwrap();
    let hello = b"PHON\n{\"from\":\"85512345678\"}\n{\"to\":\"1212\",\"text\":\"HELP\"}\n";
    phone.write_all(hello).await.unwrap();
    let (seq, mo) = esme.deliver().await;
    assert_eq!(mo.body, b"HELP");
    esme.ok(seq).await;
    esme.submit("85512345678", 0, 0, b"Hi", false).await;
    let mut seen = String::new();
    while !seen.contains("\"text\":\"Hi\"") {
        let mut buf = [0; 1024];
        let n = tokio::time::timeout(Duration::from_secs(5), phone.read(&mut buf));
        let n = n.await.unwrap().unwrap();
        assert!(n > 0, "closed after {seen}");
        seen.push_str(std::str::from_utf8(&buf[..n]).unwrap());
    }
    assert!(seen.contains("\"state\":\"accepted\""), "{seen}");
}
