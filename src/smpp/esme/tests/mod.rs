//! The ESME against an SMSC in virtual time.
mod arrivals;
pub(crate) mod line;
pub(crate) mod pair;
mod smsc;

use super::{Outcome, ScreenFate};
use crate::smpp::{
    session::CloseReason,
    status::{ESME_RINVBNDSTS, ESME_RTHROTTLED},
};
use line::{Dice, SECOND};
use pair::{Pair, WINDOW, World};
use smsc::{Character, Kind};
use std::time::Duration;

fn sent(pair: &Pair) -> usize {
    pair.outcomes.values().filter(|outcome| matches!(outcome, Outcome::Sent { .. })).count()
}

fn good() -> Pair {
    let mut pair = Pair::new(Character::good(), World::good(), 0, 1);
    pair.run_to(1);
    pair
}

#[test]
fn all_is_sent_over_a_good_line_as_fast_as_the_window_allows() {
    let mut pair = good();
    pair.queue(200);
    pair.run_to(2);
    // 25 windows of a round trip of 10 ms and a commit of up to 10 ms
    assert_eq!(sent(&pair), 200, "in a second");
    pair.leave();
    pair.run_to(3);
    assert_eq!(pair.closed, Some(CloseReason::Unbound));
    pair.judge_the_end();
}

#[test]
fn a_telco_that_throttles_gets_everything_in_the_end_and_nothing_is_failed() {
    for status in [ESME_RTHROTTLED, 0x14] {
        let character = Character { per_second: 20, statuses: vec![status], ..Character::good() };
        let mut pair = Pair::new(character, World::good(), 0, 3);
        pair.run_to(1);
        pair.queue(300);
        // nothing is known of its rate in the first second
        pair.run_to(3);
        let (submits, before) = (pair.smsc.submits, sent(&pair));
        pair.run_to(40);
        assert_eq!(sent(&pair), 300, "20 a second are 15 s, and some for finding that out");
        assert!(pair.reached.contains(&"throttled"));
        let (submits, taken) = (pair.smsc.submits - submits, 300 - before);
        assert!(submits < taken * 3 / 2, "{taken} were taken of {submits} submits");
        pair.leave();
        pair.run_to(60);
        pair.judge_the_end();
    }
}

#[test]
fn a_telco_that_says_how_loaded_it_is_is_spoken_to_as_fast_as_it_likes_and_need_not_refuse() {
    let character = Character { loaded_by: 40, ..Character::good() };
    let mut pair = Pair::new(character, World::good(), 0, 3);
    pair.run_to(1);
    pair.queue(3_000);
    pair.run_to(11);
    assert!(pair.reached.contains(&"congested"));
    let before = sent(&pair);
    pair.run_to(41);
    let rate = (sent(&pair) - before) as f64 / 30.0;
    assert!((28.0..=44.0).contains(&rate), "{rate}/s where 40 are liked");
    // it has room again: up to what the window allows, step by step
    pair.smsc.character.loaded_by = 0;
    pair.run_to(100);
    assert_eq!(sent(&pair), 3_000);
    pair.leave();
    pair.run_to(110);
    pair.judge_the_end();
}

#[test]
fn a_telco_that_takes_nothing_is_asked_seldom_until_it_does() {
    let character = Character { refuses: 100, statuses: vec![ESME_RTHROTTLED], ..Character::good() };
    let mut pair = Pair::new(character, World::good(), 0, 3);
    pair.run_to(1);
    pair.queue(20);
    pair.run_to(120);
    assert!(pair.reached.contains(&"paused") && pair.smsc.submits < 70, "{} submits", pair.smsc.submits);
    pair.smsc.character.refuses = 0;
    pair.run_to(160);
    assert_eq!(sent(&pair), 20, "after at most 30 s of pause");
    pair.leave();
    pair.run_to(180);
    pair.judge_the_end();
}

#[test]
fn a_telco_that_has_forgotten_the_bind_is_left_and_its_texts_are_kept() {
    let forgot = Character { refuses: 100, statuses: vec![ESME_RINVBNDSTS], ..Character::good() };
    let mut pair = Pair::new(forgot, World::good(), 0, 3);
    pair.run_to(1);
    pair.queue(5);
    pair.run_to(3);
    assert_eq!(pair.closed, Some(CloseReason::Unbound));
    assert!(pair.reached.contains(&"forgotten"));
    let kept =
        |outcome: &Outcome| matches!(outcome, Outcome::Retry { status: ESME_RINVBNDSTS, .. } | Outcome::Unwritten);
    assert!(!pair.outcomes.is_empty() && pair.outcomes.values().all(kept), "{:?}", pair.outcomes);
    pair.judge_the_end();
}

