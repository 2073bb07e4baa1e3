//! A small fixed load, new with each start of the program: questions, a text in parts, two texts at once, a booking by text, a
//! USSD session and a reminder of the portal. It must not know what is done to the program meanwhile.
use crate::support::desk::asked_digits;
use chrak::sandbox::{
    portal::{Portal, sample_codes},
    telco::{Event, Telco, ledger::MtEntry},
};
use tokio::sync::broadcast;

/// Seven when nobody else takes the same time; each time that is gone costs one more.
const WORDS_MAX: usize = 16;
/// Only a booking that was made is told so.
pub const BOOKED: &str = "បានណាត់";
/// Answers of a phone in its USSD session.
const KEYS: [&str; 3] = ["3", "1", "1"];

/// One round of it.
pub struct Round {
    at: u64,
    said: usize,
    heard: String,
    /// What the phone in a USSD session still presses.
    keys: std::slice::Iter<'static, &'static str>,
    screens: broadcast::Receiver<Event>,
}

/// A number that asks one thing: `which` of a round.
pub fn asks(round: u64, which: usize) -> String {
    format!("85597{round:05}{which:02}")
}

/// The number that sends two texts at once.
pub fn twice(round: u64) -> String {
    format!("85595{round:06}")
}

/// The number that books.
pub fn booker(round: u64) -> String {
    format!("85581{round:06}")
}

/// The number whose complaint comes in parts.
pub fn complains(round: u64) -> String {
    format!("85577{round:06}")
}

/// What it says; every complaint is another one.
pub fn complaint(round: u64) -> String {
    format!("the counter was closed at ten, {}{round} times", "and nobody was there who could say why, ".repeat(5))
}

/// The number that is told of its appointment.
pub fn reminded(round: u64) -> String {
    format!("85592{round:07}")
}

fn caller(round: u64) -> String {
    format!("85512{round:06}")
}

/// Codes that are there, help, and a code that is not.
pub fn questions() -> [&'static str; 4] {
    [sample_codes()[0], "HELP", sample_codes()[1], "120500260481938"]
}

fn reminder(round: u64) -> serde_json::Value {
    serde_json::json!({
        "specversion": "1.0", "id": format!("evt-{round}"), "source": "https://portal.example/",
        "type": "kh.gov.portal.appointment.reminder", "time": "2026-11-23T09:15:00+07:00",
        "datacontenttype": "application/json",
        "data": {
            "msisdn": format!("+{}", reminded(round)), "language": "en", "appointment_reference": "40719359",
            "service": { "sensitive": true }, "start": "2099-11-24T07:30:00+07:00",
            "office": { "id": "o", "name": { "km": "ច្រក", "en": "OWSO Dangkao" } },
        },
    })
}

impl Round {
    /// Begins: all of it waits at the telco and at the portal for whoever comes.
    pub async fn begin(at: u64, telco: &Telco, portal: &Portal) -> Self {
        portal.tell(&reminder(at)).await.expect("told");
        let screens = telco.events();
        let text = |from: &str, text: &str| {
            telco.send_mo(from, "1212", text).expect("the telco takes a text");
        };
        for (which, question) in questions().into_iter().enumerate() {
            text(&asks(at, which), question);
        }
        text(&complains(at), &format!("COMPLAINT {}", complaint(at)));
        text(&twice(at), "HELP");
        text(&twice(at), sample_codes()[2]);
        text(&booker(at), "A");
        telco.dial(&caller(at), "*1212*9*3#").expect("dialled");
        Round { at, said: 1, heard: String::new(), keys: KEYS.iter(), screens }
    }

    /// Says the next word of the booking and presses the next key, where something new came back.
    pub fn go_on(&mut self, telco: &Telco, seen: &[MtEntry]) {
        let number = booker(self.at);
        let last = seen.iter().rev().find(|mt| mt.to == number).map(|mt| mt.text.clone()).unwrap_or_default();
        if self.said < WORDS_MAX && !last.is_empty() && last != self.heard && !last.contains(BOOKED) {
            let word = asked_digits(&last).map_or("1", |(_, digits)| digits);
            telco.send_mo(&number, "1212", word).expect("the telco takes a text");
            self.said += 1;
            self.heard = last;
        }
        let number = caller(self.at);
        while let Ok(event) = self.screens.try_recv() {
            if let Event::Screen { number: shown, end: false, .. } = event
                && shown == number
                && let Some(key) = self.keys.next()
            {
                // a session that is over meanwhile takes no key
                let _ = telco.answer_screen(&number, key);
            }
        }
    }

    /// Whether all that came of it has come.
    pub fn is_over(&self, seen: &[MtEntry]) -> bool {
        let heard = |number: &str| seen.iter().filter(|mt| mt.to == number).count();
        (0..questions().len()).all(|which| heard(&asks(self.at, which)) > 0)
            && heard(&complains(self.at)) > 0
            && heard(&twice(self.at)) > 1
            && heard(&reminded(self.at)) > 0
            && (self.said == WORDS_MAX || seen.iter().any(|mt| mt.to == booker(self.at) && mt.text.contains(BOOKED)))
    }
}
