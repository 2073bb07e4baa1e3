//! Dialects against captures of gateways, byte for byte, and against garbage.
use super::*;
use crate::smpp::decode;
use bytes::{BufMut, BytesMut};

/// A start as a gateway in Thailand sent it, published in a tracker of an SMS gateway (numbers changed there).
const CAPTURE: &str = "0000004400000005000000000000000250320001013636393737303931323035000101363639323330313131323100\
                       000000000000000f00062a34303036230501000101";

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn deliver(pdu: &[u8]) -> Deliver {
    decode::deliver_sm(2, Bytes::copy_from_slice(&pdu[16..])).expect("it can be read")
}

/// A deliver_sm of a gateway: what it holds differs by dialect.
fn input(destination: &str, data_coding: u8, text: &[u8], tlvs: &[(u16, &[u8])]) -> Deliver {
    let mut body = BytesMut::new();
    body.put_slice(b"USSD\0");
    for digits in ["85512345678", destination] {
        body.put_slice(&[1, 1]);
        body.put_slice(digits.as_bytes());
        body.put_u8(0);
    }
    body.put_slice(&[0, 0, 0, 0, 0, 0, 0, data_coding, 0, text.len() as u8]);
    body.put_slice(text);
    for (tag, value) in tlvs {
        body.put_u16(*tag);
        body.put_u16(value.len() as u16);
        body.put_slice(value);
    }
    decode::deliver_sm(1, body.freeze()).expect("it can be read")
}

fn dialect(name: &str) -> Dialect {
    Dialect::built_in(name).expect("built in")
}

fn written(screen: &UssdSubmit) -> Vec<u8> {
    let mut out = BytesMut::new();
    screen.write(&mut out, 3);
    out.to_vec()
}

#[test]
fn a_capture_without_a_session_is_read_and_answered_byte_for_byte() {
    let dialect = dialect("msisdn");
    let pdu = deliver(&octets(CAPTURE));
    assert!(Dialect::is_ussd(&pdu));
    let read = dialect.read(&pdu);
    assert_eq!((read.signal, read.text.as_str(), read.code.as_str()), (Signal::Start, "*4006#", "66923011121"));
    assert!(read.session.is_empty());
    assert!(dialect.dialled(&read, &["*4006#".to_owned()]).is_empty());
    let screen = dialect.reply(&read.back, "*4006#", "1 A\n0 B", false);
    assert_eq!(
        hex(&written(&screen)),
        "000000470000000400000000000000035553534400010136363932333031313132310001013636393737303931323035\
         00000000000000000f00073120410a3020420501000102"
            .replace(' ', "")
    );
}

#[test]
fn the_capture_of_mica_is_read_and_its_reference_comes_back() {
    let mut body = BytesMut::new();
    body.put_slice(b"USSD\0\0\x00263771234567\0\0\0\0");
    body.put_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    body.put_slice(b"*372#\x02\x04\0\x02\x00\x2a\x05\x01\0\x01\x01");
    let pdu = decode::deliver_sm(9, body.freeze()).expect("it can be read");
    let mica = dialect("mica");
    let read = mica.read(&pdu);
    assert_eq!((read.signal, read.text.as_str(), read.code.as_str()), (Signal::Start, "*372#", ""));
    assert_eq!(read.session, [0, 0x2A]);
    let screen = mica.reply(&read.back, "*372#", "x", true);
    assert_eq!(screen.source.text(), "*372#");
    assert_eq!(
        screen.tlvs,
        [
            Tlv { tag: tag::USSD_SERVICE_OP, value: Bytes::from_static(&[17]) },
            Tlv { tag: tag::USER_MESSAGE_REFERENCE, value: Bytes::from_static(&[0, 0x2A]) }
        ]
    );
}

