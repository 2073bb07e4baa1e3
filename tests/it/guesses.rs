//! Guessing codes: what reaches the portal is bounded, what is answered teaches nothing, and a change whose
//! outcome nobody knows is told truthfully in the end.
use crate::support::{
    app::{NO_LIMITS, USUAL},
    desk::{Desk, HandClock, asked_digits, guess},
};
use chrak::{exchange::Rules, types::Language};
use std::{collections::BTreeMap, sync::atomic::Ordering};

/// Guesses that are tried; `CHRAK_GUESSES=100000` for the whole sweep.
fn guesses() -> u64 {
    std::env::var("CHRAK_GUESSES").ok().map_or(6_000, |text| text.parse().expect("a number"))
}

/// Those of numbers, and of all.
const RULES: Rules = Rules { fails_kiosk: 0, codes_hour: 0, codes_day: 0, codes_kiosk: 0, codes_hour_all: 0, ..USUAL };

#[tokio::test(flavor = "multi_thread")]
async fn guesses_from_many_numbers_reach_the_portal_so_often_and_no_more() {
    let mut desk = Desk::open(RULES, Language::En).await;
    let mut texts: BTreeMap<String, u64> = BTreeMap::new();
    let all = guesses();
    let mut at = 0;
    while at < all {
        // each number guesses four times: by itself it is below every limit of its own
        for _ in 0..200.min(all - at) {
            let number = format!("85597{:07}", at / 4);
            desk.accept(&number, &guess(at)).await;
            at += 1;
        }
        for text in desk.answers().await {
            let blank: String =
                text.split(' ').map(|word| if is_code(word) { "CODE" } else { word }).collect::<Vec<_>>().join(" ");
            *texts.entry(blank).or_default() += 1;
        }
    }
    let asked = desk.portal.look_ups.load(Ordering::Relaxed);
    println!("guesses {all}, look-ups at the portal {asked}, answers {texts:#?}");
    assert!(asked <= u64::from(RULES.fails_hour_all), "{asked} guesses reached the portal");
    assert!(texts.len() <= 2, "answers tell guesses apart: {texts:#?}");
    assert_eq!(texts.values().sum::<u64>(), all);

    // the budget outlives the server and ends with its hour; a PIN is looked up all the while
    let mut desk = desk.restart().await;
    let refused = desk.send("85510000001", "120500-26-048193-7").await;
    assert!(refused[0].contains("PIN"), "{refused:?}");
    let with_pin = desk.send("85510000001", "120500-26-048193-7 4821").await;
    assert!(with_pin[0].contains("In review"), "{with_pin:?}");
    let next_hour: &HandClock = &desk.clock;
    next_hour.pass(3_600);
    let again = desk.send("85510000001", "120500-26-048193-7").await;
    assert!(again[0].contains("In review"), "{again:?}");
    desk.close().await;
}

fn is_code(word: &str) -> bool {
    word.chars().filter(char::is_ascii_digit).count() == 15
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_guesses_is_told_once_and_others_are_not_touched() {
    let mut desk = Desk::open(Rules { replies_minute: 0, ..RULES }, Language::En).await;
    let mut shown = Vec::new();
    for at in 0..9 {
        shown.push(desk.send("85597000001", &guess(at)).await.iter().filter(|text| !text.starts_with('(')).count());
    }
    assert_eq!(shown, [1, 1, 1, 1, 1, 1, 0, 0, 0], "five answers, one notice, then silence");
    assert!(desk.send("85510000001", "120500-26-048193-7").await[0].contains("In review"));
    desk.clock.pass(15 * 60);
    assert_eq!(desk.send("85597000001", &guess(20)).await.len(), 2, "a quarter of an hour later it may ask again");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_by_ones_is_never_silenced_and_a_flood_in_it_is() {
    let mut desk = Desk::open(RULES, Language::En).await;
    let number = "85510000001";
    let mut last = String::new();
    for text in ["A", "1", "1", "1", "1", "1", "1", "##", "A", "4", "0"] {
        let digits = asked_digits(&last).map_or("", |(_, digits)| digits);
        let answers = desk.send(number, &text.replace("##", digits)).await;
        assert_eq!(answers.len(), 1, "{text} after {last}");
        last.clone_from(&answers[0]);
    }
    desk.clock.pass(60);
    let mut answered = 0;
    desk.send(number, "A").await;
    for _ in 0..40 {
        answered += desk.send(number, "77").await.len();
    }
    assert!(answered <= 12, "{answered} answers to what leads nowhere");
    desk.close().await;
}

/// The steps of a booking up to its question.
const BOOK: [&str; 7] = ["A", "1", "1", "1", "1", "1", "1"];

/// Says them; the digits that its question wants back.
async fn up_to_its_question(desk: &mut Desk, number: &str) -> String {
    let mut last = Vec::new();
    for text in BOOK {
        last = desk.send(number, text).await;
    }
    asked_digits(&last[0]).expect("digits").1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncertain_booking_is_found_out_and_told() {
    let mut desk = Desk::open(NO_LIMITS, Language::En).await;
    let number = "85510000001";
    let digits = up_to_its_question(&mut desk, number).await;
    // carried out three times in vain: no answer comes back
    desk.sandbox.lose_answers(1);
    let told = desk.send(number, &digits).await;
    assert!(told[0].starts_with("Booked"), "the same key repeats the answer: {told:?}");
    assert_eq!(desk.sandbox.booked().await.expect("read").len(), 1);

    let digits = up_to_its_question(&mut desk, number).await;
    desk.sandbox.break_answers(true);
    let told = desk.send(number, &digits).await;
    assert!(told[0].starts_with("We do not know yet"), "{told:?}");
    desk.sandbox.break_answers(false);
    desk.clock.pass(31);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let later = desk.answers().await;
    assert!(later.len() == 1 && later[0].starts_with("Booked"), "{later:?}");
    assert_eq!(desk.sandbox.booked().await.expect("read").len(), 2);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ended_is_renewed_and_a_slot_that_is_gone_has_its_neighbours_offered() {
    let mut desk = Desk::open(NO_LIMITS, Language::En).await;
    let number = "85510000001";
    let digits = up_to_its_question(&mut desk, number).await;
    desk.sandbox.end_holds().await.expect("ended");
    let told = desk.send(number, &digits).await;
    assert!(told[0].starts_with("Booked"), "held again and booked: {told:?}");

    let other = "85512345678";
    let digits = up_to_its_question(&mut desk, other).await;
    desk.sandbox.end_holds().await.expect("ended");
    desk.sandbox.fill_held_slots().await.expect("filled");
    let told = desk.send(other, &digits).await;
    assert!(told[0].contains("That time is taken"), "{told:?}");
    let question = desk.send(other, "1").await;
    assert!(question[0].starts_with("Book "), "{question:?}");
    let digits = asked_digits(&question[0]).expect("digits").1;
    assert!(desk.send(other, digits).await[0].starts_with("Booked"));
    desk.close().await;
}
