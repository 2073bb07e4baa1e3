//! What is covered and what is not, in every PDU that carries something of people.
use super::*;
use crate::smpp::explain::explain;
use proptest::prelude::*;

fn pdu(command: u32, body: &[u8]) -> Vec<u8> {
    let length = (HEADER_OCTETS + body.len()) as u32;
    [&length.to_be_bytes(), &command.to_be_bytes(), &[0; 4], &[0, 0, 0, 1], body].concat()
}

fn masked(command: u32, body: &[u8], cover: Cover) -> Vec<u8> {
    let mut pdu = pdu(command, body);
    mask(&mut pdu, cover);
    pdu.split_off(HEADER_OCTETS)
}

/// A deliver_sm or submit_sm with these.
fn sm(esm_class: u8, data_coding: u8, text: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let head = [&b"\0\x01\x0185510000001\0\x00\x011212\0"[..], &[esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0]].concat();
    [&head[..], &[text.len() as u8], text, tlvs].concat()
}

#[test]
fn a_password_is_never_shown() {
    for command in [1, 2, 9, 0x0B] {
        for cover in [Cover::Password, Cover::People] {
            let body = masked(command, b"chrak\0secret\0\0\x34\0\0\0", cover);
            assert_eq!(body, b"chrak\0******\0\0\x34\0\0\0");
            assert_eq!(masked(command, b"chrak\0secret", cover), b"chrak\0******", "without its NUL");
        }
    }
}

#[test]
fn numbers_and_texts_are_covered_and_lengths_stay() {
    for command in [4, 5] {
        let body = sm(0, 0, b"120500260481937", b"\x02\x04\0\x02\0\x07");
        let covered = sm(0, 0, b"***************", b"\x02\x04\0\x02\0\x07");
        let covered = String::from_utf8_lossy(&covered).replace("85510000001", "85510******").into_bytes();
        assert_eq!(masked(command, &body, Cover::People), covered);
        assert_eq!(masked(command, &body, Cover::Password), body);
    }
    let ucs2 = masked(5, &sm(0x40, 8, b"\x05\0\x03\x07\x02\x01\x17\x80\x17\x81", b""), Cover::People);
    assert!(ucs2.ends_with(b"\x05\0\x03\x07\x02\x01\0*\0*"), "{ucs2:?}");
    for lie in [&b"120500260481937"[..], b"\x05hello world", b"\x02\x00\x05hello", b"\xFFhello"] {
        let body = masked(5, &sm(0x40, 0, lie, b""), Cover::People);
        assert!(body.ends_with(&vec![STAR; lie.len()]), "a text under a wrong esm_class: {body:?}");
    }
    let payload =
        masked(5, &sm(0, 0, b"", b"\x04\x24\0\x05hello\x14\x01\0\x0B85510000001\0\x1E\0\x0812345678"), Cover::People);
    assert!(payload.ends_with(b"\x04\x24\0\x05*****\x14\x01\0\x0B85510******\0\x1E\0\x0812345678"), "{payload:?}");
    let data = masked(0x103, b"\0\x01\x0185510000001\0\x05\0OWSO 85510000001\0\0\0\0\x04\x24\0\x02hi", Cover::People);
    assert_eq!(data, b"\0\x01\x0185510******\0\x05\0OWSO 85510******\0\0\0\0\x04\x24\0\x02**");
}

#[test]
fn a_receipt_keeps_its_words_but_not_the_text_that_it_is_about() {
    let words = b"id:123456789 sub:001 dlvrd:001 stat:DELIVRD err:000 Text:120500260481937";
    let body = masked(5, &sm(4, 0, words, b""), Cover::People);
    assert!(body.ends_with(b"id:123456789 sub:001 dlvrd:001 stat:DELIVRD err:000 Text:***************"), "{body:?}");
    let lie = masked(5, &sm(4, 0, b"120500260481937", b""), Cover::People);
    assert!(lie.ends_with(b"***************"), "who only says that it is one is covered");
}

#[test]
fn what_cannot_be_parsed_is_covered_whole() {
    for (command, body) in [
        (5, &b"\0\x01\x0185510000001"[..]),
        (5, &[&sm(0, 0, b"hi", b"")[..], b"85510000001"].concat()),
        (7, b"message\0\0\x01\x0185510000001\0"),
        (0x0666, b"85510000001"),
        (0x103, b"\0\x01\x0185510000001\0\0\0x\0\0\0\0\x04\x24\0\xFFsecret"),
    ] {
        let text = String::from_utf8_lossy(&masked(command, body, Cover::People)).into_owned();
        assert!(!text.contains("0000001") && !text.contains("secret"), "{text}");
    }
    let mut short = b"85510000001".to_vec();
    mask(&mut short, Cover::People);
    assert_eq!(short, b"***********");
}

#[test]
fn a_pad_of_nuls_behind_a_tlv_stays_one() {
    for pad in 0..4 {
        let tail = [&[0x40, 1, 0, 1, b'x'][..], &vec![0; pad]].concat();
        let mut once = pdu(5, &sm(0, 0, b"", &tail));
        mask(&mut once, Cover::People);
        assert!(once.ends_with(&tail), "there is nobody in it, nor in a pad of {pad}");
        let mut twice = once.clone();
        mask(&mut twice, Cover::People);
        assert_eq!(twice, once);
    }
}

proptest! {
    #[test]
    fn masking_moves_no_field_and_is_done_once(
        command in prop::sample::select(vec![1_u32, 2, 4, 5, 9, 0x0B, 0x15, 0x102, 0x103, 0x8000_0004, 0x8000_0009, 7, 3]),
        body in prop::collection::vec(any::<u8>(), 0..120),
        tail in prop::collection::vec(any::<u8>(), 0..20),
        esm_class: u8, data_coding: u8, good: bool,
    ) {
        let body = if good { sm(esm_class, data_coding, &body, &tail) } else { body };
        let before = pdu(command, &body);
        let mut once = before.clone();
        mask(&mut once, Cover::People);
        prop_assert_eq!(once.len(), before.len());
        prop_assert_eq!(&once[..HEADER_OCTETS], &before[..HEADER_OCTETS]);
        let mut twice = once.clone();
        mask(&mut twice, Cover::People);
        prop_assert_eq!(&twice, &once);
        if good && matches!(command, 4 | 5) && explain(&before).warnings.is_empty() {
            let at = |octets: &[u8]| explain(octets).fields.iter().map(|field| (field.at, field.name.clone())).collect::<Vec<_>>();
            prop_assert_eq!(at(&once), at(&before));
        }
    }
}