#[test]
fn operations_and_end_bits_are_those_of_the_table() {
    use Signal::{Abort, Next, Start, Unknown};
    // (dialect, operation, its_session_info) -> signal, session
    let its = |value: u16| Some(value.to_be_bytes());
    for (name, op, session, signal, key) in [
        ("spec", 1, its(0x0700), Start, vec![7, 0]),
        ("spec", 18, its(0x0700), Next, vec![7, 0]),
        ("spec", 18, its(0x0701), Abort, vec![7, 0]),
        ("spec", 129, its(0x0700), Abort, vec![7, 0]),
        ("spec", 77, its(0x0700), Unknown, vec![7, 0]),
        ("spec", 1, None, Start, vec![]),
        ("tata", 2, its(0x1234), Next, vec![0x12, 0x34]),
        ("tata", 17, its(0x1234), Abort, vec![0x12, 0x34]),
        ("sixdee", 18, its(0xFFFE), Next, vec![0xFF, 0xFE]),
        ("sixdee", 18, its(0xFFFF), Abort, vec![0xFF, 0xFE]),
        ("msisdn", 18, its(0x0701), Next, vec![]),
    ] {
        let op = [op];
        let mut tlvs: Vec<(u16, &[u8])> = vec![(tag::USSD_SERVICE_OP, &op)];
        if let Some(value) = &session {
            tlvs.push((tag::ITS_SESSION_INFO, value));
        }
        let read = dialect(name).read(&input("1212", 15, b"1", &tlvs));
        assert_eq!((read.signal, read.session), (signal, key), "{name} {op:?} {session:?}");
    }
    // continue and end as they leave
    for (name, cont, end) in
        [("spec", (2, 0x0700), (17, 0x0701)), ("tata", (2, 0x0700), (2, 0x0701)), ("sixdee", (2, 0x0700), (17, 0x0701))]
    {
        let dialect = dialect(name);
        let tlvs: [(u16, &[u8]); 2] = [(tag::USSD_SERVICE_OP, &[1]), (tag::ITS_SESSION_INFO, &[7, 0])];
        let back = dialect.read(&input("1212", 15, b"*1212#", &tlvs)).back;
        for (ends, (op, session)) in [(false, cont), (true, end)] {
            let screen = dialect.reply(&back, "1212", "x", ends);
            let value = |tag| screen.tlvs.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value.to_vec());
            assert_eq!(value(tag::USSD_SERVICE_OP), Some(vec![op]), "{name}");
            assert_eq!(value(tag::ITS_SESSION_INFO), Some(u16::to_be_bytes(session).to_vec()), "{name}");
        }
    }
}

#[test]
fn a_dialled_string_gives_its_steps_wherever_it_stands() {
    let ours = ["*1212#".to_owned(), "*855*7#".to_owned()];
    for (destination, text, steps) in [
        ("1212", "*1212#", vec![]),
        ("*1212#", "", vec![]),
        ("*1212#", "*1212#", vec![]),
        ("1212", "1212", vec![]),
        ("1212", "", vec![]),
        ("1212", "*1212*1*120500260481937#", vec!["1", "120500260481937"]),
        ("*1212*3*1002#", "", vec!["3", "1002"]),
        ("1212", "*855*7*2#", vec!["2"]),
        ("1212", "*9999*2#", vec!["2"]),
        ("*1212#", "1*120500260481937", vec!["1", "120500260481937"]),
    ] {
        for name in ["spec", "sixdee"] {
            let dialect = dialect(name);
            let read = dialect.read(&input(destination, 15, text.as_bytes(), &[(tag::USSD_SERVICE_OP, &[1])]));
            assert_eq!(dialect.dialled(&read, &ours), steps, "{name}: {destination} {text}");
        }
    }
}

#[test]
fn the_service_code_is_known_wherever_an_input_names_it() {
    let ours = ["*1212#".to_owned(), "*855*7#".to_owned(), "*855#".to_owned()];
    for (op, destination, text, service) in [
        (1, "1212", "*1212#", Some("*1212#")),
        (1, "*1212*3*1002#", "", Some("*1212#")),
        (1, "", "*855*7*2#", Some("*855*7#")),
        (1, "", "*855*2#", Some("*855#")),
        (18, "1212", "1", Some("*1212#")),
        (18, "*855*7#", "1", Some("*855*7#")),
        (18, "", "1", None),
        (18, "", "1212", None),
        (18, "12123", "1", None),
        (18, "66923011121", "1", None),
    ] {
        let dialect = dialect("spec");
        let read = dialect.read(&input(destination, 15, text.as_bytes(), &[(tag::USSD_SERVICE_OP, &[op])]));
        assert_eq!(dialect.service(&read, &ours), service, "{destination} {text}");
    }
}

