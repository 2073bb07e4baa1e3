//! The session against a peer made of octets: every row of what telcos send wrong, and every timer.
use super::*;
use crate::smpp::pdu::{Address, BindKind};
use bytes::{BufMut, Bytes};

const SECOND: Duration = Duration::from_secs(1);

fn config() -> SessionConfig {
    SessionConfig {
        bind: Bind {
            kind: BindKind::Transceiver,
            system_id: "chrak".into(),
            password: "secret".into(),
            system_type: String::new(),
            interface_version: 0x34,
        },
        window: 2,
        enquire_link: 30 * SECOND,
        response_timeout: 30 * SECOND,
        patience: 10 * SECOND,
        pdu_octets_max: 4096,
    }
}

fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_u32(16 + body.len() as u32);
    out.put_u32(command);
    out.put_u32(status);
    out.put_u32(sequence);
    out.extend(body);
    out
}

fn bound(now: Instant) -> Session {
    let mut session = Session::new(config(), now);
    output(&mut session);
    session.handle_bytes(&pdu(0x8000_0009, 0, 1, b"smsc\0\x02\x10\0\x01\x34"), now);
    assert_eq!(session.poll_event(), Some(Event::Bound { system_id: "smsc".into(), version: Some(0x34) }));
    session
}

/// Command, status and sequence of everything that is to be written.
fn output(session: &mut Session) -> Vec<(u32, u32, u32)> {
    let mut framer = Framer::new(4096);
    framer.push(session.output());
    session.written(session.output().len());
    std::iter::from_fn(|| framer.next_pdu().expect("own framing"))
        .map(|pdu| (pdu.header.command_id, pdu.header.command_status, pdu.header.sequence))
        .collect()
}

fn mo(tail: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x0185510000001\0\x00\x011212\0\0\0\0\0\0\0\0\0\0".to_vec();
    body.extend(tail);
    body
}

fn submit() -> SubmitSm {
    let address = Address { ton: 1, npi: 1, digits: Bytes::from_static(b"1") };
    SubmitSm {
        source: address.clone(),
        destination: address,
        esm_class: 0,
        validity_period: String::new(),
        registered_delivery: 0,
        data_coding: 0,
        short_message: Bytes::from_static(b"hi"),
        sar: None,
        reference: None,
    }
}

