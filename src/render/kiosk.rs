//! What a kiosk's visitor has texted to a telephone. Its owner may be somebody else: each text to a number that was only
//! typed says how to refuse more.
use super::{fit, render_sms, sms, texts, words};
use crate::{
    dialogue::View,
    types::{
        Language, Riel, UnixMs,
        civic::{Localized, Office, OfficeRef},
    },
};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Segments of a text that a visitor carries home.
const SEGMENTS_MAX: usize = 3;

/// A code that proves a number.
pub fn one_time_code(code: &str, language: Language) -> String {
    texts::kiosk_code(language, code)
}

/// What the screen shows, and what its receiver can do who never asked for it.
pub fn asked_for(view: &View, language: Language, zone: &TimeZone) -> String {
    format!("{}\n{}", render_sms(view, language, zone).text, texts::kiosk_note(language))
}

/// A number of the queue, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QueueNumber {
    /// As shown on the board.
    pub number: String,
    /// Where.
    pub office: OfficeRef,
    /// People before it.
    pub people: u32,
    /// When it was given.
    pub at: UnixMs,
}

/// What was paid.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    /// How much.
    pub amount: Riel,
    /// Number of the bill.
    pub bill: String,
    /// Code of the application, in print.
    pub code: String,
    /// To whom, as the KHQR said.
    pub payee: Option<String>,
    /// When it was known to be paid.
    pub at: UnixMs,
}

/// What a visit came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What every channel says of it.
    View(View),
    /// A number of the queue.
    Ticket(QueueNumber),
    /// A fee was paid.
    Paid(Receipt),
}

/// What a visitor carries home of a visit: what it came to, where that is, and what to bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keepsake {
    /// What it came to.
    pub outcome: Outcome,
    /// Where, and the moment for which its hours are told.
    pub place: Option<(Arc<Office>, UnixMs)>,
    /// What to bring.
    pub bring: Vec<Localized>,
}

/// A keepsake as a text: what it came to, then as much of where and what to bring as it may cost. `stranger`: the number
/// was only typed, and its owner is told how to refuse more.
pub fn kept(keepsake: &Keepsake, stranger: bool, language: Language, zone: &TimeZone) -> String {
    let first = match &keepsake.outcome {
        Outcome::View(view) => render_sms(view, language, zone).text,
        Outcome::Ticket(one) => {
            let at = sms::lists::moment(one.at, language, zone);
            let office = sms::office_name(&one.office, language);
            texts::kiosk_ticket(language, &one.number, &office, &at.day, &at.hour, one.people)
        }
        Outcome::Paid(receipt) => paid(receipt, language, zone),
    };
    let last = stranger.then(|| texts::kiosk_note(language));
    let mut more = details(keepsake, language, zone);
    loop {
        let lines: Vec<&str> = std::iter::once(&first)
            .chain(&more)
            .chain(&last)
            .map(String::as_str)
            .filter(|line| !line.is_empty())
            .collect();
        let text = lines.join("\n");
        if more.pop().is_none() || fit::segments(&text) <= SEGMENTS_MAX {
            return text;
        }
    }
}

fn paid(receipt: &Receipt, language: Language, zone: &TimeZone) -> String {
    let at = sms::lists::moment(receipt.at, language, zone);
    let (amount, bill) = (words::money(receipt.amount, language), fit::clean(&receipt.bill, language));
    texts::kiosk_paid(language, &receipt.code, &amount, &bill, &at.day, &at.hour)
}

/// Where and what to bring, the most useful first.
fn details(keepsake: &Keepsake, language: Language, zone: &TimeZone) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |line: String| {
        // nothing of others may lead anywhere
        if !fit::holds_link(&line) {
            lines.push(line);
        }
    };
    if let Outcome::Paid(Receipt { payee: Some(payee), .. }) = &keepsake.outcome {
        add(format!("{} {}", words::pick(language, "ជូន", "Chuon", "To"), fit::clean(payee, language)));
    }
    if let Some((office, at)) = &keepsake.place {
        add(fit::clean(office.address.get(language), language));
        let hours = office.hours_on(at.civil(zone).date());
        if !hours.is_empty() {
            let open = words::pick(language, "បើក", "Boek", "Open");
            add(format!("{open} {}", words::spans(&hours)));
        }
        if let Some(phone) = office.phones.first() {
            add(format!("Tel {}", words::phone(phone)));
        }
    }
    if !keepsake.bring.is_empty() {
        let names: Vec<String> = keepsake.bring.iter().map(|name| fit::clean(name.get(language), language)).collect();
        let head = words::pick(language, "សូមយកមក៖", "Som yok mok:", "Bring:");
        add(format!("{head} {}", names.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        civic::{Appointment, AppointmentStatus, OpeningHours, ServiceRef},
        time::phnom_penh,
    };
    use jiff::civil::{Weekday, time};

    fn say(km: &str, en: &str) -> Localized {
        Localized { km: km.into(), en: en.into(), km_latn: None }
    }

    fn keepsake(bring: usize) -> Keepsake {
        let office = Office {
            id: "owso-1205".into(),
            name: say("ច្រក ដង្កោ", "OWSO Dangkao"),
            short: None,
            division: "1205".into(),
            address: say("សាលាខណ្ឌដង្កោ ភ្នំពេញ", "Dangkao Hall, Phnom Penh"),
            phones: vec!["+85523001205".into()],
            hours: vec![OpeningHours {
                days: vec![Weekday::Monday],
                open: time(7, 30, 0, 0),
                close: time(11, 30, 0, 0),
            }],
            closures: Vec::new(),
            services: Vec::new(),
            queue_length: None,
            sample: false,
        };
        // Monday 23 November 2026, 14:05
        let start = UnixMs(1_795_417_500_000);
        let one = Appointment {
            reference: "40719359".into(),
            status: AppointmentStatus::Booked,
            office: office.as_ref(),
            service: ServiceRef { id: None, name: None, sensitive: false },
            start,
            pin: None,
        };
        Keepsake {
            outcome: Outcome::View(View::Booked(one)),
            place: Some((Arc::new(office), start)),
            bring: vec![say("អត្តសញ្ញាណប័ណ្ណ", "Identity card"); bring],
        }
    }

    #[test]
    fn it_says_when_where_and_what_to_bring_in_a_row_that_costs_no_more_than_it_may() {
        let zone = phnom_penh();
        let text = kept(&keepsake(1), false, Language::En, &zone);
        for part in ["40719359", "Dangkao Hall, Phnom Penh", "Open 7:30-11:30", "Tel 023001205", "Bring: Identity card"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("STOP"), "{text}");
        assert!(kept(&keepsake(1), true, Language::En, &zone).ends_with("STOP ends these texts"));
        for (bring, stranger) in [(0, true), (2, false), (90, true), (90, false)] {
            for language in Language::ALL {
                let text = kept(&keepsake(bring), stranger, language, &zone);
                assert!(text.contains("40719359") && fit::segments(&text) <= SEGMENTS_MAX, "{bring} {text}");
            }
        }
    }

    #[test]
    fn an_address_that_leads_anywhere_is_left_out() {
        let mut keepsake = keepsake(0);
        if let Some((office, _)) = &mut keepsake.place {
            Arc::make_mut(office).address = say("evil.example.com/x", "see evil.example.com/x");
        }
        let text = kept(&keepsake, false, Language::En, &phnom_penh());
        assert!(!text.contains("evil") && text.contains("Tel 023"), "{text}");
    }
}