#[test]
fn texts_are_read_by_both_families_of_data_codings_and_when_they_are_mislabelled() {
    let spec = dialect("spec");
    let khmer = ucs2::encode("ខ្ញុំ 1");
    let with_language = [&[0x6B, 0x37][..], &khmer].concat();
    for (data_coding, body, text) in [
        (0x0F, b"*1212#".to_vec(), "*1212#"),
        (0x00, b"*1212#".to_vec(), "*1212#"),
        (0x10, b"kw\r*1212#".to_vec(), "*1212#"),
        (0x44, b"*1212#".to_vec(), "*1212#"),
        (0xF4, b"*1212#".to_vec(), "*1212#"),
        (0x48, khmer.clone(), "ខ្ញុំ 1"),
        (0x08, khmer.clone(), "ខ្ញុំ 1"),
        (0x11, khmer.clone(), "ខ្ញុំ 1"),
        (0x11, with_language, "ខ្ញុំ 1"),
        (0x0F, khmer.clone(), "ខ្ញុំ 1"),
        (0x0F, ucs2::encode("*1212#"), "*1212#"),
        (0x0F, b"1\0".to_vec(), "1"),
        (0x0F, vec![], ""),
    ] {
        let read = spec.read(&input("1212", data_coding, &body, &[(tag::USSD_SERVICE_OP, &[1])]));
        assert_eq!(read.text, text, "{data_coding:#x} {body:?}");
    }
    let packed = Dialect { packed: true, ..spec };
    let body = gsm7::pack(&gsm7::encode("*1212#").expect("ascii"));
    let read = packed.read(&input("1212", 15, &body, &[(tag::USSD_SERVICE_OP, &[1])]));
    assert_eq!(read.text, "*1212#");
    assert_eq!(packed.reply(&read.back, "1212", "hellohello", false).body[..2], [0xE8, 0x32]);
}

#[test]
fn an_input_under_a_wrong_data_coding_or_in_the_other_order_is_not_lost() {
    let swapped = |octets: &[u8]| octets.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect::<Vec<u8>>();
    let packed = Dialect { packed: true, ..dialect("spec") };
    for dialect in [dialect("spec"), dialect("mica"), packed] {
        for text in
            ["1", "9", "0", "00", "*1212#", "*1212*1*120500260481937#", "១", "ស្ថានភាព", "១២០៥០០២៦០៤៨១៩៣៧", "１７", "ทท"]
        {
            for data_coding in [0x00, 0x04, 0x08, 0x0F, 0x11, 0x15, 0x44, 0x48, 0xF4, 0xF5] {
                for body in [ucs2::encode(text), swapped(&ucs2::encode(text))] {
                    // two octets packed are two letters too, and Thai or full-width signs are not told from them
                    if dialect.packed && !text.starts_with(['*', 'ស']) {
                        continue;
                    }
                    // one Khmer digit turned round is an ideograph in use
                    if text == "១" && body[1] == 0x17 && matches!(data_coding, 0x08 | 0x11 | 0x48) {
                        continue;
                    }
                    let read = dialect.read(&input("1212", data_coding, &body, &[(tag::USSD_SERVICE_OP, &[18])]));
                    assert_eq!(read.text, text, "{} {data_coding:#x} {body:x?}", dialect.name);
                }
            }
        }
    }
}

