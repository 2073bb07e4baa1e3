//! How many PDUs one core reads and writes in a second: octets to framed and decoded deliver_sm and submit_sm, and back, by the
//! code that the link uses; an ESME writes no deliver_sm, but its resp. `cargo bench --bench pdu` prints a table in Markdown: the median of [`ROUNDS`] rounds, and the
//! slowest and fastest of them, by the time of this thread's core and not by the clock on the wall.
use bytes::{Bytes, BytesMut};
use chrak::{
    smpp::{
        decode::deliver_sm,
        framer::Framer,
        pdu::{Address, Bind, BindKind, SubmitSm, write},
        session::{Event, Session, SessionConfig},
    },
    types::limits::PDU_OCTETS_MAX,
};
use rusmpp_core::CommandId;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const ROUNDS: usize = 15;
/// PDUs of a round.
const PDUS: usize = 400_000;
/// As much as the link reads at once.
const READ_OCTETS: usize = 64 * 1024;

fn main() {
    // cargo asks benches for their list of tests too
    if std::env::args().any(|word| word == "--list" || word == "--test") {
        return;
    }
    println!("| what | octets | million PDUs a second | slowest | fastest |");
    println!("|---|---|---|---|---|");
    let delivers = [("deliver_sm, Khmer, 70 characters", deliver(140, 8)), ("deliver_sm, 15 digits", deliver(15, 0))];
    for (what, pdu) in &delivers {
        row(&format!("decode {what}"), pdu.len(), || decode(pdu));
    }
    let submits = [("submit_sm, Khmer, 70 characters", submit(140, 8)), ("submit_sm, GSM 7-bit, 160", submit(160, 0))];
    for (what, submit) in &submits {
        let mut out = BytesMut::new();
        submit.write(&mut out, 7);
        row(&format!("decode {what}"), out.len(), || decode(&out));
        row(&format!("encode {what}"), out.len(), || encode(submit));
    }
    for (what, pdu) in &delivers {
        row(&format!("session: {what} read, its resp written"), pdu.len(), || answer(pdu));
    }
}

/// CPU time of this thread, in ns (Linux: the first figure of schedstat).
fn spent() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|figure| figure.parse().ok()).expect("a figure")
}

fn row(what: &str, octets: usize, round: impl Fn()) {
    round();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = spent();
            round();
            PDUS as f64 / (spent() - begun) as f64 * 1e3
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let (slowest, median, fastest) = (rates[0], rates[ROUNDS / 2], rates[ROUNDS - 1]);
    println!("| {what} | {octets} | {median:.2} | {slowest:.2} | {fastest:.2} |");
}

fn address(digits: &'static [u8]) -> Address {
    Address { ton: 1, npi: 1, digits: Bytes::from_static(digits) }
}

fn submit(octets: usize, data_coding: u8) -> SubmitSm {
    SubmitSm {
        source: address(b"1212"),
        destination: address(b"85510000001"),
        esm_class: 0,
        validity_period: "000000010000000R".to_owned(),
        registered_delivery: 1,
        data_coding,
        short_message: vec![0x17; octets].into(),
        sar: None,
        reference: Some(0xBEEF),
    }
}

/// A deliver_sm as a telco writes it, with a TLV at its end.
fn deliver(octets: usize, data_coding: u8) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out, CommandId::DeliverSm, 0, 7, |out| {
        out.extend_from_slice(b"\0\x01\x0185510000001\0\x00\x011212\0\0\0\0\0\0\0\0");
        out.extend_from_slice(&[data_coding, 0, octets as u8]);
        out.extend_from_slice(&vec![0x17; octets]);
        out.extend_from_slice(b"\x02\x04\0\x02\xBE\xEF");
    });
    out.to_vec()
}

/// Frames and decodes, read by read.
fn decode(pdu: &[u8]) {
    let read = pdu.repeat(READ_OCTETS / pdu.len());
    let mut framer = Framer::new(PDU_OCTETS_MAX);
    let mut left = PDUS;
    while left > 0 {
        framer.push(black_box(&read));
        while let Some(pdu) = framer.next_pdu().expect("framed") {
            black_box(deliver_sm(pdu.header.sequence, pdu.body).expect("decoded"));
            left = left.saturating_sub(1);
        }
    }
}

fn encode(submit: &SubmitSm) {
    let mut out = BytesMut::with_capacity(READ_OCTETS);
    for sequence in 0..PDUS as u32 {
        black_box(submit).write(&mut out, sequence);
        if out.len() > READ_OCTETS - 512 {
            black_box(&out);
            out.clear();
        }
    }
}

/// What a session does for a text: read, told, answered.
fn answer(pdu: &[u8]) {
    let now = Instant::now();
    let mut session = Session::new(config(), now);
    session.handle_bytes(&[0, 0, 0, 21, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, b's', b'm', b's', b'c', 0], now);
    session.written(session.output().len());
    let read = pdu.repeat(READ_OCTETS / pdu.len());
    let mut left = PDUS;
    while left > 0 {
        session.handle_bytes(black_box(&read), now);
        while let Some(event) = session.poll_event() {
            if let Event::Deliver(deliver) = black_box(event) {
                session.respond(deliver.sequence, deliver.is_data_sm, 0, now);
                left = left.saturating_sub(1);
            }
        }
        black_box(session.output());
        session.written(session.output().len());
    }
}

fn config() -> SessionConfig {
    SessionConfig {
        bind: Bind {
            kind: BindKind::Transceiver,
            system_id: "x".into(),
            password: "x".into(),
            system_type: String::new(),
            interface_version: 0x34,
        },
        window: 10,
        enquire_link: Duration::from_secs(30),
        response_timeout: Duration::from_secs(30),
        patience: Duration::from_secs(10),
        pdu_octets_max: PDU_OCTETS_MAX,
    }
}