#[test]
fn what_is_never_answered_is_unknown_and_frees_its_place() {
    let mut pair = Pair::new(Character { silent: 100, ..Character::good() }, World::good(), 0, 5);
    pair.run_to(1);
    pair.queue(WINDOW as u128 + 2);
    pair.run_to(20);
    assert_eq!((pair.smsc.submits, pair.settlements), (WINDOW, 0));
    pair.smsc.character.silent = 0;
    pair.run_to(22);
    assert_eq!((sent(&pair), pair.settlements), (2, WINDOW + 2));
    pair.leave();
    pair.run_to(30);
    pair.judge_the_end();
}

#[test]
fn a_link_that_is_dead_is_found_and_its_window_is_unknown() {
    let mut pair = good();
    pair.smsc.deaf = true;
    pair.queue(3);
    pair.run_to(29);
    assert_eq!(pair.closed, None);
    pair.run_to(41);
    assert_eq!(pair.closed, Some(CloseReason::Silent));
    assert!(pair.outcomes.values().all(|outcome| *outcome == Outcome::Unknown), "{:?}", pair.outcomes);
    pair.judge_the_end();
}

#[test]
fn a_telco_that_reads_nothing_is_heard_until_it_is_found() {
    let mut pair = good();
    pair.world.stalled = true;
    pair.queue(3);
    for second in 2..=10 {
        pair.deliver(Kind::Text);
        pair.smsc.enquires(pair.now);
        pair.run_to(second);
        assert_eq!(pair.closed, None, "it is heard");
    }
    pair.run_to(12);
    assert_eq!(pair.closed, Some(CloseReason::NotReading));
    pair.judge_the_end();
}

#[test]
fn answers_on_their_way_when_either_side_unbinds_are_read() {
    for ours in [true, false] {
        let mut pair = Pair::new(Character { delay: SECOND, ..Character::good() }, World::good(), 0, 7);
        pair.run_to(3);
        pair.queue(WINDOW as u128 + 5);
        pair.deliver(Kind::Text);
        pair.run_to(3);
        if ours {
            pair.leave();
        } else {
            pair.smsc.unbinds(pair.now);
        }
        pair.run_to(8);
        let wanted = if ours { CloseReason::Unbound } else { CloseReason::TelcoUnbound };
        assert_eq!(pair.closed, Some(wanted));
        assert_eq!(sent(&pair), pair.smsc.taken.len(), "none of them goes out twice");
        assert!(sent(&pair) >= WINDOW && pair.smsc.unbound);
        pair.judge_the_end();
    }
}

#[test]
fn screens_go_first_and_not_when_they_are_too_late() {
    let mut pair = Pair::new(Character::good(), World::good(), 2, 9);
    pair.run_to(1);
    pair.queue(100);
    pair.run_to(5);
    let texts = pair.handed;
    for _ in 0..20 {
        pair.show();
    }
    pair.run_to(9);
    assert_eq!(pair.handed, texts, "no text goes before a screen that waits: two a second go");
    pair.run_to(20);
    let late = pair.fates.values().filter(|fate| **fate == ScreenFate::Late).count();
    assert!(pair.fates.len() == 20 && (9..=11).contains(&late), "{late} of {} late", pair.fates.len());
    assert!(pair.handed > texts, "then texts go on");
    pair.leave();
    pair.run_to(25);
    pair.judge_the_end();
}

#[test]
fn a_screen_that_was_refused_as_too_fast_goes_again_while_it_is_of_use_and_never_when_it_was_taken() {
    for status in [ESME_RTHROTTLED, 0x14] {
        // answers come in any order, some of them twice, the second time as a refusal
        let character =
            Character { refuses: 50, statuses: vec![status], twice: 50, delay: SECOND / 5, ..Character::good() };
        let mut pair = Pair::new(character, World::good(), 0, 11);
        pair.run_to(1);
        for second in 2..=60 {
            pair.show();
            pair.queue(1);
            pair.run_to(second);
        }
        pair.run_to(70);
        let written = pair.fates.values().filter(|fate| matches!(fate, ScreenFate::Written { .. })).count();
        assert!(pair.reached.contains(&"screen refused"));
        assert_eq!((written, pair.fates.len()), (59, 59), "all are shown within 5 s where half are refused");
        // and where nothing is taken they end in time
        pair.smsc.character.refuses = 100;
        pair.show();
        pair.run_to(80);
        let last = pair.fates[&60];
        assert!(matches!(last, ScreenFate::Late | ScreenFate::Refused { .. }), "{last:?}");
        pair.leave();
        pair.run_to(90);
        pair.judge_the_end();
    }
}