#[test]
fn a_language_before_the_text_is_no_letter_of_it() {
    for dialect in [dialect("spec"), Dialect { packed: true, ..dialect("spec") }] {
        let seven = |text: &str| {
            let septets = gsm7::encode(text).expect("ascii");
            if dialect.packed { gsm7::pack(&septets) } else { septets }
        };
        let language = gsm7::pack(b"km");
        for (data_coding, body, text) in [
            (0x10, seven("kw\r*1212#"), "*1212#"),
            (0x10, seven("km\n12"), "12"),
            (0x10, seven("*1212#"), "*1212#"),
            (0x11, [&language[..], &ucs2::encode("ក")].concat(), "ក"),
            (0x11, [&language[..], &ucs2::encode("1")].concat(), "1"),
            (0x11, ucs2::encode("កខ"), "កខ"),
            (0x11, ucs2::encode("12"), "12"),
        ] {
            let read = dialect.read(&input("1212", data_coding, &body, &[(tag::USSD_SERVICE_OP, &[1])]));
            assert_eq!(read.text, text, "{data_coding:#x} {body:x?} {}", dialect.packed);
        }
    }
}

#[test]
fn data_sm_carries_a_payload_and_echoes_what_it_was_told_to() {
    let dialect = Dialect { pdu: UssdPdu::DataSm, echo_tlvs: vec![0x1401], ..dialect("spec") };
    let tlvs: [(u16, &[u8]); 3] = [(tag::USSD_SERVICE_OP, &[1]), (tag::ITS_SESSION_INFO, &[7, 0]), (0x1401, b"abc")];
    let back = dialect.read(&input("1212", 15, b"*1212#", &tlvs)).back;
    let pdu = written(&dialect.reply(&back, "1212", "ខ", false));
    assert_eq!(&pdu[4..8], [0, 0, 1, 3]);
    let read = decode::data_sm(1, Bytes::copy_from_slice(&pdu[16..])).expect("it can be read");
    assert_eq!((read.data_coding, &read.body[..]), (0x48, &[0x17, 0x81][..]));
    assert_eq!(read.tlv(0x1401).map(|value| &value[..]), Some(&b"abc"[..]));
    assert_eq!((read.source.text().as_str(), read.destination.text().as_str()), ("1212", "85512345678"));
}

/// The table of docs/USSD.md.
#[test]
fn the_built_in_dialects_are_those_of_the_table() {
    use {
        CodeAt::{Destination, Text},
        SessionAt::{Its15, Its16, Msisdn, UmrMsisdn},
    };
    for (name, session, next, abort, ours, end_bit, code_in, codings) in [
        ("spec", Its16, &[18][..], &[129][..], (2, 17), true, Destination, (15, 72)),
        ("tata", Its16, &[2, 18], &[17, 129], (2, 2), true, Destination, (0, 8)),
        ("mica", UmrMsisdn, &[18], &[129], (2, 17), false, Destination, (0, 8)),
        ("sixdee", Its15, &[18], &[129], (2, 17), true, Text, (0, 8)),
        ("msisdn", Msisdn, &[18], &[129], (2, 17), false, Destination, (15, 72)),
    ] {
        let dialect = Dialect::built_in(name).expect(name);
        assert_eq!((dialect.name.as_str(), dialect.session, dialect.start.as_slice()), (name, session, &[1][..]));
        assert_eq!((dialect.next.as_slice(), dialect.abort.as_slice()), (next, abort), "{name}");
        assert_eq!((dialect.reply_continue, dialect.reply_end), ours, "{name}");
        assert_eq!(
            (dialect.end_bit, dialect.code_in, (dialect.gsm7, dialect.ucs2)),
            (end_bit, code_in, codings),
            "{name}"
        );
        assert_eq!((dialect.pdu, dialect.service_type.as_str(), dialect.packed), (UssdPdu::SubmitSm, "USSD", false));
        assert_eq!((dialect.echo_tlvs.as_slice(), dialect.push), (&[][..], None), "{name}");
    }
    assert_eq!(Dialect::built_in("spec "), None);
}

#[test]
fn an_input_is_one_by_its_operation_or_by_its_service_type() {
    let with = |service_type: &'static [u8], tlvs: &[(u16, &[u8])]| {
        let mut deliver = input("1212", 15, b"1", tlvs);
        deliver.service_type = Bytes::from_static(service_type);
        Dialect::is_ussd(&deliver)
    };
    let op: [(u16, &[u8]); 1] = [(tag::USSD_SERVICE_OP, &[1])];
    assert_eq!([with(b"", &[]), with(b"CMT", &[]), with(b"USSD", &[]), with(b"ussd", &[])], [false, false, true, true]);
    assert_eq!([with(b"", &op), with(b"CMT", &op), with(b"USSD", &op)], [true; 3]);
}

