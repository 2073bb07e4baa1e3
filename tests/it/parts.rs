//! Texts in parts over real sockets: an SMSC made of octets on one side, the program that ships on the other, killed in
//! between. No part is acknowledged that a kill could lose, and a text is one text.
use crate::support::{
    app::App,
    program::{self, Program},
    smsc::{DATA_SM, DELIVER_SM, RawSmsc, Submitted, data_sm, deliver_sm},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::fault::Faults,
};
use sqlx::Connection;
use std::{path::PathBuf, time::Duration};

const CODE: &str = "120500-26-048193-7";
const PAYLOAD: u16 = 0x0424;

/// Words of a text, cut by its telephone as this way says.
#[derive(Clone, Copy, Debug)]
enum Way {
    Udh8,
    Udh16,
    Sar,
    /// SAR over data_sm, whose texts are payloads.
    DataSm,
}

struct Line {
    smsc: RawSmsc,
    portal: Portal,
    folder: tempfile::TempDir,
    config: PathBuf,
    program: Option<Program>,
    starts: usize,
}

impl Line {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With more keys of its telco.
    async fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let smsc = RawSmsc::start().await;
        let listen = ([127, 0, 0, 1], 0).into();
        let portal = PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None };
        let portal = Portal::start(portal).await.expect("the sandbox portal starts");
        let config = program::config(folder.path(), smsc.addr, portal.addr(), more);
        let mut line = Line { smsc, portal, folder, config, program: None, starts: 0 };
        line.come_back().await;
        line
    }

    fn kill(&mut self) {
        self.program.take().expect("it runs").kill();
    }

    async fn come_back(&mut self) {
        let config = self.config.to_str().expect("UTF-8");
        self.program = Some(Program::start(&["serve", "--config", config], &[]));
        self.starts += 1;
        self.smsc.bound(self.starts).await;
    }

    /// One part, acknowledged.
    async fn part(&self, from: &str, way: Way, reference: u8, (number, total): (u8, u8), words: &[u8], coding: u8) {
        let (sar, udh8) = ([0, reference], [5, 0, 3, reference, total, number]);
        let tlvs: [(u16, &[u8]); 3] = [(0x020C, &sar), (0x020E, &[total]), (0x020F, &[number])];
        let status = match way {
            Way::Udh8 => {
                let body = deliver_sm(from, 0x40, coding, &[&udh8[..], words].concat(), &[]);
                self.smsc.deliver(DELIVER_SM, &body).await
            }
            Way::Udh16 => {
                let udh = [6, 8, 4, 1, reference, total, number];
                self.smsc.deliver(DELIVER_SM, &deliver_sm(from, 0x40, coding, &[&udh[..], words].concat(), &[])).await
            }
            Way::Sar => self.smsc.deliver(DELIVER_SM, &deliver_sm(from, 0, coding, words, &tlvs)).await,
            Way::DataSm => {
                let all = [&tlvs[..], &[(PAYLOAD, words)]].concat();
                self.smsc.deliver(DATA_SM, &data_sm(from, 0, coding, &all)).await
            }
        };
        assert_eq!(status, 0, "{way:?}");
    }

    /// The whole answers of a number, once there are so many segments.
    async fn answers(&self, to: &str, segments: usize) -> Vec<String> {
        self.smsc.submitted(to, segments).await.iter().map(text).collect()
    }

    async fn stop(mut self) {
        let mut program = self.program.take().expect("it runs");
        program.signal("TERM");
        assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
        self.portal.stop().await;
    }
}

