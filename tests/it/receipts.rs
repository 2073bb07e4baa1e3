//! Delivery receipts over real sockets, as telcos write them: each finds its segment, whatever it looks like, whenever and
//! over whichever bind it comes; and what was learned of a telco's ids holds after a restart.
use crate::support::{
    program::{self, Program},
    smsc::{DATA_SM, DELIVER_SM, RawSmsc, Submitted, data_sm, deliver_sm},
};
use chrak::sandbox::portal::{Portal, PortalConfig};
use sqlx::Connection;
use std::{path::PathBuf, time::Duration};

const DELIVERED: i64 = 4;
const UNDELIVERED: i64 = 7;
const SENT: i64 = 3;
const ID: u16 = 0x001E;
const STATE: u16 = 0x0427;

struct Line {
    smsc: RawSmsc,
    portal: Portal,
    folder: tempfile::TempDir,
    config: PathBuf,
    program: Option<Program>,
    texts: u32,
}

impl Line {
    /// Two binds of a telco whose resps name texts in hexadecimal with zeros before it: 00a1b201, 00a1b202 …
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let smsc = RawSmsc::naming(|n| format!("00a1b2{n:02x}")).await;
        let listen = ([127, 0, 0, 1], 0).into();
        let portal = PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None };
        let portal = Portal::start(portal).await.expect("the sandbox portal starts");
        let config = program::config(folder.path(), smsc.addr, portal.addr(), "binds = 2\n");
        let mut line = Line { smsc, portal, folder, config, program: None, texts: 0 };
        line.run(2).await;
        line
    }

    async fn run(&mut self, bound: usize) {
        let config = self.config.to_str().expect("UTF-8");
        self.program = Some(Program::start(&["serve", "--config", config], &[]));
        self.smsc.bound(bound).await;
    }

    /// A text of a new number; the first segment of its answer.
    async fn answered(&mut self) -> Submitted {
        self.texts += 1;
        let from = format!("855100070{:02}", self.texts);
        let text = deliver_sm(&from, 0, 0, b"120500260481938", &[]);
        assert_eq!(self.smsc.deliver(DELIVER_SM, &text).await, 0);
        self.smsc.submitted(&from, 1).await.remove(0)
    }

    /// A receipt, acknowledged.
    async fn told(&self, body: &[u8]) {
        assert_eq!(self.smsc.deliver(DELIVER_SM, body).await, 0);
    }

    /// Waits until a segment stands there.
    async fn stands(&self, what: &str, submitted: &Submitted, state: i64) {
        let database = self.folder.path().join("data/chrak.db");
        let mut found = None;
        for _ in 0..400 {
            let mut conn = sqlx::SqliteConnection::connect(database.to_str().expect("UTF-8")).await.expect("connected");
            let sql = "SELECT state FROM outbox WHERE message_id = ?";
            found = sqlx::query_scalar(sql).bind(&submitted.id).fetch_optional(&mut conn).await.expect("read");
            conn.close().await.expect("closed");
            if found == Some(state) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {submitted:?} stands at {found:?}");
    }

    async fn orphans(&self) -> i64 {
        let database = self.folder.path().join("data/chrak.db");
        let mut conn = sqlx::SqliteConnection::connect(database.to_str().expect("UTF-8")).await.expect("connected");
        sqlx::query_scalar("SELECT count(*) FROM receipt_orphan").fetch_one(&mut conn).await.expect("read")
    }

    async fn stop(mut self) {
        let mut program = self.program.take().expect("it runs");
        program.signal("TERM");
        assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
        self.portal.stop().await;
    }
}

/// As Appendix B has it, from the number that the text went to.
fn plain(of: &Submitted, id: &str, stat: &str) -> Vec<u8> {
    let text =
        format!("id:{id} sub:001 dlvrd:001 submit date:2611230842 done date:2611230842 stat:{stat} err:000 text:");
    deliver_sm(&of.to, 4, 0, text.as_bytes(), &[])
}

