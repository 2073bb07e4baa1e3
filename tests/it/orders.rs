//! What an operator orders of a telco's link at the console, as an SMSC made of octets sees it.
use crate::support::{
    by_hand::{BIND_TRANSCEIVER, DELIVER_SM, MISTYPED, RESP, SUBMIT_SM, UNBIND, read, takes, write},
    program::{self, Program, client},
    smsc::deliver_sm,
};
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

struct Served {
    program: Program,
    listener: TcpListener,
    ops: String,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let config = program::config(folder.path(), listener.local_addr().expect("its address"), nowhere, "");
        let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
        let ready = program.said("ready http=");
        let ops = ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let ops = ops.to_owned();
        Served { program, listener, ops, _folder: folder }
    }

    async fn connected(&self) -> TcpStream {
        let accepted = timeout(Duration::from_secs(10), self.listener.accept()).await;
        accepted.expect("a connection in time").expect("a connection").0
    }

    async fn order(&self, order: &str) {
        let form = [("smsc", "test"), ("order", order)];
        let done = client().post(format!("http://{}/telcos", self.ops)).form(&form).send().await.expect("an answer");
        assert_eq!(done.status(), 200, "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_telco_is_paused_its_texts_are_taken_and_answered_when_it_is_resumed() {
    let mut served = Served::start().await;
    let mut stream = served.connected().await;
    takes(&mut stream, BIND_TRANSCEIVER).await;
    served.program.said("bound");
    served.order("pause").await;
    served.program.said("paused: no text is submitted");
    write(&mut stream, DELIVER_SM, 7, &deliver_sm("85510000001", 0, 0, MISTYPED, &[])).await;
    let resp = read(&mut stream).await.expect("a resp");
    assert_eq!((resp.command, resp.status, resp.sequence), (DELIVER_SM | RESP, 0, 7));
    assert!(timeout(Duration::from_secs(2), stream.peek(&mut [0])).await.is_err(), "nothing is submitted");
    served.order("resume").await;
    let answer = read(&mut stream).await.expect("the answer");
    assert_eq!(answer.command, SUBMIT_SM);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebind_leaves_politely_and_comes_again_and_does_not_wait_for_the_pause_of_a_refusal() {
    let served = Served::start().await;
    let mut stream = served.connected().await;
    takes(&mut stream, BIND_TRANSCEIVER).await;
    served.order("rebind").await;
    let unbind = read(&mut stream).await.expect("an unbind");
    assert_eq!(unbind.command, UNBIND);
    write(&mut stream, UNBIND | RESP, unbind.sequence, b"").await;
    // a wrong account is tried again after 30 s at the earliest
    let mut stream = served.connected().await;
    let bind = read(&mut stream).await.expect("a bind");
    let words = [16, BIND_TRANSCEIVER | RESP, 0x0E, bind.sequence];
    let octets: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_be_bytes()).collect();
    stream.write_all(&octets).await.expect("written");
    assert!(read(&mut stream).await.is_none(), "it is closed");
    assert!(timeout(Duration::from_secs(2), served.listener.accept()).await.is_err(), "it waits");
    served.order("rebind").await;
    takes(&mut served.connected().await, BIND_TRANSCEIVER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_telco_is_sent_what_is_in_hand_and_left_until_it_is_resumed() {
    let mut served = Served::start().await;
    let mut stream = served.connected().await;
    takes(&mut stream, BIND_TRANSCEIVER).await;
    served.program.said("bound");
    write(&mut stream, DELIVER_SM, 7, &deliver_sm("85510000001", 0, 0, MISTYPED, &[])).await;
    let resp = read(&mut stream).await.expect("a resp");
    assert_eq!((resp.command, resp.status), (DELIVER_SM | RESP, 0));
    served.order("drain").await;
    served.program.said("draining: an operator has drained this telco");
    let answer = read(&mut stream).await.expect("the answer that was in hand");
    assert_eq!(answer.command, SUBMIT_SM);
    write(&mut stream, DELIVER_SM, 8, &deliver_sm("85510000002", 0, 0, MISTYPED, &[])).await;
    let resp = read(&mut stream).await.expect("a resp");
    assert_eq!((resp.command, resp.status, resp.sequence), (DELIVER_SM | RESP, 0x58, 8), "the telco keeps it");
    assert!(timeout(Duration::from_millis(1_500), stream.peek(&mut [0])).await.is_err(), "it waits for the resp");
    write(&mut stream, SUBMIT_SM | RESP, answer.sequence, b"id\0").await;
    let unbind = read(&mut stream).await.expect("an unbind");
    assert_eq!(unbind.command, UNBIND);
    write(&mut stream, UNBIND | RESP, unbind.sequence, b"").await;
    assert!(read(&mut stream).await.is_none(), "it is closed");
    assert!(timeout(Duration::from_secs(3), served.listener.accept()).await.is_err(), "and stays away");
    served.order("rebind").await;
    assert!(timeout(Duration::from_secs(1), served.listener.accept()).await.is_err(), "whatever else is ordered");
    let console = client().get(format!("http://{}/console?lang=en", served.ops)).send().await.expect("an answer");
    let console = console.text().await.expect("a page");
    assert!(console.contains("Telcos that an operator has drained: test"), "{console}");
    served.order("resume").await;
    takes(&mut served.connected().await, BIND_TRANSCEIVER).await;
}
