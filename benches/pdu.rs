//! How many PDUs one core reads and writes in a second: octets to framed and decoded deliver_sm and submit_sm, and back, by the
//! code that the link uses. An ESME writes no deliver_sm, so none is in that code: here one is written by hand on the link's own `write`.
//! `cargo bench --bench pdu` has criterion measure it by the time of this thread's core and not by the clock on the wall. An
//! iteration is as many PDUs as the link reads at once; an element of the throughput is a PDU.
#[path = "shared/thread.rs"]
mod thread;

use bytes::{BufMut, Bytes, BytesMut};
use chrak::{
    smpp::{
        decode::deliver_sm,
        framer::Framer,
        pdu::{Address, Bind, BindKind, SubmitSm, write},
        session::{Event, Session, SessionConfig},
    },
    types::limits::PDU_OCTETS_MAX,
};
use criterion::{BenchmarkGroup, Throughput};
use rusmpp_core::CommandId;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use thread::ThreadTime;

/// As much as the link reads at once.
const READ_OCTETS: usize = 64 * 1024;

type Group<'a> = BenchmarkGroup<'a, ThreadTime>;

fn main() {
    let mut criterion = thread::criterion();
    let mut group = criterion.benchmark_group("pdu");
    let delivers = [("deliver_sm, Khmer, 70 characters", 140, 8), ("deliver_sm, 15 digits", 15, 0)];
    for (what, octets, data_coding) in delivers {
        let (pdu, text) = (deliver(octets, data_coding), vec![0x17; octets]);
        decode(&mut group, what, &pdu);
        encode(&mut group, what, pdu.len(), |out, sequence| {
            write_deliver(out, sequence, data_coding, black_box(&text));
        });
    }
    let submits = [("submit_sm, Khmer, 70 characters", submit(140, 8)), ("submit_sm, GSM 7-bit, 160", submit(160, 0))];
    for (what, submit) in &submits {
        let mut pdu = BytesMut::new();
        submit.write(&mut pdu, 7);
        decode(&mut group, what, &pdu);
        encode(&mut group, what, pdu.len(), |out, sequence| black_box(submit).write(out, sequence));
    }
    for (what, octets, data_coding) in delivers {
        answer(&mut group, what, &deliver(octets, data_coding));
    }
    group.finish();
    criterion.final_summary();
}

/// How many PDUs of so many octets are read at once; told to criterion, too.
fn at_once(group: &mut Group<'_>, octets: usize) -> usize {
    let pdus = READ_OCTETS / octets;
    group.throughput(Throughput::Elements(pdus as u64));
    pdus
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

/// A deliver_sm as a telco writes it.
fn deliver(octets: usize, data_coding: u8) -> Vec<u8> {
    let mut out = BytesMut::new();
    write_deliver(&mut out, 7, data_coding, &vec![0x17; octets]);
    out.to_vec()
}

/// Writes a deliver_sm field by field, with a TLV at its end.
fn write_deliver(out: &mut BytesMut, sequence: u32, data_coding: u8, text: &[u8]) {
    write(out, CommandId::DeliverSm, 0, sequence, |out| {
        out.put_u8(0);
        put_address(out, 1, 1, black_box(b"85510000001"));
        put_address(out, 0, 1, black_box(b"1212"));
        // esm_class to replace_if_present_flag, the two times empty
        out.put_slice(&[0, 0, 0, 0, 0, 0, 0]);
        out.put_slice(&[data_coding, 0, text.len() as u8]);
        out.put_slice(text);
        out.put_u16(0x0204);
        out.put_u16(2);
        out.put_u16(black_box(0xBEEF));
    });
}

fn put_address(out: &mut BytesMut, ton: u8, npi: u8, digits: &[u8]) {
    out.put_u8(ton);
    out.put_u8(npi);
    out.put_slice(digits);
    out.put_u8(0);
}

/// Frames and decodes, read by read.
fn decode(group: &mut Group<'_>, what: &str, pdu: &[u8]) {
    let read = pdu.repeat(at_once(group, pdu.len()));
    let mut framer = Framer::new(PDU_OCTETS_MAX);
    group.bench_function(format!("decode {what}"), |bencher| {
        bencher.iter(|| {
            framer.push(black_box(&read));
            while let Some(pdu) = framer.next_pdu().expect("framed") {
                black_box(deliver_sm(pdu.header.sequence, pdu.body).expect("decoded"));
            }
        });
    });
}

fn encode(group: &mut Group<'_>, what: &str, octets: usize, write: impl Fn(&mut BytesMut, u32)) {
    let pdus = at_once(group, octets) as u32;
    let mut out = BytesMut::with_capacity(READ_OCTETS);
    group.bench_function(format!("encode {what}"), |bencher| {
        bencher.iter(|| {
            for sequence in 0..pdus {
                write(&mut out, sequence);
            }
            black_box(&out);
            out.clear();
        });
    });
}

/// What a session does for a text: read, told, answered.
fn answer(group: &mut Group<'_>, what: &str, pdu: &[u8]) {
    let now = Instant::now();
    let mut session = Session::new(config(), now);
    session.handle_bytes(&[0, 0, 0, 21, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, b's', b'm', b's', b'c', 0], now);
    session.written(session.output().len());
    let read = pdu.repeat(at_once(group, pdu.len()));
    group.bench_function(format!("session: {what} read, its resp written"), |bencher| {
        bencher.iter(|| {
            session.handle_bytes(black_box(&read), now);
            while let Some(event) = session.poll_event() {
                if let Event::Deliver(deliver) = black_box(event) {
                    session.respond(deliver.sequence, deliver.is_data_sm, 0, now);
                }
            }
            black_box(session.output());
            session.written(session.output().len());
        });
    });
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