/// What it is, its octets, and what is written in answer.
type Case = (&'static str, Vec<u8>, Vec<(u32, u32, u32)>);

#[test]
fn no_odd_pdu_costs_the_bind() {
    let now = Instant::now();
    let nack = (0x8000_0000, ESME_RINVCMDID, 5);
    let resp = |status| (0x8000_0005, status, 5);
    let long = vec![b'9'; 200];
    let cases: Vec<Case> = vec![
        ("enquire_link with a body", pdu(0x15, 0, 5, b"abcd"), vec![(0x8000_0015, 0, 5)]),
        ("generic_nack with a body", pdu(0x8000_0000, 3, 5, b"ab"), vec![]),
        ("sm_length 40 with 2 octets", pdu(5, 0, 5, &mo(b"\x28hi")), vec![resp(ESME_RINVCMDLEN)]),
        ("text after a short sm_length", pdu(5, 0, 5, &mo(b"\x05120500260481937")), vec![resp(ESME_RINVCMDLEN)]),
        ("text after a sm_length of 0", pdu(5, 0, 5, &mo(b"\x00120500260481937")), vec![resp(ESME_RINVCMDLEN)]),
        ("payload that is cut off", pdu(5, 0, 5, &mo(b"\0\x04\x24\0\x05hi")), vec![resp(ESME_RINVCMDLEN)]),
        ("no body at all", pdu(5, 0, 5, b""), vec![resp(ESME_RINVCMDLEN)]),
        ("body ends in the source", pdu(5, 0, 5, b"\0\x01"), vec![resp(ESME_RINVCMDLEN)]),
        ("submit_sm_resp without NUL for nobody", pdu(0x8000_0004, 0, 5, b"id"), vec![]),
        ("message_id of 200", pdu(0x8000_0004, 0, 5, &long), vec![]),
        ("unknown request", pdu(0x0777, 0, 5, b"x"), vec![nack]),
        ("a request for an SMSC", pdu(4, 0, 5, b"x"), vec![nack]),
        ("bind_transceiver at an ESME", pdu(9, 0, 5, b"x\0"), vec![nack]),
        ("unknown response", pdu(0x8000_0777, 0, 5, b"x"), vec![]),
        ("alert_notification", pdu(0x0102, 0, 5, b"\0\0\0"), vec![]),
        ("a second bind_resp", pdu(0x8000_0009, 0, 1, b"x\0"), vec![]),
        ("a status in a request", pdu(0x15, 8, 5, b""), vec![(0x8000_0015, 0, 5)]),
        ("sequence 0xFFFFFFFF", pdu(0x15, 0, u32::MAX, b""), vec![(0x8000_0015, 0, u32::MAX)]),
    ];
    for (what, octets, answers) in cases {
        let mut session = bound(now);
        session.handle_bytes(&octets, now);
        session.handle_bytes(&pdu(0x15, 0, 6, b""), now);
        let mut wanted = answers;
        wanted.push((0x8000_0015, 0, 6));
        assert_eq!(output(&mut session), wanted, "{what}");
        assert_eq!(session.state(), SessionState::Bound, "{what}");
    }
}

#[test]
fn what_can_be_read_is_read() {
    let now = Instant::now();
    let mut non_ascii = mo(b"\x02hi");
    non_ascii[4] = 0xE9;
    let mut long_address = b"\0\x05\0".to_vec();
    long_address.extend([b'S'; 60]);
    long_address.extend(b"\0\0\x011212\0\0\0\0\0\0\0\0\0\0\x02hi");
    let with_times =
        b"\0\x01\x0185510000001\0\0\x011212\0\0\0\x00261123084200028+\0bad-time-x\0\0\0\0\0\x02hi".to_vec();
    for (what, body) in [
        ("non-ASCII in the source", non_ascii),
        ("address of 60", long_address),
        ("times that are not NULL", with_times),
        ("ussd_service_op of 2 octets", mo(b"\x02hi\x05\x01\0\x02\0\x01")),
        ("its_session_info of 4", mo(b"\x02hi\x13\x83\0\x04abcd")),
        ("user_message_reference of 1", mo(b"\x02hi\x02\x04\0\x01\x07")),
        ("receipted_message_id without NUL", mo(b"\x02hi\0\x1e\0\x02ab")),
        ("a TLV past the end", mo(b"\x02hi\x05\x01\0\xFFx")),
        ("an unknown TLV", mo(b"\x02hi\x40\x01\0\x02\0\x01")),
        ("a TLV 0x8001", mo(b"\x02hi\x80\x01\0\x02\0\x01")),
        ("a TLV 0xFFFF", mo(b"\x02hi\xFF\xFF\0\x02\0\x01")),
        ("an unknown TLV without a value", mo(b"\x02hi\x40\x01\0\0")),
        ("unknown TLVs around a known one", mo(b"\x02hi\x40\x01\0\x01x\x02\x04\0\x02\0\x07\x80\x01\0\x01y")),
        ("message_payload behind an unknown TLV", mo(b"\0\x40\x01\0\x01x\x04\x24\0\x02hi")),
        ("one octet of pad", mo(b"\x02hi\0")),
        ("message_payload", mo(b"\0\x04\x24\0\x02hi")),
        ("both short_message and message_payload", mo(b"\x02hi\x04\x24\0\x05other")),
        ("sc_interface_version, which is none of a text's", mo(b"\x02hi\x02\x10\0\x01\x34")),
        ("sm_default_msg_id beside a text", {
            let mut named = mo(b"\x02hi");
            let at = named.len() - 4;
            named[at] = 7;
            named
        }),
        ("flags and a priority that are none of a deliver_sm's", {
            let mut flagged = mo(b"\x02hi");
            let end = flagged.len();
            // protocol_id, priority_flag; registered_delivery, replace_if_present_flag
            flagged[end - 11..end - 9].copy_from_slice(&[0x7F, 3]);
            flagged[end - 7..end - 5].copy_from_slice(&[0x11, 1]);
            flagged
        }),
    ] {
        let mut session = bound(now);
        session.handle_bytes(&pdu(5, 0, 5, &body), now);
        let Some(Event::Deliver(deliver)) = session.poll_event() else { panic!("{what}: not delivered") };
        assert_eq!(&deliver.body[..], b"hi", "{what}");
        session.respond(deliver.sequence, false, 0, now);
        assert_eq!(output(&mut session), [(0x8000_0005, 0, 5)], "{what}");
    }
}

/// What kind of message it is does not matter: a text, a receipt, an operation of USSD, in either PDU.
#[test]
fn an_unknown_tlv_costs_no_text_no_receipt_and_no_screen() {
    let now = Instant::now();
    for (what, esm_class, known) in [
        ("text", 0, &b""[..]),
        ("receipt", 4, b"\0\x1e\0\x03id\0\x04\x27\0\x01\x02"),
        ("USSD", 0, b"\x05\x01\0\x01\x01"),
    ] {
        for unknown in [&b"\x40\x01\0\x02\0\x01"[..], b"\x80\x01\0\0", b"\xFF\xFF\0\x03abc", b"\x14\0\0\x01x"] {
            for tlvs in [[known, unknown].concat(), [unknown, known].concat()] {
                let mut short = mo(&[b"\x02hi", &tlvs[..]].concat());
                short[22] = esm_class;
                let mut data = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0\x04\x24\0\x02hi".to_vec();
                data[22] = esm_class;
                data.extend(&tlvs);
                for (command, body) in [(5, short), (0x0103, data)] {
                    let mut session = bound(now);
                    session.handle_bytes(&pdu(command, 0, 5, &body), now);
                    let Some(Event::Deliver(deliver)) = session.poll_event() else { panic!("{what}: {unknown:?}") };
                    assert_eq!((&deliver.body[..], deliver.esm_class), (&b"hi"[..], esm_class), "{what}: {unknown:?}");
                    let named = crate::smpp::receipt::read(&deliver).is_some();
                    assert_eq!(named, esm_class == 4, "{what}: {unknown:?}");
                    assert_eq!(deliver.tlv(0x0501).is_some(), what == "USSD", "{what}: {unknown:?}");
                }
            }
        }
    }
}

#[test]
fn lost_framing_is_nacked_and_ends_it() {
    let now = Instant::now();
    let mut session = bound(now);
    let mut octets = pdu(0x15, 0, 9, b"");
    octets[..4].copy_from_slice(&15u32.to_be_bytes());
    session.handle_bytes(&octets, now);
    assert_eq!(output(&mut session), [(0x8000_0000, ESME_RINVCMDLEN, 9)]);
    assert!(matches!(session.poll_event(), Some(Event::Closed { .. })));
}

#[test]
fn responses_come_in_any_order_and_prove_what_was_read() {
    let now = Instant::now();
    let mut session = bound(now);
    session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
    session.poll_event();
    assert_eq!(session.respond(5, false, 0, now), 1);
    session.submit(&submit(), 70, now).expect("room");
    session.submit(&submit(), 71, now).expect("room");
    assert_eq!(session.submit(&submit(), 72, now), Err(NotSubmitted::WindowFull));
    session.handle_bytes(&pdu(0x8000_0004, 0, 3, b"b\0"), now);
    assert_eq!(session.poll_event(), Some(Event::Confirmed { up_to: 1 }));
    let submitted =
        |token, status, id: Option<&str>| Some(Event::Submitted { token, status, message_id: id.map(str::to_owned) });
    assert_eq!(session.poll_event(), submitted(71, 0, Some("b")));
    session.handle_bytes(&pdu(0x8000_0004, 0x58, 2, b""), now);
    assert_eq!(session.poll_event(), submitted(70, 0x58, None));
    session.handle_bytes(&pdu(0x8000_0004, 0, 2, b"late\0"), now);
    assert_eq!(session.poll_event(), Some(Event::Anomaly(Anomaly::Response)));
    assert!(session.has_room());
}

#[test]
fn silence_is_asked_about_and_then_ends_it() {
    let now = Instant::now();
    let mut session = bound(now);
    assert_eq!(session.poll_timeout(), Some(now + 30 * SECOND));
    session.handle_timeout(now + 30 * SECOND);
    assert_eq!(output(&mut session), [(0x15, 0, 2)]);
    session.handle_bytes(&pdu(0x8000_0015, 0, 2, b""), now + 35 * SECOND);
    assert_eq!(session.poll_timeout(), Some(now + 65 * SECOND));
    session.handle_timeout(now + 65 * SECOND);
    session.handle_timeout(now + 75 * SECOND);
    assert_eq!(session.state(), SessionState::Closed);
}

#[test]
fn a_missing_resp_is_an_unknown_outcome() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 70, now).expect("room");
    session.submit(&submit(), 71, now + SECOND).expect("room");
    session.handle_bytes(&pdu(0x15, 0, 6, b""), now + 29 * SECOND);
    session.handle_timeout(now + 30 * SECOND);
    assert_eq!(session.poll_event(), Some(Event::SubmitTimeout { token: 70 }));
    session.peer_closed();
    assert!(matches!(session.poll_event(), Some(Event::Closed { unresolved, .. }) if unresolved == [71]));
}

