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
