//! Texts in parts, in virtual time: whole, cut anywhere, in any order, twice, mixed, and never ending.
use super::*;
use crate::{
    exchange::testing::{Bench, CODE, Fails, Memory, MoAt, mo, number, pass, settings, settled},
    ports::{
        inbox::MoEnd,
        parts::{Part, PartWay},
    },
    text::{
        gsm7::{self, Shift},
        octets::Declared,
        property_cases, ucs2,
    },
    types::{SessionId, limits::PARTS_WAIT},
};
use proptest::prelude::*;
use std::time::Duration;

const ANSWERED: MoAt = MoAt::Done(MoEnd::Answered);
const WAYS: [PartWay; 3] = [PartWay::Udh8, PartWay::Udh16, PartWay::Sar];

fn piece(octets: &[u8], declared: Declared) -> Piece {
    Piece { octets: octets.to_vec(), declared, shift: Shift::default() }
}

/// The nth of some parts, of the usual number.
fn part(bench: &Bench, place: Part, octets: &[u8], declared: Declared) -> IncomingMo {
    let raw = [&[place.reference as u8, place.total, place.number], octets].concat();
    IncomingMo { raw, part: Some(PartOf { place, piece: piece(octets, declared) }), ..mo("", bench.session) }
}

/// All parts of a text in GSM 7-bit, as it is cut there.
fn cut(bench: &Bench, way: PartWay, reference: u16, texts: &[&str]) -> Vec<IncomingMo> {
    let total = texts.len() as u8;
    let place = |number| Part { way, reference, total, number };
    let all = (1..).zip(texts);
    all.map(|(number, text)| part(bench, place(number), text.as_bytes(), Declared::Gsm7)).collect()
}