#[test]
fn binds_are_refused_time_out_and_end_by_either_side() {
    let now = Instant::now();
    let mut session = Session::new(config(), now);
    assert_eq!(output(&mut session), [(9, 0, 1)]);
    session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
    assert_eq!(output(&mut session), [(0x8000_0005, ESME_RINVBNDSTS, 5)]);
    session.handle_bytes(&pdu(0x8000_0009, 0x0E, 1, b""), now);
    assert!(std::iter::from_fn(|| session.poll_event()).any(|event| event == Event::BindRefused { status: 0x0E }));
    let mut session = Session::new(config(), now);
    session.handle_timeout(now + 10 * SECOND);
    assert_eq!(session.state(), SessionState::Closed);
    let mut session = bound(now);
    session.handle_bytes(&pdu(6, 0, 4, b""), now);
    assert_eq!((output(&mut session), session.state()), (vec![(0x8000_0006, 0, 4)], SessionState::Closed));
    let mut session = bound(now);
    session.unbind(now);
    assert_eq!(output(&mut session), [(6, 0, 2)]);
    session.handle_bytes(&pdu(0x8000_0006, 0, 2, b""), now);
    assert_eq!(session.poll_event(), Some(Event::Closed { reason: CloseReason::Unbound, unresolved: vec![] }));
}

