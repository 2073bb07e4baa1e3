//! One thing that a telco says at a time: what an ESME makes of it, and what it answers at once.
use super::pair::config;
use crate::{
    smpp::{
        esme::{Effect, Esme, Now, Pace, Segment, Stored},
        framer::Framer,
        pdu::write,
        status::{ESME_ROK, ESME_RSYSERR, ESME_RTHROTTLED},
    },
    types::{Msisdn, MtId, UnixMs, limits::COMMIT_SLOW},
};
use bytes::{BufMut, BytesMut};
use rusmpp_core::CommandId;
use std::{sync::Arc, time::Instant};
use uuid::Uuid;

const WALL: UnixMs = UnixMs(1_795_400_100_000);

fn said(esme: &mut Esme, command: CommandId, sequence: u32, body: &[u8], now: Now) -> Vec<Effect> {
    let mut octets = BytesMut::new();
    write(&mut octets, command, 0, sequence, |out| out.put_slice(body));
    esme.handle_bytes(&octets, now);
    effects(esme)
}

fn effects(esme: &mut Esme) -> Vec<Effect> {
    std::iter::from_fn(|| esme.poll_effect()).collect()
}

/// Command, status and sequence of what is written, and the octets.
fn written(esme: &mut Esme, now: Now) -> (Vec<(u32, u32, u32)>, Vec<u8>) {
    let octets = esme.output().to_vec();
    esme.written(octets.len(), now);
    let mut framer = Framer::new(4096);
    framer.push(&octets);
    let pdus = std::iter::from_fn(|| framer.next_pdu().expect("own framing"));
    let heads = pdus.map(|pdu| (pdu.header.command_id, pdu.header.command_status, pdu.header.sequence)).collect();
    (heads, octets)
}

fn bound(version: &[u8]) -> (Esme, Now) {
    let now = Now { at: Instant::now(), wall: WALL };
    (bound_at(&Arc::new(Pace::new(0)), version, now), now)
}

/// A bind of a telco whose pace that is.
fn bound_at(pace: &Arc<Pace>, version: &[u8], now: Now) -> Esme {
    let mut esme = Esme::new(config(), Arc::clone(pace), now);
    written(&mut esme, now);
    let told = said(&mut esme, CommandId::BindTransceiverResp, 1, &[b"smsc\0", version].concat(), now);
    assert!(matches!(told[..], [Effect::Bound { .. }]), "{told:?}");
    esme
}

fn segment() -> Segment {
    Segment {
        id: MtId(Uuid::nil()),
        source: "1212".to_owned(),
        destination: Msisdn::parse_e164("85510000001").expect("number"),
        body: b"hi".to_vec(),
        data_coding: 0,
        udhi: false,
        reference: 0xBEEF,
        not_after: WALL.plus_ms(600_000),
        attempts: 1,
        read_at: None,
    }
}

fn sm(service_type: &str, esm_class: u8, text: &str, tlvs: &[u8]) -> Vec<u8> {
    let head = format!("{service_type}\0\x01\x0185510000001\0\0\x011212\0");
    let fields = [esm_class, 0, 0, 0, 0, 0, 0, 0, 0, text.len() as u8];
    [head.as_bytes(), &fields, text.as_bytes(), tlvs].concat()
}