async fn offered(bench: &Bench, parts: impl IntoIterator<Item = IncomingMo>) {
    for part in parts {
        bench.offer(part).await.expect("acknowledged");
        settled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_in_the_second_part_or_cut_in_two_is_answered_once_whatever_the_order() {
    for way in WAYS {
        for texts in [["please tell me of ", CODE], ["STATUS 1205002", "60481937"], ["120500260481937 and", " thanks"]]
        {
            for order in [[0, 1], [1, 0]] {
                let bench = Bench::new().open();
                let parts = cut(&bench, way, 9, &texts);
                offered(&bench, [parts[order[0]].clone()]).await;
                assert_eq!((bench.store.mos().len(), bench.answers().len()), (0, 0), "not before it is whole");
                // and each comes again, before and after
                offered(&bench, [order[0], order[1], order[0], order[1]].map(|at| parts[at].clone())).await;
                assert_eq!(bench.store.mos(), [(texts.concat(), ANSWERED)], "{way:?} {order:?}");
                let answers = bench.answers();
                assert!(answers.len() == 1 && answers[0].contains("120500-26-048193-7"), "{answers:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ten_parts_at_once_and_a_text_behind_them_leave_nobody_waiting() {
    let bench = Bench::new().started().await;
    let words = ["START", ",", " ", " ", " ", " ", " ", " ", " ", "please"];
    let all = join_all(cut(&bench, PartWay::Udh8, 9, &words).into_iter().map(|part| bench.offer(part))).await;
    assert_eq!(all.into_iter().filter(|told| *told == Ok(None)).count(), 9);
    bench.text("START").await.expect("taken");
    pass(Duration::from_secs(5)).await;
    assert_eq!(bench.store.mos().iter().map(|(_, at)| *at).collect::<Vec<_>>(), [ANSWERED, ANSWERED]);
}

#[tokio::test(start_paused = true)]
async fn what_never_completes_is_answered_on_what_came_once_and_after_the_wait() {
    for (came, text) in [(1, "[…] 120500260481937 […]"), (0, "START […]"), (2, "[…] thanks")] {
        let bench = Bench::new().started().await;
        let parts = cut(&bench, PartWay::Udh8, 9, &["START ", CODE, "thanks"]);
        offered(&bench, [parts[came].clone()]).await;
        pass(PARTS_WAIT - Duration::from_secs(20)).await;
        assert_eq!(bench.store.mos(), []);
        pass(Duration::from_secs(60)).await;
        let ended = bench.store.mos();
        assert_eq!((ended.len(), ended[0].0.trim(), ended[0].1), (1, text, ANSWERED));
        pass(2 * PARTS_WAIT).await;
        assert_eq!(bench.answers().len(), 1, "{:?}", bench.answers());
        assert!(came != 1 || bench.answers()[0].contains("120500-26-048193-7"), "{:?}", bench.answers());
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_makes_no_code_of_two_halves() {
    let bench = Bench::new().started().await;
    let parts = cut(&bench, PartWay::Sar, 9, &["1205002", " or ", "60481937"]);
    offered(&bench, [parts[0].clone(), parts[2].clone()]).await;
    pass(PARTS_WAIT + Duration::from_secs(60)).await;
    assert_eq!((bench.answers().len(), bench.portal.asked().len()), (1, 0), "{:?}", bench.answers());
}

#[tokio::test(start_paused = true)]
async fn equal_references_of_two_senders_and_of_two_ways_do_not_mix() {
    let bench = Bench::new().open();
    let other = number("85598765432");
    let ours = cut(&bench, PartWay::Udh8, 9, &["ours ", "one"]);
    let theirs: Vec<IncomingMo> = cut(&bench, PartWay::Udh8, 9, &["theirs ", "two"])
        .into_iter()
        .map(|part| IncomingMo { source: Source::Person(other), ..part })
        .collect();
    let sar = cut(&bench, PartWay::Sar, 9, &["by tlv ", "three"]);
    for at in [1, 0] {
        offered(&bench, [ours[at].clone(), theirs[at].clone(), sar[at].clone()]).await;
    }
    let mut texts: Vec<String> = bench.store.mos().into_iter().map(|(text, _)| text).collect();
    texts.sort();
    assert_eq!(texts, ["by tlv three", "ours one", "theirs two"]);
}

#[tokio::test(start_paused = true)]
async fn a_telephone_with_one_reference_only_is_understood() {
    let bench = Bench::new().started().await;
    for texts in [["first ", "text"], ["second ", "text"]] {
        offered(&bench, cut(&bench, PartWay::Udh8, 7, &texts)).await;
    }
    // the third never ends, and the fourth is not taken for its end
    let third = cut(&bench, PartWay::Udh8, 7, &["third ", "text"]);
    offered(&bench, [third[0].clone()]).await;
    offered(&bench, cut(&bench, PartWay::Udh8, 7, &["fourth ", "text"])).await;
    pass(Duration::from_secs(20)).await;
    let mut texts: Vec<String> = bench.store.mos().into_iter().map(|(text, _)| text).collect();
    texts.sort();
    assert_eq!(texts, ["first text", "fourth text", "second text", "third […]"]);
}

#[tokio::test(start_paused = true)]
async fn a_fifth_unfinished_text_ends_the_oldest_and_none_is_lost() {
    let bench = Bench::new().started().await;
    for reference in 1..=5 {
        let parts = cut(&bench, PartWay::Udh8, reference, &[&format!("text {reference}"), "end"]);
        offered(&bench, [parts[0].clone()]).await;
    }
    pass(Duration::from_secs(20)).await;
    assert_eq!(bench.store.mos().iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["text 1 […]"]);
    pass(PARTS_WAIT).await;
    assert_eq!(bench.store.mos().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_restart_between_the_parts_or_before_they_are_joined_loses_nothing() {
    for joined_fails in [false, true] {
        let store: Arc<Memory> = Arc::default();
        let bench = Bench::on(store.clone(), settings(), |_| unreachable!("the portal is not asked")).open();
        let parts = cut(&bench, PartWay::Udh8, 9, &["STA", "RT"]);
        offered(&bench, [parts[0].clone()]).await;
        if joined_fails {
            store.fail("join_parts", [Fails::Before(StoreFault::Busy)]);
            offered(&bench, [parts[1].clone()]).await;
        }
        store.crash();
        let bench = Bench::on(store.clone(), settings(), |_| unreachable!("nor now")).started().await;
        if !joined_fails {
            offered(&bench, [parts[1].clone()]).await;
        }
        pass(Duration::from_secs(20)).await;
        assert_eq!((store.mos(), bench.answers().len()), (vec![("START".to_owned(), ANSWERED)], 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_that_was_joined_without_our_knowing_is_answered_once() {
    for fault in [Fails::After(StoreFault::Unknown), Fails::Before(StoreFault::Unknown)] {
        let bench = Bench::new().started().await;
        bench.store.fail("join_parts", [fault]);
        offered(&bench, cut(&bench, PartWay::Udh8, 9, &["STA", "RT"])).await;
        pass(Duration::from_secs(40)).await;
        assert_eq!((bench.store.mos(), bench.answers().len()), (vec![("START".to_owned(), ANSWERED)], 1));
    }
}

#[tokio::test(start_paused = true)]
async fn no_part_is_acknowledged_that_was_not_stored() {
    let bench = Bench::new().started().await;
    bench.store.fail("keep_part", [Fails::Before(StoreFault::Busy)]);
    let parts = cut(&bench, PartWay::Udh8, 9, &["STA", "RT"]);
    let told = bench.offer(parts[0].clone()).await;
    assert_eq!(told, Err(AcceptFault::Store(StoreFault::Busy)));
    offered(&bench, parts).await;
    assert_eq!(bench.answers().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_comes_again_after_a_cut_is_no_new_text_and_an_equal_text_is() {
    for (gone, mos) in [(true, 1), (false, 2)] {
        let bench = Bench::new().started().await;
        let parts = cut(&bench, PartWay::Udh8, 9, &["STA", "RT"]);
        offered(&bench, parts.clone()).await;
        let elsewhere = SessionId(uuid::Uuid::from_u128(8));
        if gone {
            bench.exchange.texts.session_closed(bench.session);
        }
        bench.exchange.texts.session_opened(elsewhere);
        // the answer has to be away, as while it is not anything equal is the same
        let mut feed = bench.bind(8);
        settled().await;
        while let Some(submission) = feed.try_next() {
            let sent = crate::ports::outbox::Outcome::Sent { message_id: None };
            bench.settle(&submission, sent).await;
        }
        offered(&bench, parts.into_iter().map(|part| IncomingMo { session: elsewhere, ..part })).await;
        pass(2 * PARTS_WAIT).await;
        assert_eq!(bench.store.mos().len(), mos, "{:?}", bench.store.mos());
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_behind_a_long_one_is_answered_after_it() {
    let bench = Bench::new().open();
    bench.portal.takes(Duration::from_secs(2));
    offered(&bench, cut(&bench, PartWay::Udh8, 9, &["STATUS 1205002", "60481937"])).await;
    bench.text("HELP").await.expect("taken");
    pass(Duration::from_secs(10)).await;
    let answers = bench.answers();
    assert!(answers[0].contains("120500-26-048193-7") && answers.len() >= 2, "{answers:?}");
}

fn stored(pieces: Vec<Piece>) -> Vec<StoredPart> {
    (1..).zip(pieces).map(|(number, piece)| StoredPart { number, piece }).collect()
}

/// Cut at an octet or septet, whatever stands there.
fn halves(octets: &[u8], at: usize, declared: Declared) -> Vec<StoredPart> {
    let (one, other) = octets.split_at(at.min(octets.len()));
    stored(vec![piece(one, declared), piece(other, declared)])
}

#[test]
fn a_cut_inside_a_character_a_pair_or_a_cluster_is_joined_before_it_is_read() {
    for (text, octets, declared) in [
        ("ok 😀 👍🏽", ucs2::encode("ok 😀 👍🏽"), Declared::Utf16),
        ("ស្ថានភាព ១២០៥០០", ucs2::encode("ស្ថានភាព ១២០៥០០"), Declared::Utf16),
        ("ស្ថានភាព ១២០៥០០", "ស្ថានភាព ១២០៥០០".as_bytes().to_vec(), Declared::Binary),
        ("{120} [€] ~", gsm7::encode("{120} [€] ~").expect("in the alphabet"), Declared::Gsm7),
        ("Trạng thái 120", ucs2::encode("Trạng thái 120"), Declared::Utf16),
    ] {
        for at in 0..=octets.len() {
            assert_eq!(text_of_parts(&halves(&octets, at, declared), 2), text, "{text} cut at {at}");
        }
    }
}

#[test]
fn the_septets_of_packed_parts_are_joined_though_each_has_bits_of_its_own_before_it() {
    let text = "STATUS 120500260481937 {€} please, and thank you";
    let septets = gsm7::encode(text).expect("in the alphabet");
    let fill = gsm7::fill_bits(6);
    for at in 0..septets.len() {
        let packed = |half: &[u8]| piece(&gsm7::pack_after(half, fill), Declared::Packed(fill));
        let (one, other) = septets.split_at(at);
        // seven spare bits are no character, unless the sender meant @
        if one.len() % 8 == 0 || other.len() % 8 == 0 {
            continue;
        }
        assert_eq!(text_of_parts(&stored(vec![packed(one), packed(other)]), 2).replace('@', ""), text, "cut at {at}");
    }
}

#[test]
fn parts_of_two_alphabets_are_read_each_in_its_own() {
    let parts = stored(vec![piece(b"code ", Declared::Gsm7), piece(&ucs2::encode("ស្ថានភាព"), Declared::Utf16)]);
    assert_eq!(text_of_parts(&parts, 2), "code ស្ថានភាព");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases() / 10 + 1))]

    #[test]
    fn a_text_cut_anywhere_is_the_text(
        text in "[ក-អា-់្ ។a-z0-9😀€éạ]{1,120}",
        cuts in prop::collection::btree_set(1usize..240, 0..9),
    ) {
        let octets = ucs2::encode(&text);
        let mut ends: Vec<usize> = cuts.into_iter().filter(|at| *at < octets.len()).collect();
        ends.push(octets.len());
        let mut start = 0;
        let pieces: Vec<Piece> = ends
            .iter()
            .map(|end| {
                let one = piece(&octets[start..*end], Declared::Utf16);
                start = *end;
                one
            })
            .collect();
        let total = pieces.len() as u8;
        let whole = text_of(&[&piece(&octets, Declared::Utf16)]);
        prop_assert_eq!(text_of_parts(&stored(pieces), total), whole);
    }
}