#[test]
fn resps_on_their_way_when_the_telco_unbinds_are_read() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 70, now).expect("room");
    session.submit(&submit(), 71, now).expect("room");
    session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
    output(&mut session);
    while session.poll_event().is_some() {}
    session.handle_bytes(&pdu(6, 0, 9, b""), now);
    assert_eq!((output(&mut session), session.state()), (vec![], SessionState::Leaving), "not answered yet");
    assert!(!session.has_room(), "nothing new is sent");
    session.handle_bytes(&pdu(0x8000_0004, 0, 3, b"b\0"), now + SECOND / 2);
    session.handle_bytes(&pdu(0x8000_0004, 0, 2, b"a\0"), now + SECOND / 2);
    assert_eq!(output(&mut session), [], "a resp of ours is owed");
    session.respond(5, false, 0, now + SECOND / 2);
    assert_eq!(output(&mut session), [(0x8000_0005, 0, 5), (0x8000_0006, 0, 9)]);
    let tokens: Vec<u64> = std::iter::from_fn(|| session.poll_event())
        .filter_map(|event| match event {
            Event::Submitted { token, .. } => Some(token),
            Event::Closed { unresolved, .. } => {
                assert_eq!(unresolved, Vec::<u64>::new());
                None
            }
            _ => None,
        })
        .collect();
    assert_eq!((tokens, session.state()), (vec![71, 70], SessionState::Closed));
}

#[test]
fn an_unbind_is_answered_in_time_whatever_is_owed() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 70, now).expect("room");
    output(&mut session);
    session.handle_bytes(&pdu(6, 0, 9, b""), now);
    assert_eq!(session.poll_timeout(), Some(now + LEAVE_WITHIN));
    session.handle_timeout(now + LEAVE_WITHIN);
    assert_eq!((output(&mut session), session.state()), (vec![(0x8000_0006, 0, 9)], SessionState::Closed));
    assert!(matches!(session.poll_event(), Some(Event::Closed { unresolved, .. }) if unresolved == [70]));
}

