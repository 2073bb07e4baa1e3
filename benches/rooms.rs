//! What the steps of an answer cost that do no I/O, and the client's side of asking the portal: time of one core, that of this
//! thread and not of the clock on the wall. `cargo bench --bench rooms` has criterion measure it; an iteration is a step.
#[path = "shared/thread.rs"]
mod thread;

use bytes::BytesMut;
use chrak::{
    app::clock::SystemClock,
    dialogue::{Ctx, Dialogue, Effect, Input, View, step},
    portal::{PortalClient, PortalOptions},
    ports::portal::{Asker, Portal as _},
    render::render_sms,
    sandbox::portal::{Portal, PortalConfig, sample_codes},
    smpp::{
        concat::{Cut, encode},
        decode::deliver_sm,
        framer::Framer,
        pdu::{Address, SubmitSm, write},
        text::{DefaultAlphabet, piece, text_of},
    },
    store::Keys,
    text::{links, normal, segment, ucs2, visible},
    types::{
        CodeRules, Language, Msisdn, UnixMs,
        civic::{Answer, Query},
        limits::PDU_OCTETS_MAX,
        names::Channel,
        time::phnom_penh,
    },
};
use criterion::BenchmarkGroup;
use rusmpp_core::CommandId;
use std::{hint::black_box, sync::Arc, time::Duration};
use thread::ThreadTime;

/// 2026-11-23 09:00 in Phnom Penh.
const NOW: UnixMs = UnixMs(1_795_399_200_000);
const KHMER: &str = "សូមពិនិត្យមើលពាក្យសុំរបស់ខ្ញុំផង";

type Group<'a> = BenchmarkGroup<'a, ThreadTime>;

fn main() {
    let mut criterion = thread::criterion();
    let mut group = criterion.benchmark_group("rooms");
    // the portal has threads of its own, so that this one's time is the client's
    let portals = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let here = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a run time");
    let listen = ([127, 0, 0, 1], 0).into();
    let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at: None };
    let portal = portals.block_on(Portal::start(config)).expect("the sandbox portal starts");
    let client = client(&format!("http://{}", portal.addr()));
    come_in(&mut group);
    let (query, answer) = converse(&mut group, &here, &client);
    row(&mut group, "ask the portal over HTTP (the client's side)", || {
        here.block_on(ask(&client, &query));
    });
    say(&mut group, &answer);
    keep(&mut group);
    portals.block_on(portal.stop());
    group.finish();
    criterion.final_summary();
}

fn row(group: &mut Group<'_>, what: &str, mut once: impl FnMut()) {
    group.bench_function(what, |bencher| bencher.iter(&mut once));
}

fn client(url: &str) -> PortalClient {
    rustls::crypto::ring::default_provider().install_default().expect("the first one");
    let options = PortalOptions { url: url.to_owned(), token: "t".into(), ca_file: None, road: None };
    PortalClient::new(options, Arc::default(), Arc::new(SystemClock)).expect("a client")
}

async fn ask(client: &PortalClient, query: &Query) -> Answer {
    let number = Msisdn::parse_e164("85597000111");
    let asker = Asker { channel: Channel::Sms, number, deadline: Duration::from_secs(5), key: None };
    client.ask(query, asker).await
}

/// A deliver_sm as a telco writes it.
fn deliver(octets: &[u8], data_coding: u8) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out, CommandId::DeliverSm, 0, 7, |out| {
        out.extend_from_slice(b"\0\x01\x0185510000001\0\x00\x011212\0\0\0\0\0\0\0\0");
        out.extend_from_slice(&[data_coding, 0, octets.len() as u8]);
        out.extend_from_slice(octets);
    });
    out.to_vec()
}

fn come_in(group: &mut Group<'_>) {
    let khmer = ucs2::encode(KHMER);
    for (what, pdu) in
        [("15 digits in GSM 7-bit", deliver(b"120500260481937", 0)), ("33 Khmer characters", deliver(&khmer, 8))]
    {
        let mut framer = Framer::new(PDU_OCTETS_MAX);
        row(group, &format!("PDU in: frame, decode and read {what}"), || {
            framer.push(black_box(&pdu));
            let framed = framer.next_pdu().expect("framed").expect("a PDU");
            let deliver = deliver_sm(framed.header.sequence, framed.body).expect("decoded");
            let (piece, _) = piece(&deliver, DefaultAlphabet::Gsm7, false);
            black_box(text_of(&[&piece]));
        });
    }
    row(group, "normaliser: the key of 33 Khmer characters", || {
        black_box(normal::key(black_box(KHMER)));
    });
}

