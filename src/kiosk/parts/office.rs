//! The office at which a kiosk stands: whether it is open, and where to call. It must not know a page.
use super::{doors::holidays, facts::Fact};
use crate::{
    kiosk::{
        context::{Device, PageContext},
        state::KioskState,
        texts::{Lang, date_time, spans},
    },
    render::words as shared,
    types::{civic::Office, time::phnom_penh},
};
use jiff::civil::{Date, DateTime, Time};

/// Where to call when nothing can be asked: the office's numbers.
pub async fn phones(state: &KioskState, context: &PageContext) -> Vec<Fact> {
    let Some(id) = &context.device.office else { return Vec::new() };
    let Some(office) = state.backend.office(id).await else { return Vec::new() };
    let numbers: Vec<String> = office.phones.iter().map(|phone| shared::phone_grouped(phone)).collect();
    let name = office.name.get(context.lang.language()).to_owned();
    vec![Fact { icon: "phone", label: context.words.phone, value: numbers.join(" · "), note: Some(name) }]
}

/// Before the first hour of the day, after the last, or on a closed day; at noon visitors may wait at it.
pub fn is_closed(office: &Office, day: Date, time: Time) -> bool {
    let hours = office.hours_on(day);
    match (hours.first(), hours.last()) {
        (Some((from, _)), Some((_, to))) => {
            let early = from.checked_sub(jiff::SignedDuration::from_mins(30)).unwrap_or(*from);
            time < early || time >= *to
        }
        _ => true,
    }
}

/// When the office at which a kiosk stands opens again, while it is closed; without a time where nobody knows.
pub struct Shut {
    at: Option<DateTime>,
}

impl Shut {
    /// `None`: it is open, or nobody knows. A browser that is not paired stands nowhere.
    pub async fn of(state: &KioskState, device: &Device) -> Option<Self> {
        if device.build().is_empty() {
            return None;
        }
        let office = state.backend.office(device.office.as_deref()?).await?;
        // the state does not work on its holidays, whether the office says so or not
        let office = office.with_holidays(&holidays(state).await);
        Self::at(&office, state.backend.now().civil(&phnom_penh()))
    }

    fn at(office: &Office, now: DateTime) -> Option<Self> {
        is_closed(office, now.date(), now.time()).then(|| Shut { at: office.opens_after(now) })
    }

    /// When it opens again, as a fact; none where nobody knows.
    pub fn facts(&self, lang: Lang) -> Vec<Fact> {
        let when = self.at.map(|at| date_time(lang, at));
        let fact = |value| Fact { icon: "clock", label: lang.device().opens_again, value, note: None };
        when.map(fact).into_iter().collect()
    }

    /// That it is closed, and when it opens again, in a line.
    pub fn line(&self, lang: Lang) -> String {
        let words = lang.device();
        match self.at {
            Some(at) => format!("{} {} {}", words.shut, words.opens_again, date_time(lang, at)),
            None => words.shut.to_owned(),
        }
    }
}

/// Its hours on a day, or why it is closed.
pub fn hours(lang: Lang, office: &Office, day: Date) -> String {
    let words = lang.device();
    let hours = office.hours_on(day);
    let closure = office.closure(day).map(|closure| closure.reason.get(lang.language()).to_owned());
    match (hours.is_empty(), closure) {
        (true, Some(reason)) => format!("{} · {reason}", words.closed_today),
        (true, None) => words.closed_today.to_owned(),
        (false, _) => format!("{} {}", words.hours_today, spans(lang, &hours)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::civic::{Localized, OpeningHours};
    use jiff::civil::{Weekday, date, time};

    #[test]
    fn a_closed_office_says_when_it_opens_again_in_both_languages() {
        let name = Localized { km: "ច្រក".to_owned(), en: "OWSO".to_owned(), km_latn: None };
        let days = Weekday::Monday.cycle_forward().take(5).collect();
        let office = Office {
            id: "owso-1205".to_owned(),
            name: name.clone(),
            short: None,
            division: "1205".to_owned(),
            address: name,
            phones: Vec::new(),
            hours: vec![OpeningHours { days, open: time(7, 30, 0, 0), close: time(17, 0, 0, 0) }],
            closures: Vec::new(),
            services: Vec::new(),
            queue_length: None,
            sample: false,
        };
        let line = |now, lang| Shut::at(&office, now).map(|shut| shut.line(lang));
        let friday = date(2026, 11, 27);
        for open in [friday.at(7, 0, 0, 0), friday.at(12, 0, 0, 0), friday.at(16, 59, 0, 0)] {
            assert_eq!(line(open, Lang::En), None, "{open}");
        }
        let evening = friday.at(17, 0, 0, 0);
        let told = "The office is closed now. It opens again on Monday 30 November 2026, 07:30";
        assert_eq!(line(evening, Lang::En).as_deref(), Some(told));
        let told = "ឥឡូវនេះការិយាល័យបិទ។ នឹងបើកវិញ ថ្ងៃចន្ទ ទី៣០ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ០៧:៣០";
        assert_eq!(line(evening, Lang::Km).as_deref(), Some(told));
        let never = Office { hours: Vec::new(), ..office };
        let shut = Shut::at(&never, evening).expect("closed");
        assert_eq!((shut.line(Lang::En).as_str(), shut.facts(Lang::En).len()), ("The office is closed now.", 0));
    }
}