#[test]
fn our_own_unbind_waits_for_what_is_in_flight() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 70, now).expect("room");
    output(&mut session);
    session.unbind(now);
    assert_eq!((output(&mut session), session.has_room()), (vec![], false));
    session.handle_bytes(&pdu(0x8000_0004, 0, 2, b"a\0"), now + SECOND);
    assert_eq!((output(&mut session), session.state()), (vec![(6, 0, 3)], SessionState::Unbinding));
    // both sides at once
    session.handle_bytes(&pdu(6, 0, 9, b""), now + SECOND);
    assert_eq!((output(&mut session), session.state()), (vec![(0x8000_0006, 0, 9)], SessionState::Closed));
    let mut silent = bound(now);
    silent.submit(&submit(), 70, now).expect("room");
    output(&mut silent);
    silent.unbind(now);
    silent.handle_timeout(now + LEAVE_WITHIN);
    assert_eq!(output(&mut silent), [(6, 0, 3)], "it waits no longer than that");
    silent.handle_timeout(now + LEAVE_WITHIN + 10 * SECOND);
    assert_eq!(silent.state(), SessionState::Closed);
}

#[test]
fn a_pdu_that_is_never_completed_ends_it() {
    let now = Instant::now();
    let mut session = bound(now);
    session.handle_bytes(&pdu(0x15, 0, 6, b"")[..7], now);
    session.handle_bytes(&[0], now + 5 * SECOND);
    session.handle_timeout(now + 10 * SECOND);
    assert_eq!(session.state(), SessionState::Closed);
}

#[test]
fn sequence_numbers_wrap_and_skip_what_is_in_flight() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 1, now).expect("room");
    session.next_sequence = SEQUENCE_MAX;
    assert_eq!((session.sequence(), session.sequence(), session.sequence()), (SEQUENCE_MAX, 1, 3));
}

fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

fn closed(reason: CloseReason, unresolved: &[u64]) -> Vec<Event> {
    vec![Event::Closed { reason, unresolved: unresolved.to_vec() }]
}

#[test]
fn a_bind_is_answered_by_its_own_nack_and_by_no_other() {
    let now = Instant::now();
    for (command, status, sequence, refused) in [
        (0x8000_0000, 3, 1, Some(3)),
        (0x8000_0000, 0, 1, Some(0)),
        (0x8000_0000, 3, 2, None),
        (0x8000_0009, 5, 1, Some(5)),
        (0x8000_0004, 5, 1, None),
    ] {
        let mut session = Session::new(config(), now);
        session.handle_bytes(&pdu(command, status, sequence, b""), now);
        let told = events(&mut session);
        match refused {
            Some(status) => {
                let end = closed(CloseReason::Refused, &[]);
                assert_eq!(told, [vec![Event::BindRefused { status }], end].concat(), "{command:#x}");
            }
            None => {
                assert!(matches!(told[..], [Event::Anomaly(_)]), "{told:?}");
                assert_eq!(session.state(), SessionState::Binding);
            }
        }
    }
}

#[test]
fn an_answer_to_each_request_of_ours_is_one_whatever_pdu_it_comes_in() {
    let now = Instant::now();
    for (command, status, told, id) in [
        (0x8000_0004, 0, 0, Some("7")),
        (0x8000_0103, 0, 0, Some("7")),
        (0x8000_0004, 0x45, 0x45, Some("7")),
        (0x8000_0000, 0x45, 0x45, None),
        // a nack says no, also where it says nothing
        (0x8000_0000, 0, ESME_RINVCMDID, None),
    ] {
        let mut session = bound(now);
        session.submit(&submit(), 70, now).expect("room");
        session.handle_bytes(&pdu(command, status, 2, b"7\0"), now);
        let submitted = Event::Submitted { token: 70, status: told, message_id: id.map(str::to_owned) };
        assert_eq!((events(&mut session), session.in_flight()), (vec![submitted], 0), "{command:#x} {status}");
    }
    // an enquire_link too; and what was not asked is odd
    for (command, sequence, known) in
        [(0x8000_0015, 2, true), (0x8000_0000, 2, true), (0x8000_0015, 3, false), (0x8000_0006, 2, false)]
    {
        let mut session = bound(now);
        session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
        events(&mut session);
        session.respond(5, false, 0, now);
        session.handle_timeout(now + 30 * SECOND);
        session.handle_bytes(&pdu(command, 0, sequence, b""), now + 30 * SECOND);
        let told = events(&mut session);
        assert_eq!(told == [Event::Confirmed { up_to: 1 }], known, "{command:#x} {sequence}: {told:?}");
        assert_eq!(matches!(told[..], [Event::Anomaly(_)]), !known, "{command:#x} {sequence}: {told:?}");
    }
}