/// Something of everything, at any time.
fn odd(dice: &mut Dice) -> (Character, World) {
    let mut percent = |most: u64| if dice.percent(50) { 0 } else { dice.below(most) };
    let character = Character {
        refuses: percent(60),
        statuses: vec![ESME_RTHROTTLED, 0x14, 0x08, 0x45, 0x0B],
        silent: percent(30),
        twice: percent(30),
        beside: percent(20),
        nacks: percent(50),
        per_second: percent(60),
        loaded_by: percent(60),
        delay: Duration::ZERO,
        unbinds: true,
        repeats_sequences: false,
    };
    let store_fails = percent(30);
    let delays = [Duration::ZERO, SECOND / 10, 2 * SECOND, 30 * SECOND];
    let character = if dice.percent(10) {
        Character { refuses: 100, statuses: vec![ESME_RTHROTTLED], ..character }
    } else {
        character
    };
    let character = Character {
        delay: *dice.one_of(&delays),
        unbinds: dice.percent(80),
        repeats_sequences: dice.percent(30),
        ..character
    };
    let commits = [Duration::ZERO, SECOND / 50, SECOND / 2, 4 * SECOND];
    let world = World { latency: dice.up_to(SECOND / 5), commit: *dice.one_of(&commits), store_fails, stalled: false };
    (character, world)
}

/// A minute of anything, then an end of any kind.
fn live(seed: u64) -> Pair {
    let mut dice = Dice(seed);
    let (character, world) = odd(&mut dice);
    let per_second = *dice.one_of(&[0, 0, 5, 100]);
    let mut pair = Pair::new(character, world, per_second, seed);
    pair.run_to(1);
    let seconds = 2 + dice.below(60);
    for second in 2..=seconds {
        match dice.below(8) {
            0 | 1 => pair.queue(u128::from(dice.below(40))),
            2 => pair.show(),
            3 => pair.smsc.enquires(pair.now),
            4 => pair.deliver(*dice.one_of(&[Kind::Ussd, Kind::Receipt, Kind::Nothing])),
            _ => (0..dice.below(10)).for_each(|_| pair.deliver(Kind::Text)),
        }
        pair.run_to(second);
    }
    match dice.below(6) {
        0 => pair.cut(),
        1 => pair.smsc.deaf = true,
        2 => pair.world.stalled = true,
        3 => pair.smsc.unbinds(pair.now),
        4 => {
            pair.smsc.unbinds(pair.now);
            pair.leave();
        }
        _ => pair.leave(),
    }
    // who hears nothing has something to say, or is asked
    pair.queue(3);
    pair.run_to(seconds + 60);
    pair
}

#[test]
fn whatever_a_telco_does_nothing_is_lost_doubled_or_said_too_early() {
    let cases = u64::from(crate::text::property_cases() / 80);
    let (mut ends, mut reached) = (Vec::new(), Vec::new());
    for seed in 0..cases {
        let seen = std::panic::catch_unwind(|| {
            let pair = live(seed);
            pair.judge_the_end();
            (pair.closed, pair.reached)
        });
        let Ok((closed, seen)) = seen else { panic!("seed {seed}") };
        ends.extend(closed);
        reached.extend(seen);
    }
    // the dice reach every way in which it can go
    for end in [
        CloseReason::Unbound,
        CloseReason::TelcoUnbound,
        CloseReason::TelcoClosed,
        CloseReason::Silent,
        CloseReason::NotReading,
        CloseReason::NoUnbindResp,
    ] {
        assert!(ends.contains(&end), "none of {cases} ended so: {end}");
    }
    for way in ["read", "throttled", "paused", "anomaly", "screen refused"] {
        assert!(reached.contains(&way), "none of {cases} came to it: {way}");
    }
}