/// The steps of the conversation; returns what the portal is asked, and what a citizen is told then.
fn converse(group: &mut Group<'_>, here: &tokio::runtime::Runtime, client: &PortalClient) -> (Query, View) {
    let (codes, zone) = (CodeRules::recommended(), phnom_penh());
    let ctx = Ctx {
        abilities: chrak::types::civic::Abilities::ALL,
        channel: Channel::Sms,
        now: NOW,
        language: Some(Language::Km),
        default_language: Language::Km,
        codes: &codes,
        number_known: true,
        zone: &zone,
        dice: 4,
    };
    let told = |text: &str, from: &Dialogue| step(from, Input::Text(text.to_owned()), &ctx);
    let home = Dialogue::default();
    for (what, text) in [("a keyword", "HELP"), ("33 Khmer characters that are no keyword", KHMER)] {
        row(group, &format!("dialogue step: {what}"), || {
            black_box(told(black_box(text), &home));
        });
    }
    let code = sample_codes()[1];
    row(group, "dialogue step: a registration code", || {
        black_box(told(black_box(code), &home));
    });
    let asked = told(code, &home);
    let Some(Effect::Ask(query)) = asked.effects.into_iter().next() else { panic!("the portal is asked") };
    let answer = here.block_on(ask(client, &query));
    row(group, "dialogue step: the portal's answer", || {
        black_box(step(&asked.next, Input::Answer(answer.clone()), &ctx));
    });
    let shown = step(&asked.next, Input::Answer(answer), &ctx);
    row(group, "dialogue to octets and back", || {
        black_box(Dialogue::from_bytes(&black_box(&shown.next).to_bytes()));
    });
    let view = shown.effects.into_iter().find_map(|effect| match effect {
        Effect::Show(view) => Some(view),
        _ => None,
    });
    (query, view.expect("the citizen is told"))
}

fn say(group: &mut Group<'_>, view: &View) {
    let zone = phnom_penh();
    for (what, language) in [("Khmer", Language::Km), ("English", Language::En)] {
        row(group, &format!("render: a status in {what}"), || {
            black_box(render_sms(black_box(view), language, &zone));
        });
        let text = render_sms(view, language, &zone).text;
        row(group, &format!("segment: looked through, cut and encoded, {what}"), || {
            let seen = visible::shown(black_box(&text));
            let clean = links::without_links(&seen);
            let plan = segment::plan(&clean);
            for (piece, part) in plan.segments.iter().zip(1u8..) {
                black_box(encode(Cut::Udh8, plan.alphabet, piece, 7, part, plan.segments.len() as u8));
            }
        });
    }
    let address = |digits: &'static str| Address { ton: 1, npi: 1, digits: digits.into() };
    let submit = SubmitSm {
        source: address("1212"),
        destination: address("85510000001"),
        esm_class: 0,
        validity_period: "000000010000000R".to_owned(),
        registered_delivery: 1,
        data_coding: 8,
        short_message: vec![0x17; 140].into(),
        sar: None,
        reference: Some(0xBEEF),
    };
    let mut out = BytesMut::with_capacity(1024);
    row(group, "PDU out: a submit_sm of 140 octets", || {
        black_box(&submit).write(&mut out, 7);
        out.clear();
    });
}

fn keep(group: &mut Group<'_>) {
    let keys = Keys::from_secret(&[7; 32]);
    let (row_id, plain) = ([3; 16], [0x17; 140]);
    row(group, "seal 140 octets", || {
        black_box(keys.seal(&row_id, "body", black_box(&plain)).expect("sealed"));
    });
    let sealed = keys.seal(&row_id, "body", &plain).expect("sealed");
    row(group, "open 140 octets", || {
        black_box(keys.open(&row_id, "body", black_box(&sealed)).expect("opened"));
    });
    row(group, "what stands for a number (HMAC)", || {
        black_box(keys.number_mac(black_box("85597000111")));
    });
}