#[test]
fn a_notice_goes_only_where_it_may_and_its_confirmation_is_no_input() {
    let address = |digits: &'static [u8]| Address { ton: 1, npi: 1, digits: Bytes::from_static(digits) };
    let notice = |dialect: &Dialect| dialect.notice(address(b"1212"), address(b"85512345678"), "x");
    let spec = dialect("spec");
    assert_eq!(notice(&spec), None);
    let pushes = Dialect { push: Some(3), ..spec.clone() };
    let screen = notice(&pushes).expect("it may");
    assert_eq!((screen.source.text(), screen.destination.text()), ("1212".to_owned(), "85512345678".to_owned()));
    assert_eq!(screen.tlvs, [Tlv { tag: tag::USSD_SERVICE_OP, value: Bytes::from_static(&[3]) }]);
    let signal =
        |dialect: &Dialect, op: u8| dialect.read(&input("1212", 15, b"", &[(tag::USSD_SERVICE_OP, &[op])])).signal;
    // USSR confirm is 18, USSN confirm 19 (§5.3.2.44)
    assert_eq!(
        (signal(&pushes, 19), signal(&pushes, 18), signal(&pushes, 3)),
        (Signal::Confirmed, Signal::Next, Signal::Unknown)
    );
    assert_eq!(signal(&spec, 19), Signal::Unknown);
    let requests = Dialect { push: Some(2), ..spec };
    assert_eq!(signal(&requests, 19), Signal::Unknown, "nothing was notified");
    // without an operation nothing is said
    assert_eq!(pushes.read(&input("1212", 15, b"", &[])).signal, Signal::Unknown);
}

#[test]
fn fifteen_bits_name_a_session_whether_or_not_the_last_ends_it() {
    for (name, end_bit, value, key) in [
        ("spec", true, [7, 1], [7, 0]),
        ("spec", false, [7, 1], [7, 1]),
        ("sixdee", true, [7, 1], [7, 0]),
        ("sixdee", false, [7, 1], [7, 0]),
    ] {
        let dialect = Dialect { end_bit, ..dialect(name) };
        let tlvs: [(u16, &[u8]); 2] = [(tag::USSD_SERVICE_OP, &[18]), (tag::ITS_SESSION_INFO, &value)];
        let read = dialect.read(&input("1212", 15, b"1", &tlvs));
        assert_eq!(read.session, key, "{name} {end_bit}");
        assert_eq!(read.signal == Signal::Abort, end_bit, "{name} {end_bit}");
        // what came with the bit goes back without it, unless it ends
        for (end, low) in [(false, if end_bit { 0 } else { 1 }), (true, 1)] {
            let screen = dialect.reply(&read.back, "1212", "x", end);
            let session = screen.tlvs.iter().find(|tlv| tlv.tag == tag::ITS_SESSION_INFO).expect("a session");
            assert_eq!(session.value[..], [7, low], "{name} {end_bit} {end}");
        }
    }
    // a tag of the operator's own is a name and nothing else
    let own = Dialect { session: SessionAt::Tlv(0x1401), ..dialect("spec") };
    let read = own.read(&input("1212", 15, b"1", &[(tag::USSD_SERVICE_OP, &[18]), (0x1401, &[7, 1])]));
    assert_eq!((read.session, read.signal), (vec![7, 1], Signal::Next));
}

