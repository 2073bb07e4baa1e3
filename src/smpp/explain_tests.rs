//! Explanations against the standard: every field of every PDU where it stands, every name, every limit.
use super::*;

fn octets(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

/// A USSD start as a telco sent it (numbers changed by whoever published it).
const USSD: &str = "0000004400000005000000000000000250320001013636393737303931323035000101363639323330313131\
    323100000000000000000f00062a34303036230501000101";

#[test]
fn a_captured_pdu_is_explained() {
    let text = explain(&octets(USSD)).to_string();
    for line in [
        "deliver_sm (0x00000005)",
        "\"P2\"",
        "\"66977091205\"",
        "0x0F (GSM 7-bit of CBS (USSD))",
        "\"*4006#\" = 2A3430303623",
        "ussd_service_op (0x0501)",
        "01 = 1",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("warning"), "{text}");
}

#[test]
fn an_unknown_tlv_is_shown_and_text_left_over_is_not_taken_for_one() {
    let with = |tail: &str, length: u8| {
        let mut pdu = octets(USSD);
        pdu.truncate(pdu.len() - 5);
        pdu.extend(octets(tail));
        pdu[3] = pdu.len() as u8;
        let at = pdu.windows(2).position(|pair| pair == b"\x06*").expect("sm_length");
        pdu[at] = length;
        explain(&pdu)
    };
    let unknown = with("4001000200010501000101FFFF0000", 6);
    assert_eq!(unknown.warnings, Vec::<String>::new());
    let text = unknown.to_string();
    for line in ["unknown TLV (0x4001)", "0001 = 1", "ussd_service_op (0x0501)", "unknown TLV (0xFFFF)"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let short = with("", 2);
    assert!(short.warnings.iter().any(|line| line.contains("sm_length is smaller")), "{:?}", short.warnings);
    let text = short.to_string();
    assert!(text.contains("(left over)") && !text.contains("TLV "), "{text}");
}

#[test]
fn passwords_are_not_shown_and_several_pdus_are_read() {
    let mut input = octets("000000210000000900000000000000016300736563726574313233000034000000");
    input[3] = input.len() as u8;
    input.extend(octets("00000010000000150000000000000002"));
    let text = explain(&input).to_string();
    assert!(!text.contains("secret"), "{text}");
    assert!(text.contains("enquire_link"), "{text}");
}

#[test]
fn what_is_out_of_spec_is_told_and_nothing_panics() {
    let mut wrong = octets(USSD);
    let at = wrong.windows(2).position(|pair| pair == b"\x06*").expect("sm_length");
    wrong[at] = 0x40;
    assert!(explain(&wrong).warnings.iter().any(|line| line.contains("sm_length")));
    for end in 0..wrong.len() {
        explain(&wrong[..end]);
    }
    assert!(explain(&[0, 0, 0, 4]).warnings[0].contains("no header"));
}

fn pdu(id: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let head = [16 + body.len() as u32, id, status, sequence].map(u32::to_be_bytes).concat();
    [&head, body].concat()
}

#[test]
fn an_explanation_is_a_table_with_a_gap_between_pdus_and_the_warnings_below() {
    let bind = pdu(9, 0, 1, b"c\0secret12\0\0\x34\0\0\0");
    let ask = pdu(0x15, 8, 0x8000_0000, b"");
    let expected = "    0  command_length     32
    4  command_id         bind_transceiver (0x00000009)
    8  command_status     ESME_ROK (0x00)
   12  sequence_number    1 (0x00000001)
   16  system_id          \"c\"
   18  password           (8 characters, not shown)
   27  system_type        NULL
   28  interface_version  3.4
   29  addr_ton           0 (unknown)
   30  addr_npi           0 (unknown)
   31  address_range      NULL

   32  command_length     16
   36  command_id         enquire_link (0x00000015)
   40  command_status     ESME_RSYSERR (0x08)
   44  sequence_number    2147483648 (0x80000000)
warning: command_status is not 0 in a request (§5.1.3)
warning: sequence_number is outside 0x00000001 to 0x7FFFFFFF (§5.1.4)
";
    assert_eq!(explain(&[bind, ask].concat()).to_string(), expected);
    assert_eq!(explain(b""), Explanation::default());
}

/// A field of a PDU's body.
#[derive(Clone, Copy)]
enum Part {
    /// A C-octet string and the octets it may have, NUL included.
    Text(&'static str, usize),
    Octet(&'static str),
    /// short_message, of no octets here.
    Nothing(&'static str),
}

/// The bodies of SMPP 3.4 §4, field by field.
fn layouts() -> Vec<(Vec<u32>, Vec<Part>)> {
    use Part::{Nothing, Octet, Text};
    let address = |name: &'static str, ton, npi, longest| [Octet(ton), Octet(npi), Text(name, longest)];
    let source = |longest| address("source_addr", "source_addr_ton", "source_addr_npi", longest);
    let destination = |longest| address("destination_addr", "destination_addr_ton", "destination_addr_npi", longest);
    let bind = vec![
        Text("system_id", 16),
        Text("password", 9),
        Text("system_type", 13),
        Octet("interface_version"),
        Octet("addr_ton"),
        Octet("addr_npi"),
        Text("address_range", 41),
    ];
    let mut sm = vec![Text("service_type", 6)];
    sm.extend(source(21));
    sm.extend(destination(21));
    sm.extend(["esm_class", "protocol_id", "priority_flag"].map(Octet));
    sm.extend([Text("schedule_delivery_time", 17), Text("validity_period", 17)]);
    let after = ["registered_delivery", "replace_if_present_flag", "data_coding", "sm_default_msg_id", "sm_length"];
    sm.extend(after.map(Octet));
    sm.push(Nothing("short_message"));
    let mut data_sm = vec![Text("service_type", 6)];
    data_sm.extend(source(65));
    data_sm.extend(destination(65));
    data_sm.extend(["esm_class", "registered_delivery", "data_coding"].map(Octet));
    let mut replace_sm = vec![Text("message_id", 65)];
    replace_sm.extend(source(21));
    replace_sm.extend([Text("schedule_delivery_time", 17), Text("validity_period", 17)]);
    replace_sm.extend(["registered_delivery", "sm_default_msg_id", "sm_length"].map(Octet));
    replace_sm.push(Nothing("short_message"));
    let mut alert = Vec::from(source(65));
    alert.extend(address("esme_addr", "esme_addr_ton", "esme_addr_npi", 65));
    vec![
        (vec![1, 2, 9], bind),
        (vec![0x8000_0001, 0x8000_0002, 0x8000_0009], vec![Text("system_id", 16)]),
        (vec![4, 5], sm),
        (vec![0x8000_0004, 0x8000_0005, 0x8000_0103], vec![Text("message_id", 65)]),
        (vec![0x103], data_sm),
        (vec![0xB], vec![Text("system_id", 16), Text("password", 9)]),
        (vec![0x102], alert),
        (vec![3], [&[Text("message_id", 65)][..], &source(21)].concat()),
        (
            vec![0x8000_0003],
            vec![Text("message_id", 65), Text("final_date", 17), Octet("message_state"), Octet("error_code")],
        ),
        (vec![8], [&[Text("service_type", 6), Text("message_id", 65)][..], &source(21), &destination(21)].concat()),
        (vec![7], replace_sm),
        (vec![0x15, 0x8000_0015, 0x8000_0007, 0x8000_0008, 6, 0x8000_0006, 0x8000_0000], vec![]),
    ]
}

fn body(layout: &[Part], text: impl Fn(&str, usize) -> usize) -> Vec<u8> {
    let part = |part: &Part| match part {
        Part::Text(name, longest) => [vec![b'1'; text(name, *longest)], vec![0]].concat(),
        Part::Octet(_) => vec![0],
        Part::Nothing(_) => vec![],
    };
    layout.iter().flat_map(part).collect()
}

#[test]
fn every_field_stands_where_the_standard_has_it() {
    for (ids, layout) in layouts() {
        let mut at = 16;
        let mut expected = Vec::new();
        for part in &layout {
            let (name, octets) = match part {
                Part::Text(name, _) => (*name, 1),
                Part::Octet(name) => (*name, 1),
                Part::Nothing(name) => (*name, 0),
            };
            expected.push((at, name.to_owned()));
            at += octets;
        }
        for id in ids {
            let told = explain(&pdu(id, 0, 1, &body(&layout, |_, _| 0)));
            assert_eq!(told.warnings, Vec::<String>::new(), "{id:#x}");
            let fields: Vec<_> = told.fields[4..].iter().map(|field| (field.at, field.name.clone())).collect();
            assert_eq!(fields, expected, "{id:#x}");
        }
    }
}

#[test]
fn a_string_may_be_as_long_as_the_standard_says_and_no_longer() {
    for (ids, layout) in layouts() {
        for part in &layout {
            let Part::Text(tried, longest) = part else { continue };
            for id in &ids {
                // only a submit_sm is scheduled, and no deliver_sm_resp has an id
                if *id == 5 && *longest == 17 || *id == 0x8000_0005 {
                    continue;
                }
                let with = |octets| {
                    explain(&pdu(*id, 0, 1, &body(&layout, |name, _| if name == *tried { octets } else { 0 })))
                };
                let fits = with(longest - 1);
                assert_eq!(fits.warnings, Vec::<String>::new(), "{id:#x} {tried}");
                let value = &fits.fields.iter().find(|field| field.name == *tried).expect("the field").value;
                match *tried {
                    "password" => assert_eq!(value, "(8 characters, not shown)"),
                    _ => assert_eq!(*value, format!("\"{}\"", "1".repeat(longest - 1)), "{id:#x} {tried}"),
                }
                let long = format!("{tried} has {longest} octets, at most {} are allowed (§5.2)", longest - 1);
                assert_eq!(with(*longest).warnings[0], long, "{id:#x}");
            }
        }
    }
}

/// Judges what is warned of: each warning begins so, and there are no others.
fn warned(cases: Vec<(&str, Vec<u8>, &[&str])>) {
    for (what, octets, warnings) in cases {
        let told = explain(&octets).warnings;
        assert_eq!(told.len(), warnings.len(), "{what}: {told:?}");
        for (told, warning) in told.iter().zip(warnings) {
            assert!(told.contains(warning), "{what}: {told}");
        }
    }
}

#[test]
fn a_header_out_of_spec_is_told_and_one_in_spec_is_not() {
    let claims = |length: u32| [&length.to_be_bytes()[..], &pdu(0x15, 0, 1, b"")[4..]].concat();
    let cut = |mut pdu: Vec<u8>, octets: usize| {
        pdu.truncate(pdu.len() - octets);
        pdu
    };
    warned(vec![
        ("the first number", pdu(0x15, 0, 1, b""), &[]),
        ("the last number", pdu(0x15, 0, 0x7FFF_FFFF, b""), &[]),
        ("number 0", pdu(0x15, 0, 0, b""), &["sequence_number is outside 0x00000001 to 0x7FFFFFFF"]),
        ("a number too high", pdu(0x15, 0, 0x8000_0000, b""), &["sequence_number is outside"]),
        ("a request with a status", pdu(0x15, 1, 1, b""), &["command_status is not 0 in a request"]),
        ("a response with a status", pdu(0x8000_0015, 1, 1, b""), &[]),
        ("fifteen octets", cut(pdu(0x15, 0, 1, b""), 1), &["15 octets are no header: it has 16"]),
        ("a length of a header", claims(16), &[]),
        ("a length below it", claims(15), &["command_length is below 16"]),
        ("a length above what is there", claims(17), &["command_length is 17, but only 16 octets are there"]),
        ("an octet too many", pdu(0x15, 0, 1, b"\xFF"), &["octets are left over"]),
        ("submit_multi", pdu(0x21, 0, 1, b""), &["the body of this command is not explained"]),
        ("an unknown command", pdu(0x7777, 0, 1, b""), &["the body of this command is not explained"]),
    ]);
}

#[test]
fn a_body_out_of_spec_is_told_and_one_in_spec_is_not() {
    let sm = |id, times: [&str; 2], length: u8, tail: &[u8]| {
        let head = format!("\0\0\0\0\0\0\0\0\0\0{}\0{}\0\0\0\0\0", times[0], times[1]);
        pdu(id, 0, 1, &[head.as_bytes(), &[length], tail].concat())
    };
    let time = "261127083000028+";
    let bind_resp = |tlvs: &[u8]| pdu(0x8000_0009, 0, 1, &[b"smsc\0", tlvs].concat());
    warned(vec![
        ("a response without an id", pdu(0x8000_0004, 0, 1, b""), &["message_id is missing"]),
        ("a refusal without an id", pdu(0x8000_0004, 8, 1, b""), &[]),
        ("a deliver_sm_resp without an id", pdu(0x8000_0005, 0, 1, b""), &["message_id is missing"]),
        ("a deliver_sm_resp with a NULL", pdu(0x8000_0005, 0, 1, b"\0"), &[]),
        (
            "a deliver_sm_resp with an id",
            pdu(0x8000_0005, 0, 1, b"7\0"),
            &["message_id of a deliver_sm_resp is not NULL"],
        ),
        ("no NUL", pdu(0x8000_0009, 0, 1, b"smsc"), &["system_id has no NUL at its end"]),
        ("an octet beyond ASCII", pdu(0x8000_0009, 0, 1, b"sm\x80c\0"), &["system_id holds octets beyond ASCII"]),
        ("the last of ASCII", pdu(0x8000_0009, 0, 1, b"sm\x7Fc\0"), &[]),
        ("a body that ends early", pdu(0xB, 0, 1, b"smsc\0"), &["password is missing: the body ends before it"]),
        (
            "an octet that is missing",
            pdu(0x102, 0, 1, b"\0\0\0\0"),
            &["esme_addr_npi is missing", "esme_addr is missing"],
        ),
        ("two times in a submit_sm", sm(4, [time, time], 0, b""), &[]),
        (
            "a short time",
            sm(4, [&time[1..], ""], 0, b""),
            &["schedule_delivery_time has 15 characters, not 16 (§7.1.1)"],
        ),
        (
            "a time in a deliver_sm",
            sm(5, ["", time], 0, b""),
            &["validity_period is not NULL in a deliver_sm (§4.6.1)"],
        ),
        ("sm_length", sm(5, ["", ""], 2, b"hi"), &[]),
        ("sm_length too large", sm(5, ["", ""], 3, b"hi"), &["sm_length is 3, but only 2 octets are there"]),
        ("sm_length too small", sm(5, ["", ""], 2, b"hiAAAA"), &["sm_length is smaller", "octets are left over"]),
        ("an empty TLV at the end", bind_resp(b"\x14\x00\0\0"), &[]),
        (
            "a TLV of another length",
            bind_resp(b"\x02\x10\0\x02\0\x34"),
            &["TLV sc_interface_version (0x0210) has 2 octets, 1 are usual"],
        ),
        (
            "a TLV cut off",
            bind_resp(b"\x02\x10\0\x02\x34"),
            &["TLV sc_interface_version (0x0210) says 2 octets, but only 1 are there"],
        ),
        ("three octets behind the TLVs", bind_resp(b"\x02\x10\0\x01\x34\0\0\0"), &["octets are left over"]),
    ]);
}

#[test]
fn a_text_that_is_not_what_it_says_is_told() {
    let sm = |esm_class: u8, data_coding: u8, text: &[u8], tlvs: &[u8]| {
        let head = [&b"\0\0\0\0\0\0\0"[..], &[esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, text.len() as u8]].concat();
        pdu(5, 0, 1, &[&head, text, tlvs].concat())
    };
    let sar = b"\x02\x0C\0\x02\0\x07\x02\x0E\0\x01\x02\x02\x0F\0\x01\x01";
    warned(vec![
        ("a part", sm(0x40, 8, b"\x05\0\x03\x07\x02\x01\x17\x80", b""), &[]),
        ("no UDH", sm(0x40, 0, b"hello", b""), &["esm_class says UDHI, but short_message begins with no whole UDH"]),
        ("a UDH cut off", sm(0x40, 0, b"\x05\0\x03\x07", b""), &["begins with no whole UDH"]),
        ("half a unit", sm(0, 8, b"\x17\x80\x17", b""), &["data_coding says UCS-2, but the text has 3 octets"]),
        ("half a unit behind a UDH", sm(0x40, 8, b"\x05\0\x03\x07\x02\x01\x17", b""), &["has 1 octets, which is odd"]),
        ("the longest", sm(0, 0, &[b'a'; 254], b""), &[]),
        ("longer", sm(0, 0, &[b'a'; 255], b""), &["sm_length is 255, at most 254 is allowed"]),
        ("a payload alone", sm(0, 0, b"", b"\x04\x24\0\x02hi"), &[]),
        ("two texts", sm(0, 0, b"hi", b"\x04\x24\0\x02hi"), &["message_payload stands beside a short_message"]),
        ("all of SAR", sm(0, 0, b"hi", sar), &[]),
        ("some of SAR", sm(0, 0, b"hi", &sar[..11]), &["of sar_msg_ref_num, sar_total_segments and"]),
    ]);
}

#[test]
fn a_value_out_of_spec_is_shown_as_it_came_and_from_where_it_stands() {
    let last = |octets: Vec<u8>| {
        let field = explain(&octets).fields.pop().expect("a field");
        (field.at, field.name, field.value)
    };
    let field = |at: usize, name: &str, value: &str| (at, name.to_owned(), value.to_owned());
    assert_eq!(last(pdu(0x8000_0009, 0, 1, b"smsc")), field(16, "system_id", "\"smsc\""));
    assert_eq!(last(pdu(0x8000_0009, 0, 1, b"s\x01\xE9c\0")), field(16, "system_id", "\"s.éc\""));
    assert_eq!(last(pdu(0x15, 0, 1, b"\x00\xFF")), field(16, "(left over)", "00FF"));
    let cut_off = pdu(0x8000_0009, 0, 1, b"c\0\x02\x10\0\x02\x34");
    assert_eq!(last(cut_off), field(18, "sc_interface_version (0x0210)", "34"));
    let two = pdu(0x8000_0009, 0, 1, b"c\0\x02\x10\0\x01\x34\x14\x01\0\x01\x07");
    assert_eq!(last(two), field(23, "vendor TLV (0x1401)", "07 = 7"));
    // nothing is read behind a length that leads nowhere
    let lost = [&15u32.to_be_bytes()[..], &pdu(0x15, 0, 1, b"")[4..], &pdu(0x15, 0, 2, b"")].concat();
    assert_eq!(explain(&lost).fields.len(), 4);
    let over = [pdu(0x15, 0, 1, b"\xFF"), pdu(0x15, 0, 2, b"")].concat();
    assert_eq!(last(over), field(29, "sequence_number", "2 (0x00000002)"));
    let many = pdu(0x15, 0, 1, b"").repeat(PDUS_MAX + 1);
    assert_eq!(explain(&many).fields.len(), PDUS_MAX * 4);
}

#[test]
fn commands_are_called_as_in_the_standard() {
    for (id, called) in [
        (0x8000_0000, "generic_nack"),
        (1, "bind_receiver"),
        (0x8000_0001, "bind_receiver_resp"),
        (2, "bind_transmitter"),
        (4, "submit_sm"),
        (0x8000_0005, "deliver_sm_resp"),
        (6, "unbind"),
        (9, "bind_transceiver"),
        (0xB, "outbind"),
        (0x15, "enquire_link"),
        (0x102, "alert_notification"),
        (0x103, "data_sm"),
        (0x7777, "unknown command"),
    ] {
        assert_eq!(name(CommandId::from(id)), called);
    }
}

#[test]
fn numbers_and_plans_are_called_as_in_the_standard() {
    // §5.2.5
    for (octet, called) in
        ["unknown", "international", "national", "network specific", "subscriber", "alphanumeric", "abbreviated"]
            .into_iter()
            .enumerate()
    {
        assert_eq!(ton(octet as u8), format!("{octet} ({called})"));
    }
    assert_eq!(ton(7), "7 (reserved)");
    // §5.2.6
    for octet in 0..=u8::MAX {
        let called = match [0, 1, 3, 4, 6, 8, 9, 10, 14, 18].iter().position(|named| *named == octet) {
            Some(at) => [
                "unknown",
                "ISDN E.164",
                "data X.121",
                "telex F.69",
                "land mobile E.212",
                "national",
                "private",
                "ERMES",
                "internet",
                "WAP",
            ][at],
            None => "reserved",
        };
        assert_eq!(npi(octet), format!("{octet} ({called})"));
    }
}

#[test]
fn every_esm_class_is_told_by_its_type_and_its_two_flags() {
    // §5.2.12: the two lowest bits are the mode, which is no type
    for (octet, called) in [
        (0x00, "message"),
        (0x03, "message"),
        (0x04, "SMSC delivery receipt"),
        (0x08, "SME delivery acknowledgement"),
        (0x0C, "reserved type"),
        (0x10, "SME manual acknowledgement"),
        (0x18, "conversation abort"),
        (0x20, "intermediate notification"),
        (0x3C, "reserved type"),
        (0x40, "message, UDHI"),
        (0x80, "message, reply path"),
        (0xC4, "SMSC delivery receipt, UDHI, reply path"),
    ] {
        assert_eq!(esm_class(octet), format!("0x{octet:02X} ({called})"));
    }
}

#[test]
fn every_data_coding_is_told_by_its_group() {
    // §5.2.19, and the coding groups of 3GPP TS 23.038 §4 and §5
    let own = "reserved or telco's own";
    for (from, to, called) in [
        (0x00, 0x00, "SMSC default alphabet"),
        (0x01, 0x01, "IA5"),
        (0x02, 0x02, "8-bit"),
        (0x03, 0x03, "Latin-1"),
        (0x04, 0x04, "8-bit"),
        (0x05, 0x05, "JIS"),
        (0x06, 0x06, "Cyrillic"),
        (0x07, 0x07, "Hebrew"),
        (0x08, 0x08, "UCS-2"),
        (0x09, 0x09, "pictograms"),
        (0x0A, 0x0A, "ISO-2022-JP"),
        (0x0B, 0x0C, own),
        (0x0D, 0x0D, "extended Kanji JIS"),
        (0x0E, 0x0E, "KS C 5601"),
        (0x0F, 0x0F, "GSM 7-bit of CBS (USSD)"),
        (0x10, 0x13, "GSM 7-bit with class"),
        (0x14, 0x17, "8-bit with class"),
        (0x18, 0x1B, "UCS-2 with class"),
        (0x1C, 0x3F, own),
        (0x40, 0x43, "GSM 7-bit"),
        (0x44, 0x47, "8-bit"),
        (0x48, 0x4B, "UCS-2"),
        (0x4C, 0x4F, own),
        (0x50, 0x53, "GSM 7-bit"),
        (0x54, 0x57, "8-bit"),
        (0x58, 0x5B, "UCS-2"),
        (0x5C, 0xBF, own),
        (0xC0, 0xDF, "GSM 7-bit, message waiting"),
        (0xE0, 0xEF, "UCS-2, message waiting"),
        (0xF0, 0xF3, "GSM 7-bit with class"),
        (0xF4, 0xF7, "8-bit with class"),
        (0xF8, 0xFF, own),
    ] {
        for octet in from..=to {
            assert_eq!(data_coding(octet), format!("0x{octet:02X} ({called})"));
        }
    }
}

#[test]
fn every_tlv_of_the_standard_has_its_name_and_its_length() {
    // §5.3.2; congestion_state is of 5.0
    for (tag, called, length) in [
        (0x0005, "dest_addr_subunit", Some(1)),
        (0x001D, "additional_status_info_text", None),
        (0x001E, "receipted_message_id", None),
        (0x0204, "user_message_reference", Some(2)),
        (0x020A, "source_port", Some(2)),
        (0x020B, "destination_port", Some(2)),
        (0x020C, "sar_msg_ref_num", Some(2)),
        (0x020D, "language_indicator", Some(1)),
        (0x020E, "sar_total_segments", Some(1)),
        (0x020F, "sar_segment_seqnum", Some(1)),
        (0x0210, "sc_interface_version", Some(1)),
        (0x0381, "callback_num", None),
        (0x0420, "dpf_result", Some(1)),
        (0x0422, "ms_availability_status", Some(1)),
        (0x0423, "network_error_code", Some(3)),
        (0x0424, "message_payload", None),
        (0x0425, "delivery_failure_reason", Some(1)),
        (0x0426, "more_messages_to_send", Some(1)),
        (0x0427, "message_state", Some(1)),
        (0x0428, "congestion_state", Some(1)),
        (0x0501, "ussd_service_op", Some(1)),
        (0x1380, "its_reply_type", Some(1)),
        (0x1383, "its_session_info", Some(2)),
        (0x13FF, "unknown TLV", None),
        (0x1400, "vendor TLV", None),
        (0x3FFF, "vendor TLV", None),
        (0x4000, "unknown TLV", None),
    ] {
        assert_eq!(tlv_name(tag), (format!("{called} (0x{tag:04X})"), length));
    }
}

#[test]
fn a_value_is_shown_as_octets_and_as_what_it_may_be() {
    for (value, shown) in [
        (&b""[..], ""),
        (b"\x07", "07 = 7"),
        (b"\x01\x02", "0102 = 258"),
        (b"AB", "4142 = 16706"),
        (b"ABC", "414243 = \"ABC\""),
        (b" ~\0\0", "207E0000 = \" ~\""),
        (b"AB\x1F", "41421F"),
        (b"AB\x7F", "41427F"),
    ] {
        assert_eq!(tlv_value(value), shown);
    }
    for (body, coding, udhi, shown) in [
        (&b"hi"[..], 0, false, "\"hi\" = 6869"),
        (b"\x05\0\x03\x01\x02\x01hi", 0, true, "UDH 050003010201; \"hi\" = 6869"),
        (b"\x17\x80", 8, false, "\"ក\" = 1780"),
        (b"\x02\0\0", 0, true, "UDH 020000; \"\" = "),
        (b"\x09hi", 0, true, "UDH 096869; \"\" = "),
        (b"", 0, true, "\"\" = "),
    ] {
        assert_eq!(message(body, coding, udhi), shown);
    }
}