#[test]
fn whatever_is_odd_is_told_once_and_by_its_kind() {
    let now = Instant::now();
    for (octets, told) in [
        (pdu(0x0102, 0, 5, b"\0\0\0"), "alert_notification"),
        (pdu(0x0B, 0, 5, b"smsc\0secret\0"), "outbind"),
        (pdu(4, 0, 5, b"x"), "unknown_request"),
        (pdu(0x0777, 0, 5, b"x"), "unknown_request"),
        (pdu(5, 0, 5, b"\0\x01"), "bad_body"),
        (pdu(0x0103, 0, 5, b""), "bad_body"),
        (pdu(0x8000_0004, 0, 9, b"id\0"), "response"),
        (pdu(0x8000_0000, 3, 0, b""), "response"),
        (pdu(0x8000_0015, 0, 9, b""), "response"),
        (pdu(0x8000_0777, 0, 5, b""), "response"),
        (pdu(0x8000_0009, 0, 1, b"x\0"), "bind_resp"),
    ] {
        let mut session = bound(now);
        session.handle_bytes(&octets, now);
        let kinds: Vec<&str> = events(&mut session)
            .iter()
            .map(|event| if let Event::Anomaly(what) = event { what.as_str() } else { "no anomaly" })
            .collect();
        assert_eq!(kinds, [told], "{octets:?}");
    }
    let mut session = Session::new(config(), now);
    session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
    assert_eq!(events(&mut session), [Event::Anomaly(Anomaly::TooEarly)]);
}

#[test]
fn late_answers_to_enquire_link_are_known_for_so_many() {
    let start = Instant::now();
    let mut session = bound(start);
    let mut now = start;
    for asked in 0..=ENQUIRIES_MAX as u64 {
        now += 30 * SECOND;
        session.handle_timeout(now);
        // it is there, and does not answer
        session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
        assert_eq!(session.respond(5, false, 0, now), asked + 1);
    }
    events(&mut session);
    session.handle_bytes(&pdu(0x8000_0015, 0, 2, b""), now);
    assert!(matches!(events(&mut session)[..], [Event::Anomaly(_)]), "the oldest is forgotten");
    session.handle_bytes(&pdu(0x8000_0015, 0, 3, b""), now);
    assert_eq!(events(&mut session), [Event::Confirmed { up_to: 1 }]);
    session.handle_bytes(&pdu(0x8000_0015, 0, 10, b""), now);
    session.handle_bytes(&pdu(0x8000_0015, 0, 9, b""), now);
    assert_eq!(events(&mut session), [Event::Confirmed { up_to: 8 }], "what is known is not told again");
}

#[test]
fn who_only_receives_sends_nothing() {
    let now = Instant::now();
    for (kind, sends) in [(BindKind::Receiver, false), (BindKind::Transmitter, true), (BindKind::Transceiver, true)] {
        let mut session = Session::new(SessionConfig { bind: Bind { kind, ..config().bind }, ..config() }, now);
        assert_eq!((session.has_room(), session.submit(&submit(), 1, now)), (false, Err(NotSubmitted::NotBound)));
        session.handle_bytes(&pdu(0x8000_0009, 0, 1, b"smsc\0"), now);
        assert_eq!(session.has_room(), sends, "{kind:?}");
        assert_eq!(session.submit(&submit(), 1, now).is_ok(), sends, "{kind:?}");
        assert_eq!(session.in_flight(), usize::from(sends), "{kind:?}");
    }
}