fn number(id: &str) -> u64 {
    u64::from_str_radix(id, 16).expect("hexadecimal")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_finds_its_segment_however_and_wherever_it_comes() {
    let mut line = Line::start().await;
    type Write = fn(&Submitted) -> Vec<u8>;
    let ways: [(&str, Write); 8] = [
        ("as the resp", |of| plain(of, &of.id, "DELIVRD")),
        ("in capitals", |of| plain(of, &of.id.to_uppercase(), "DELIVRD")),
        ("without zeros", |of| plain(of, of.id.trim_start_matches('0'), "DELIVRD")),
        ("with more zeros", |of| plain(of, &format!("0000{}", of.id), "DELIVRD")),
        ("in decimal", |of| plain(of, &number(&of.id).to_string(), "DELIVRD")),
        ("in decimal with zeros", |of| plain(of, &format!("{:014}", number(&of.id)), "DELIVRD")),
        ("in UCS-2", |of| {
            let text: Vec<u8> =
                format!("id:{} stat:DELIVRD", of.id).encode_utf16().flat_map(u16::to_be_bytes).collect();
            deliver_sm(&of.to, 4, 8, &text, &[])
        }),
        ("TLVs before the text, and no esm_class", |of| {
            let id = [of.id.as_bytes(), b"\0"].concat();
            deliver_sm(&of.to, 0, 0, b"id:1 stat:EXPIRED", &[(ID, &id), (STATE, &[2])])
        }),
    ];
    for (what, write) in ways {
        let sent = line.answered().await;
        line.stands(what, &sent, SENT).await;
        line.told(&write(&sent)).await;
        line.stands(what, &sent, DELIVERED).await;
    }
    // by data_sm; over either bind; before the resp
    let sent = line.answered().await;
    let body = data_sm(&sent.to, 4, 0, &[(ID, sent.id.as_bytes()), (STATE, &[5])]);
    assert_eq!(line.smsc.deliver(DATA_SM, &body).await, 0);
    line.stands("by data_sm", &sent, UNDELIVERED).await;
    for bind in [0, 1] {
        let sent = line.answered().await;
        let body = plain(&sent, &sent.id, "DELIVRD");
        assert_eq!(line.smsc.deliver_on(Some(bind), DELIVER_SM, &body).await, 0);
        line.stands("over a bind of its own", &sent, DELIVERED).await;
    }
    line.smsc.be_early(true);
    let sent = line.answered().await;
    line.stands("before its resp", &sent, DELIVERED).await;
    line.smsc.be_early(false);
    assert_eq!(line.orphans().await, 0);
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_only_moves_forward_and_a_receipt_of_nobody_is_kept() {
    let mut line = Line::start().await;
    let sent = line.answered().await;
    for stat in ["ENROUTE", "ACCEPTD"] {
        line.told(&plain(&sent, &sent.id, stat)).await;
    }
    line.stands("on its way", &sent, SENT).await;
    // thrice, and then what came late
    for stat in ["DELIVRD", "DELIVRD", "DELIVRD", "ENROUTE", "EXPIRED", "UNDELIV"] {
        line.told(&plain(&sent, &sent.id, stat)).await;
        line.stands(stat, &sent, DELIVERED).await;
    }
    let failed = line.answered().await;
    for stat in ["UNDELIV", "DELIVRD"] {
        line.told(&plain(&failed, &failed.id, stat)).await;
        line.stands(stat, &failed, UNDELIVERED).await;
    }
    line.told(&plain(&failed, "c0ffee", "DELIVRD")).await;
    line.told(&deliver_sm(&failed.to, 4, 0, b"what is this?", &[])).await;
    assert_eq!(line.orphans().await, 1);
    assert_eq!(line.smsc.seen(&failed.to).len(), 1, "nobody answers a receipt");
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_of_an_answer_has_a_receipt_of_its_own() {
    let line = Line::start().await;
    let from = "85510007099";
    let text = deliver_sm(from, 0, 8, &"ជំនួយ".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>(), &[]);
    assert_eq!(line.smsc.deliver(DELIVER_SM, &text).await, 0);
    let parts = line.smsc.submitted(from, 2).await;
    assert!(parts.iter().all(|part| part.esm_class & 0x40 != 0), "parts of one text: {parts:?}");
    // the last first
    line.told(&plain(&parts[1], &parts[1].id, "DELIVRD")).await;
    line.stands("the second", &parts[1], DELIVERED).await;
    line.stands("the first, of which nothing was told", &parts[0], SENT).await;
    line.told(&plain(&parts[0], &parts[0].id, "UNDELIV")).await;
    line.stands("the first", &parts[0], UNDELIVERED).await;
    line.stands("the second stays", &parts[1], DELIVERED).await;
    line.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_of_a_telcos_ids_holds_after_a_restart() {
    let mut line = Line::start().await;
    // nothing but its digits speaks for this one, and nothing is known yet
    let nameless = |of: &Submitted| {
        let text = format!("id:{} stat:DELIVRD", number(&of.id));
        deliver_sm("1212", 4, 0, text.as_bytes(), &[])
    };
    let unknown = line.answered().await;
    line.told(&nameless(&unknown)).await;
    line.stands("nothing is known", &unknown, SENT).await;
    // one whose number agrees shows how the telco writes
    let shown = line.answered().await;
    line.told(&plain(&shown, &number(&shown.id).to_string(), "DELIVRD")).await;
    line.stands("its number agrees", &shown, DELIVERED).await;
    let mut program = line.program.take().expect("it runs");
    program.said("receipts write ids in decimal, unlike submit_sm_resp");
    program.kill();
    line.run(4).await;
    let later = line.answered().await;
    line.told(&nameless(&later)).await;
    line.stands("learned before the restart", &later, DELIVERED).await;
    line.stop().await;
}