fn text(submitted: &Submitted) -> String {
    let header = if submitted.esm_class & 0x40 == 0 { 0 } else { usize::from(submitted.body[0]) + 1 };
    let body = &submitted.body[header..];
    match submitted.data_coding {
        8 => {
            let units: Vec<u16> = body.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).expect("whole characters")
        }
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_cut_in_two_is_found_whichever_way_the_parts_are_told() {
    let line = Line::start().await;
    for (n, way) in [Way::Udh8, Way::Udh16, Way::Sar, Way::DataSm].into_iter().enumerate() {
        // two senders with one reference, their parts mixed, backwards and twice
        let senders = [format!("8551000100{n}"), format!("8551000200{n}")];
        for number in [2, 2, 1, 1] {
            let words: [&[u8]; 2] = [b"STATUS 1205002", b"60481937"];
            for from in &senders {
                line.part(from, way, 9, (number, 2), words[usize::from(number) - 1], 0).await;
            }
        }
        for from in &senders {
            let answers = line.answers(from, 1).await;
            assert!(answers[0].contains(CODE), "{way:?}: {answers:?}");
        }
    }
    // and the fourth way, in one PDU
    let long = format!("{} STATUS 120500260481937", "please ".repeat(40));
    let body = deliver_sm("85510003000", 0, 0, b"", &[(PAYLOAD, long.as_bytes())]);
    assert_eq!(line.smsc.deliver(DELIVER_SM, &body).await, 0);
    assert!(line.answers("85510003000", 1).await[0].contains(CODE));
    // what would be one too many had the time to come
    tokio::time::sleep(Duration::from_millis(500)).await;
    for n in 0..4 {
        assert_eq!(line.smsc.seen(&format!("8551000100{n}")).len(), 1);
    }
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_go_out_in_each_way_that_a_telco_wants() {
    for (how, segments) in [("udh8", 2), ("udh16", 2), ("sar", 2), ("payload", 1)] {
        let line = Line::with(&format!("concatenation = \"{how}\"\n")).await;
        assert_eq!(line.smsc.deliver(DELIVER_SM, &deliver_sm("85510006000", 0, 0, b"HELP", &[])).await, 0);
        let sent = line.smsc.submitted("85510006000", segments).await;
        assert_eq!(sent.len(), segments, "{how}");
        let of = |sar: &Submitted| [0x020C, 0x020E, 0x020F].map(|tag| sar.tlv(tag).map(<[u8]>::to_vec));
        for (one, number) in sent.iter().zip(1u8..) {
            let udh = |length: usize| (one.esm_class, one.body[..length].to_vec());
            match how {
                "udh8" => assert_eq!(udh(6), (0x40, vec![5, 0, 3, sent[0].body[3], 2, number])),
                "udh16" => assert_eq!(udh(7), (0x40, [&[6, 8, 4], &sent[0].body[3..5], &[2, number]].concat())),
                "sar" => {
                    let reference = sent[0].tlv(0x020C).map(<[u8]>::to_vec);
                    assert!(reference.as_ref().is_some_and(|reference| reference.len() == 2));
                    assert_eq!((one.esm_class, of(one)), (0, [reference, Some(vec![2]), Some(vec![number])]));
                }
                _ => {
                    let payload = one.tlv(PAYLOAD).map_or(0, <[u8]>::len);
                    assert!(one.body.is_empty() && payload > 140 && of(one) == [None, None, None]);
                }
            }
        }
        line.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telco_that_shuffles_and_decorates_is_answered_like_any_other() {
    let app = App::start().await;
    let faults = ["shuffle-parts", "odd-tlvs", "receipt-ids=decimal", "delay-resp=100"];
    app.telco.set_faults(Faults::parse(&faults).expect("faults"));
    let long = format!("{}{CODE} {}", "hello ".repeat(24), "please ".repeat(20));
    for n in 0..20 {
        app.text(&format!("855100080{n:02}"), &long);
    }
    for n in 0..20 {
        let answer = app.answer(&format!("855100080{n:02}"), 1).await;
        assert!(answer.text.contains(CODE), "{answer:?}");
    }
    app.settle().await;
    assert!(app.telco.snapshot().mo.iter().all(|mo| mo.segments > 1));
    // its receipts were before its resps, in another radix, and with TLVs beside
    let learned = app.store.learned().await.expect("read");
    assert!(learned.iter().any(|(_, learned)| learned.receipt_decimal > 0), "{learned:?}");
    assert_eq!(app.telco.snapshot().violations, Vec::<String>::new());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_of_three_parts_reaches_the_portal_whole_though_the_server_is_killed_between_them() {
    let mut line = Line::start().await;
    let said = "មន្ត្រីនៅបញ្ជរលេខ ៣ បានបិទមុនម៉ោង ហើយខ្ញុំរង់ចាំតាំងពីព្រឹក 😀 សូមពិនិត្យ".repeat(2);
    let octets = utf16(&format!("COMPLAINT {said}"));
    // the cuts stand in a surrogate pair and in the middle of a character
    let high = octets.windows(2).position(|pair| pair == [0xD8, 0x3D]).expect("a surrogate") + 2;
    let cuts = [0, high, high + 101, octets.len()];
    for number in [3, 1, 2] {
        let words = &octets[cuts[number - 1]..cuts[number]];
        line.part("85510004000", Way::Udh8, 7, (number as u8, 3), words, 8).await;
        if number != 2 {
            line.kill();
            line.come_back().await;
        }
    }
    line.answers("85510004000", 1).await;
    assert_eq!(line.portal.complained().await.expect("read"), [said.trim()]);
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_others_never_come_is_answered_once_on_what_came() {
    let mut line = Line::start().await;
    line.part("85510005000", Way::Sar, 7, (2, 3), b" 120500260481937 please", 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(line.smsc.seen("85510005000").len(), 0, "the others are waited for");
    line.kill();
    // ten minutes pass
    let database = line.folder.path().join("data/chrak.db");
    let url = database.to_str().expect("UTF-8");
    let mut conn = sqlx::SqliteConnection::connect(url).await.expect("connected");
    let due = sqlx::query("UPDATE part SET due = due - 600000").execute(&mut conn).await.expect("written");
    assert_eq!(due.rows_affected(), 1);
    conn.close().await.expect("closed");
    line.come_back().await;
    assert!(line.answers("85510005000", 1).await[0].contains(CODE));
    // the one that comes now is of a new text
    line.part("85510005000", Way::Sar, 7, (1, 3), b"status of", 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(line.smsc.seen("85510005000").len(), 1);
    let log = line.program.as_mut().expect("it runs").listen().to_owned();
    assert!(log.contains("a text is answered on what came of it"), "{log}");
    line.stop().await;
}