#[test]
fn a_window_is_full_and_has_room_again() {
    let now = Instant::now();
    let mut session = bound(now);
    for token in [1, 2] {
        assert!(session.has_room());
        session.submit(&submit(), token, now).expect("room");
    }
    assert_eq!((session.has_room(), session.in_flight()), (false, 2));
    session.handle_timeout(now + 30 * SECOND - SECOND / 1_000);
    assert_eq!(events(&mut session), [], "not a moment early");
    session.handle_timeout(now + 30 * SECOND);
    assert_eq!(events(&mut session), [Event::SubmitTimeout { token: 1 }, Event::SubmitTimeout { token: 2 }]);
    assert!(session.has_room());
}

#[test]
fn an_end_comes_once_and_nothing_after_it() {
    let now = Instant::now();
    let ended = |end: &dyn Fn(&mut Session)| {
        let mut session = bound(now);
        session.submit(&submit(), 71, now + SECOND).expect("room");
        session.submit(&submit(), 70, now).expect("room");
        end(&mut session);
        session.peer_closed();
        session.unbind(now);
        session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
        assert_eq!(session.respond(5, false, 0, now), u64::MAX);
        assert_eq!((session.state(), session.poll_timeout()), (SessionState::Closed, None));
        let left = !session.output().is_empty();
        (events(&mut session), left)
    };
    let of = |reason| closed(reason, &[70, 71]);
    assert_eq!(ended(&|session| session.peer_closed()), (of(CloseReason::TelcoClosed), true));
    assert_eq!(ended(&|session| session.broken()), (of(CloseReason::TelcoClosed), false));
    assert_eq!(ended(&|session| session.not_reading()), (of(CloseReason::NotReading), false));
    // whoever has not bound has nothing to unbind
    let mut session = Session::new(config(), now);
    session.unbind(now);
    assert_eq!(events(&mut session), closed(CloseReason::LeftUnbound, &[]));
    let mut session = Session::new(config(), now);
    output(&mut session);
    session.handle_bytes(&pdu(6, 0, 4, b""), now);
    assert_eq!(output(&mut session), [(0x8000_0006, 0, 4)]);
    assert_eq!(events(&mut session), closed(CloseReason::TelcoUnbound, &[]));
    // a connection that is closed in place of an unbind_resp
    let mut session = bound(now);
    session.unbind(now);
    session.unbind(now);
    assert_eq!(output(&mut session), [(6, 0, 2)], "said once");
    session.peer_closed();
    assert_eq!(events(&mut session), closed(CloseReason::Unbound, &[]));
}

#[test]
fn every_timer_ends_it_when_it_is_due_and_not_before() {
    let now = Instant::now();
    let just = SECOND / 1_000;
    let late = |session: &mut Session, at: Instant, reason: CloseReason| {
        assert_eq!(session.poll_timeout(), Some(at), "{reason}");
        session.handle_timeout(at - just);
        assert_eq!(events(session), [], "{reason}");
        session.handle_timeout(at);
        assert_eq!(events(session), closed(reason, &[]), "{reason}");
    };
    late(&mut Session::new(config(), now), now + 10 * SECOND, CloseReason::NoBindResp);
    let mut session = bound(now);
    session.handle_timeout(now + 30 * SECOND);
    late(&mut session, now + 40 * SECOND, CloseReason::Silent);
    let mut session = bound(now);
    session.unbind(now);
    late(&mut session, now + 10 * SECOND, CloseReason::NoUnbindResp);
    let mut session = bound(now);
    let enquire = pdu(0x15, 0, 6, b"");
    session.handle_bytes(&enquire[..7], now);
    // one is completed and the next begins
    session.handle_bytes(&[&enquire[7..], &enquire[..7]].concat(), now + 5 * SECOND);
    late(&mut session, now + 15 * SECOND, CloseReason::Unfinished);
    let mut session = bound(now);
    session.handle_bytes(&enquire[..7], now);
    session.handle_bytes(&enquire[7..], now + 5 * SECOND);
    assert_eq!(session.poll_timeout(), Some(now + 35 * SECOND), "nothing is begun");
}