#[test]
fn what_is_echoed_is_not_said_twice() {
    let dialect = Dialect { echo_tlvs: vec![tag::ITS_SESSION_INFO, 0x1401], ..dialect("spec") };
    let tlvs: [(u16, &[u8]); 4] =
        [(tag::USSD_SERVICE_OP, &[1]), (tag::ITS_SESSION_INFO, &[7, 0]), (0x1401, b"a"), (0x1402, b"b")];
    let back = dialect.read(&input("1212", 15, b"*1212#", &tlvs)).back;
    let tags: Vec<u16> = dialect.reply(&back, "1212", "x", false).tlvs.iter().map(|tlv| tlv.tag).collect();
    assert_eq!(tags, [tag::USSD_SERVICE_OP, tag::ITS_SESSION_INFO, 0x1401]);
}

#[test]
fn all_that_was_dialled_may_stand_in_either_place() {
    let ours = ["*1212#".to_owned(), "*1212*5#".to_owned()];
    for (destination, text, steps) in [
        // of two that were dialled the longer one has the steps
        ("*1212*1*2#", "*1212#", vec!["1", "2"]),
        ("*1212#", "*1212*1*2#", vec!["1", "2"]),
        // of two that are as long the text
        ("*1212*1#", "*1212*2#", vec!["2"]),
        // of two that fit the longer code
        ("1212", "*1212*5*7#", vec!["7"]),
        ("1212", "*12123*7#", vec!["7"]),
        ("", "7*8#", vec!["7", "8"]),
        ("", " 7 * 8 # ", vec!["7", "8"]),
        ("*1212*9#", "5", vec!["5"]),
        ("*1212*9#", "1212", vec!["9"]),
    ] {
        let spec = dialect("spec");
        let read = spec.read(&input(destination, 15, text.as_bytes(), &[(tag::USSD_SERVICE_OP, &[1])]));
        assert_eq!(spec.dialled(&read, &ours), steps, "{destination} {text}");
    }
    // where the code stands in the text, a text that is only the code says all
    for (name, destination, text, steps) in [
        ("sixdee", "*1212*9#", "1212", Vec::<&str>::new()),
        ("sixdee", "*1212*9#", "", vec!["9"]),
        ("spec", "*1212*9#", "", vec!["9"]),
    ] {
        let dialect = dialect(name);
        let read = dialect.read(&input(destination, 15, text.as_bytes(), &[(tag::USSD_SERVICE_OP, &[1])]));
        assert_eq!(dialect.dialled(&read, &ours), steps, "{name} {destination} {text}");
    }
}

#[test]
fn every_data_coding_of_a_gateway_is_read_as_its_group() {
    let spec = dialect("spec");
    // one letter says nothing for a reading that was not declared
    for coding in [0x08, 0x18, 0x1B, 0x48, 0x4B, 0x58, 0x5B] {
        assert_eq!(spec.decode(coding, &ucs2::encode("耗")), "耗", "{coding:#x}");
    }
    // binary is UTF-8, so its @ is one
    for coding in [0x02, 0x04, 0x44, 0x47, 0x54, 0x57, 0xF4, 0xF7] {
        assert_eq!(spec.decode(coding, b"a@b@"), "a@b@", "{coding:#x}");
    }
    for coding in [0x00, 0x0F, 0x10, 0x43, 0x4C, 0xF0] {
        assert_eq!(spec.decode(coding, b"a@b"), "a¡b", "{coding:#x}");
    }
}

proptest::proptest! {
    #[test]
    fn any_pdu_is_read_somehow(text in proptest::collection::vec(proptest::num::u8::ANY, 0..160),
        session in proptest::collection::vec(proptest::num::u8::ANY, 0..5), op in proptest::num::u8::ANY, dcs in proptest::num::u8::ANY) {
        for name in ["spec", "tata", "mica", "sixdee", "msisdn"] {
            let tlvs: [(u16, &[u8]); 3] = [(tag::USSD_SERVICE_OP, &[op]), (tag::ITS_SESSION_INFO, &session), (tag::USER_MESSAGE_REFERENCE, &session)];
            let dialect = dialect(name);
            let read = dialect.read(&input("*1212#", dcs, &text, &tlvs));
            let _ = dialect.dialled(&read, &["*1212#".to_owned()]);
            let screen = dialect.reply(&read.back, "1212", "x", true);
            proptest::prop_assert!(screen.tlvs.len() <= 2);
        }
    }
}