#[test]
fn what_arrives_is_told_by_its_kind_and_only_what_is_nothing_durable_is_acknowledged_at_once() {
    let at_once = vec![(0x8000_0005, ESME_ROK, 7)];
    let later = Vec::new();
    for (what, body, kind, answer) in [
        ("a text", sm("", 0, "hi", b""), "text", &later),
        ("USSD by its service_type", sm("USSD", 0, "1", b""), "ussd", &later),
        ("USSD by its operation", sm("", 0, "1", b"\x05\x01\0\x01\x01"), "ussd", &later),
        ("a receipt", sm("", 4, "id:X7 stat:DELIVRD", b""), "arrived X7", &later),
        ("a receipt of what will not arrive", sm("", 4, "id:X7 stat:EXPIRED", b""), "lost X7", &later),
        ("a receipt at a gateway of USSD", sm("USSD", 4, "id:X7 stat:EXPIRED", b""), "lost X7", &later),
        ("a receipt of what is on its way", sm("", 4, "id:X7 stat:ENROUTE", b""), "nothing", &at_once),
        ("a receipt without an id", sm("", 4, "stat:DELIVRD", b""), "unread", &at_once),
        ("an acknowledgement", sm("", 8, "hi", b""), "nothing", &at_once),
        ("an intermediate notification", sm("USSD", 0x20, "hi", b""), "nothing", &at_once),
    ] {
        let (mut esme, now) = bound(b"");
        let told = said(&mut esme, CommandId::DeliverSm, 7, &body, now);
        let seen = match &told[..] {
            [] => "nothing".to_owned(),
            [Effect::Text { deliver, .. }] if deliver.body == "hi" => "text".to_owned(),
            [Effect::Ussd { deliver, .. }] if deliver.body == "1" => "ussd".to_owned(),
            [Effect::Receipt { message_id, delivered, source, destination, .. }] => {
                assert_eq!((source.text().as_str(), destination.text().as_str()), ("85510000001", "1212"));
                format!("{} {message_id}", if *delivered { "arrived" } else { "lost" })
            }
            [Effect::UnreadReceipt] => "unread".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!((seen.as_str(), &written(&mut esme, now).0), (kind, answer), "{what}");
    }
}

#[test]
fn a_resp_says_what_the_store_says_and_once() {
    let kept = |id: Option<u128>| Stored::Kept(id.map(|id| crate::types::CauseId(Uuid::from_u128(id))));
    for (stored, status) in [
        (kept(Some(1)), ESME_ROK),
        (kept(None), ESME_ROK),
        (Stored::Overload, ESME_RTHROTTLED),
        (Stored::Failed, ESME_RSYSERR),
    ] {
        let data = b"\0\x01\x0185510000001\0\0\x011212\0\0\0\0\x04\x24\0\x02hi";
        for (command, body, resp) in
            [(CommandId::DeliverSm, sm("", 0, "hi", b""), 0x8000_0005), (CommandId::DataSm, data.to_vec(), 0x8000_0103)]
        {
            let (mut esme, now) = bound(b"");
            let told = said(&mut esme, command, 7, &body, now);
            let [Effect::Text { owed, .. }] = told[..] else { panic!("{told:?}") };
            assert_eq!(esme.poll_timeout(), Some(now.at + COMMIT_SLOW.min(config().session.enquire_link)));
            esme.stored(owed, stored, now);
            esme.stored(owed, stored, now);
            assert_eq!(written(&mut esme, now).0, [(resp, status, 7)], "{stored:?}");
        }
    }
}

/// §3.3.2: who does not say its version, or an older one, is sent no TLVs.
#[test]
fn a_reference_goes_only_to_who_knows_tlvs() {
    for (version, knows) in [
        (&b""[..], false),
        (b"\x02\x10\0\x01\x33", false),
        (b"\x02\x10\0\x01\x34", true),
        (b"\x02\x10\0\x01\x50", true),
    ] {
        let (mut esme, now) = bound(version);
        esme.submit(segment(), now);
        let (heads, octets) = written(&mut esme, now);
        assert_eq!(heads, [(4, 0, 2)]);
        assert_eq!(octets.ends_with(b"\x02\x04\0\x02\xBE\xEF"), knows, "{version:?}");
        assert_eq!((esme.in_flight(), effects(&mut esme)), (1, vec![]), "no answer was read here");
    }
}

#[test]
fn a_bind_is_taken_for_forgotten_only_where_nothing_is_taken_in_between() {
    let (mut esme, now) = bound(b"");
    for (sequence, status, stays) in
        [(2, 4, true), (3, ESME_ROK, true), (4, 4, true), (5, 8, true), (6, 4, true), (7, 4, false)]
    {
        esme.submit(segment(), now);
        assert_eq!(written(&mut esme, now).0, [(4, 0, sequence)]);
        let mut octets = BytesMut::new();
        write(&mut octets, CommandId::SubmitSmResp, status, sequence, |_| {});
        esme.handle_bytes(&octets, now);
        esme.settled(1);
        let left = written(&mut esme, now).0;
        assert_eq!(left, if stays { vec![] } else { vec![(6, 0, sequence + 1)] }, "{sequence}");
    }
}

/// It is the telco that throttles, whichever connection heard it.
#[test]
fn what_one_bind_has_learned_of_the_rate_holds_for_the_next() {
    let now = Now { at: Instant::now(), wall: WALL };
    let pace = Arc::new(Pace::new(0));
    let mut first = bound_at(&pace, b"", now);
    let mut paused = false;
    for sequence in 2..60 {
        first.submit(segment(), now);
        if written(&mut first, now).0 != [(4, 0, sequence)] {
            break;
        }
        let mut octets = BytesMut::new();
        write(&mut octets, CommandId::SubmitSmResp, ESME_RTHROTTLED, sequence, |_| {});
        first.handle_bytes(&octets, now);
        first.settled(1);
        paused |= effects(&mut first).iter().any(|told| matches!(told, Effect::Throttled { pause: Some(_) }));
    }
    assert!(paused);
    drop(first);
    let mut next = bound_at(&pace, b"", now);
    next.submit(segment(), now);
    assert_eq!(written(&mut next, now).0, [], "it waits for the end of the pause");
    let later = Now { at: next.poll_timeout().expect("a time"), ..now };
    next.handle_timeout(later);
    assert_eq!(written(&mut next, later).0, [(4, 0, 2)]);
}