#[test]
fn a_message_is_answered_in_the_pdu_it_came_in() {
    let now = Instant::now();
    let data = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0\x04\x24\0\x02hi";
    let mut session = bound(now);
    session.handle_bytes(&pdu(0x0103, 0, 5, data), now);
    let [Event::Deliver(deliver)] = &events(&mut session)[..] else { panic!("a text") };
    assert!(deliver.is_data_sm);
    session.respond(5, true, 0, now);
    session.handle_bytes(&pdu(0x0103, 0, 6, b""), now);
    assert_eq!(output(&mut session), [(0x8000_0103, 0, 5), (0x8000_0103, ESME_RINVCMDLEN, 6)]);
    assert!(matches!(events(&mut session)[..], [Event::Anomaly(_)]));
    // nothing is owed any more
    session.unbind(now);
    assert_eq!(output(&mut session), [(6, 0, 2)]);
}

#[test]
fn one_sequence_number_may_be_in_flight_both_ways() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 70, now).expect("room");
    session.handle_bytes(&pdu(5, 0, 2, &mo(b"\x02hi")), now);
    // an answer of the other kind with its number settles nothing
    for command in [0x8000_0005, 0x8000_0015, 0x8000_0006] {
        session.handle_bytes(&pdu(command, 0, 2, b"\0"), now);
    }
    assert_eq!(session.in_flight(), 1);
    session.respond(2, false, 0, now);
    assert_eq!(output(&mut session), [(4, 0, 2), (0x8000_0005, 0, 2)]);
    session.handle_bytes(&pdu(0x8000_0004, 0, 2, b"id\0"), now);
    assert_eq!(session.in_flight(), 0);
}

#[test]
fn nobody_is_asked_whether_it_is_there_before_the_bind_resp() {
    let now = Instant::now();
    let mut session = Session::new(SessionConfig { enquire_link: SECOND, ..config() }, now);
    session.enquire(now);
    session.handle_timeout(now + 9 * SECOND);
    assert_eq!(output(&mut session), [(9, 0, 1)], "the bind and nothing else");
    assert_eq!(session.state(), SessionState::Binding);
    session.handle_bytes(&pdu(0x8000_0009, 0, 1, b"smsc\0"), now + 9 * SECOND);
    session.handle_timeout(now + 10 * SECOND);
    assert_eq!(output(&mut session), [(0x15, 0, 2)]);
}

#[test]
fn an_enquire_link_is_answered_at_once_though_the_window_is_full_and_resps_are_owed() {
    let now = Instant::now();
    let mut session = bound(now);
    session.submit(&submit(), 70, now).expect("room");
    session.submit(&submit(), 71, now).expect("room");
    session.handle_bytes(&pdu(5, 0, 5, &mo(b"\x02hi")), now);
    output(&mut session);
    session.handle_bytes(&pdu(0x15, 0, 6, b""), now);
    assert_eq!(output(&mut session), [(0x8000_0015, 0, 6)]);
}

#[test]
fn the_longest_texts_that_there_may_be_are_read() {
    let now = Instant::now();
    let longest = crate::types::limits::PDU_OCTETS_MAX;
    for (tail, octets) in [
        ([&[255u8][..], &[b'x'; 255]].concat(), 255),
        ([&b"\0\x04\x24\xFF\xFF"[..], &vec![b'x'; 0xFFFF]].concat(), 0xFFFF),
    ] {
        let mut session = Session::new(SessionConfig { pdu_octets_max: longest, ..config() }, now);
        session.handle_bytes(&pdu(0x8000_0009, 0, 1, b"smsc\0"), now);
        session.handle_bytes(&pdu(5, 0, 5, &mo(&tail)), now);
        let told = events(&mut session);
        let Some(Event::Deliver(deliver)) = told.last() else { panic!("{octets}: {told:?}") };
        assert_eq!(deliver.body.len(), octets);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

    #[test]
    fn garbage_never_panics(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..400), command in 0u32..0x110) {
        let now = Instant::now();
        let mut session = bound(now);
        session.handle_bytes(&pdu(command, 0, 5, &octets), now);
        session.handle_bytes(&pdu(command | 0x8000_0000, 0, 5, &octets), now);
        while let Some(event) = session.poll_event() {
            if let Event::Deliver(deliver) = event {
                let default = crate::smpp::text::DefaultAlphabet::Gsm7;
                let (piece, _) = crate::smpp::text::piece(&deliver, default, command & 1 == 1);
                crate::smpp::text::text_of(&[&piece]);
                crate::smpp::receipt::read(&deliver);
            }
        }
        proptest::prop_assert_ne!(session.state(), SessionState::Binding);
    }
}
