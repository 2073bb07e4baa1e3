//! Parts in any order, twice, of texts with equal references, and of texts that never end.
use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn text(n: u128) -> CauseId {
    CauseId(Uuid::from_u128(n))
}

fn key(way: PartWay, reference: u16, total: u8) -> TextKey {
    TextKey { family: "smart".into(), destination: "1212".into(), way, reference, total }
}

fn digest(octet: u8) -> [u8; 32] {
    [octet; 32]
}

fn known(n: u128, key: &TextKey, number: u8) -> Known {
    Known { text: text(n), key: key.clone(), number, digest: digest(number), ended: false }
}

fn kept(text: Option<CauseId>, whole: bool, over: Option<CauseId>) -> Placed {
    Placed::Kept { text, whole, over }
}

#[test]
fn a_part_joins_the_text_of_its_reference_and_the_last_one_makes_it_whole() {
    let three = key(PartWay::Udh8, 9, 3);
    let here = [known(1, &three, 3)];
    assert_eq!(place(&three, 2, &digest(2), &[]), kept(None, false, None));
    assert_eq!(place(&three, 2, &digest(2), &here), kept(Some(text(1)), false, None));
    let here = [known(1, &three, 3), known(1, &three, 1)];
    assert_eq!(place(&three, 2, &digest(2), &here), kept(Some(text(1)), true, None));
    assert_eq!(place(&three, 3, &digest(3), &here), Placed::Again { of: text(1) });
}

#[test]
fn what_differs_in_anything_that_parts_share_is_another_text() {
    let three = key(PartWay::Udh8, 9, 3);
    let here = [known(1, &three, 1), known(1, &three, 2)];
    for other in [
        key(PartWay::Udh16, 9, 3),
        key(PartWay::Sar, 9, 3),
        key(PartWay::Udh8, 10, 3),
        key(PartWay::Udh8, 9, 4),
        TextKey { destination: "1213".into(), ..three.clone() },
        TextKey { family: "metfone".into(), ..three.clone() },
    ] {
        assert_eq!(place(&other, 3, &digest(3), &here), kept(None, false, None), "{other:?}");
    }
}

#[test]
fn other_words_in_a_place_that_is_taken_begin_a_new_text_and_end_the_old_one() {
    let three = key(PartWay::Udh8, 9, 3);
    let here = [known(1, &three, 1)];
    assert_eq!(place(&three, 1, &digest(7), &here), kept(None, false, Some(text(1))));
    // the rest is of the newer one, also when the older one waits to be joined
    let old = |number| Known { ended: true, ..known(1, &three, number) };
    let new = Known { digest: digest(7), ..known(2, &three, 1) };
    assert_eq!(place(&three, 2, &digest(2), &[old(1), new.clone()]), kept(Some(text(2)), false, None));
    // and what comes again of the old one is known
    assert_eq!(place(&three, 1, &digest(1), &[old(1), new]), Placed::Again { of: text(1) });
}

#[test]
fn a_text_of_many_parts_is_read_as_far_as_it_may_go() {
    let many = key(PartWay::Udh16, 9, 255);
    let nine: Vec<Known> = (1..PARTS_MAX).map(|number| known(1, &many, number)).collect();
    assert_eq!(place(&many, 11, &digest(11), &nine), Placed::Beyond);
    assert_eq!(place(&many, PARTS_MAX, &digest(10), &nine), kept(Some(text(1)), true, None));
    // the only one that came is not lost
    assert_eq!(place(&many, 200, &digest(200), &[]), kept(None, false, None));
    let there = [known(1, &many, 200)];
    assert_eq!(place(&many, 201, &digest(201), &there), Placed::Beyond);
    assert_eq!(place(&many, 1, &digest(1), &there), kept(Some(text(1)), false, None));
}

#[test]
fn a_fifth_open_text_of_a_number_ends_the_oldest_and_no_other() {
    let of = |reference| key(PartWay::Udh8, reference, 2);
    let four: Vec<Known> = (1..=4).map(|n| known(u128::from(n), &of(n), 1)).collect();
    assert_eq!(place(&of(9), 1, &digest(1), &four[..3]), kept(None, false, None));
    assert_eq!(place(&of(9), 1, &digest(1), &four), kept(None, false, Some(text(1))));
    let mut others = four.clone();
    others[0].ended = true;
    assert_eq!(place(&of(9), 1, &digest(1), &others), kept(None, false, None), "what is over does not count");
    assert_eq!(place(&of(3), 2, &digest(2), &four), kept(Some(text(3)), true, None), "nor does a part of one of them");
}

#[test]
fn what_is_stored_is_bounded_twice() {
    let stored = |parts, octets| Stored { parts, octets };
    for (what, much, full) in [
        (stored(0, 0), false, false),
        (stored(20_000, 8 << 20), false, false),
        (stored(20_001, 0), true, false),
        (stored(1, (8 << 20) + 1), true, false),
        (stored(39_999, 0), true, false),
        (stored(40_000, 0), true, true),
        (stored(9, 16 << 20), true, true),
    ] {
        assert_eq!((what.is_much(), what.is_full()), (much, full), "{what:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases() / 10 + 1))]

    /// Up to four texts of a sender at once, their parts shuffled and repeated: each is whole once, with all its parts.
    #[test]
    fn in_whatever_order_and_how_often_parts_come_each_text_is_whole_once(
        totals in prop::collection::vec(2u8..=10, 1..=4),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let all: Vec<(usize, u8)> =
            totals.iter().enumerate().flat_map(|(at, total)| (1..=*total).map(move |number| (at, number))).collect();
        let mut arrivals: Vec<(usize, u8)> = order.iter().map(|at| *at.get(&all)).collect();
        // every one comes at least once, the missing ones in an order of their own
        let missing: Vec<_> = all.iter().rev().filter(|part| !arrivals.contains(part)).copied().collect();
        arrivals.extend(missing);
        let (mut here, mut whole, mut names) = (Vec::<Known>::new(), vec![0; totals.len()], Vec::new());
        for (n, (at, number)) in arrivals.into_iter().enumerate() {
            let key = key(PartWay::Udh8, at as u16, totals[at]);
            let digest = [at as u8 * 16 + number; 32];
            match place(&key, number, &digest, &here) {
                Placed::Again { .. } => {}
                Placed::Kept { text: joined, whole: now, over } => {
                    prop_assert_eq!(over, None);
                    let text = joined.unwrap_or(text(n as u128));
                    names.extend(joined.is_none().then_some(at));
                    here.push(Known { text, key, number, digest, ended: now });
                    whole[at] += u32::from(now);
                }
                Placed::Beyond => prop_assert!(false, "none has so many parts"),
            }
        }
        names.sort_unstable();
        prop_assert_eq!(names, (0..totals.len()).collect::<Vec<_>>());
        prop_assert_eq!(whole, vec![1; totals.len()]);
    }
}
