//! An office: where it is, how to reach it, and when it is open.
use super::{Holiday, Localized, OfficeRef};
use jiff::civil::{Date, DateTime, Time, Weekday};

/// Days ahead that are looked at for when an office opens again: longer than any holiday.
const AHEAD: i32 = 60;

/// Open on these days from `open` until `close`; a lunch break makes two entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// Days of the week.
    pub days: Vec<Weekday>,
    /// From.
    pub open: Time,
    /// Until.
    pub close: Time,
}

/// A day on which the office is closed in spite of its hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// The day.
    pub date: Date,
    /// Why.
    pub reason: Localized,
}

/// The first and the last of neighbouring days with equal hours, and the hours.
pub type Span = (Weekday, Weekday, Vec<(Time, Time)>);

/// One office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Office {
    /// The portal's identifier.
    pub id: String,
    /// Full name.
    pub name: Localized,
    /// A name that fits an SMS.
    pub short: Option<Localized>,
    /// Division where it stands or which it serves: 2, 4 or 6 digits.
    pub division: String,
    /// Where it is.
    pub address: Localized,
    /// Numbers of the office, E.164 or short.
    pub phones: Vec<String>,
    /// Weekly hours.
    pub hours: Vec<OpeningHours>,
    /// Closed days from today on, by date.
    pub closures: Vec<Closure>,
    /// Ids of the services offered.
    pub services: Vec<String>,
    /// People waiting now, where it is known.
    pub queue_length: Option<u32>,
    /// The portal says that its numbers or hours are made up, for trying.
    pub sample: bool,
}

impl Office {
    /// The week from Monday, neighbouring days of equal hours together; no hours: closed.
    pub fn week(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for day in Weekday::Monday.cycle_forward().take(7) {
            let mut hours: Vec<(Time, Time)> = self
                .hours
                .iter()
                .filter(|hours| hours.days.contains(&day))
                .map(|hours| (hours.open, hours.close))
                .collect();
            hours.sort_unstable();
            match spans.last_mut() {
                Some((_, last, same)) if *same == hours => *last = day,
                _ => spans.push((day, day, hours)),
            }
        }
        spans
    }

    /// With the state's holidays among its closed days.
    pub fn with_holidays(&self, holidays: &[std::sync::Arc<Holiday>]) -> Self {
        let mut office = self.clone();
        for holiday in holidays {
            if office.closure(holiday.date).is_none() {
                office.closures.push(Closure { date: holiday.date, reason: holiday.name.clone() });
            }
        }
        office.closures.sort_by_key(|closure| closure.date);
        office
    }

    /// As much of it as a message needs.
    pub fn as_ref(&self) -> OfficeRef {
        OfficeRef { id: self.id.clone(), name: self.name.clone(), short: self.short.clone() }
    }

    /// When it opens after `now`, if it does within [`AHEAD`] days.
    pub fn opens_after(&self, now: DateTime) -> Option<DateTime> {
        let mut day = now.date();
        for _ in 0..AHEAD {
            let opens = self.hours_on(day).into_iter().map(|(open, _)| day.to_datetime(open));
            if let Some(at) = opens.filter(|at| *at > now).min() {
                return Some(at);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// Why it is closed on `date` in spite of its hours.
    pub fn closure(&self, date: Date) -> Option<&Closure> {
        self.closures.iter().find(|closure| closure.date == date)
    }

    /// When it is open on `date`, in order; empty on a closed day.
    pub fn hours_on(&self, date: Date) -> Vec<(Time, Time)> {
        if self.closure(date).is_some() {
            return Vec::new();
        }
        let mut hours: Vec<(Time, Time)> = self
            .hours
            .iter()
            .filter(|hours| hours.days.contains(&date.weekday()))
            .map(|hours| (hours.open, hours.close))
            .collect();
        hours.sort_unstable();
        hours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn an_office_opens_again_on_its_next_day_of_work() {
        let name = Localized { km: "ច្រក".to_owned(), en: "OWSO".to_owned(), km_latn: None };
        let days = || Weekday::Monday.cycle_forward().take(5).collect();
        let hours =
            |open, close| OpeningHours { days: days(), open: time(open, 30, 0, 0), close: time(close, 0, 0, 0) };
        let office = Office {
            id: "owso-1205".to_owned(),
            name: name.clone(),
            short: None,
            division: "1205".to_owned(),
            address: name.clone(),
            phones: Vec::new(),
            hours: vec![hours(14, 17), hours(7, 11)],
            closures: vec![Closure { date: date(2026, 11, 24), reason: name }],
            services: Vec::new(),
            queue_length: None,
            sample: false,
        };
        // Monday 23 November 2026; Tuesday is a holiday
        for (now, opens) in [
            (date(2026, 11, 23).at(6, 0, 0, 0), date(2026, 11, 23).at(7, 30, 0, 0)),
            (date(2026, 11, 23).at(7, 30, 0, 0), date(2026, 11, 23).at(14, 30, 0, 0)),
            (date(2026, 11, 23).at(17, 0, 0, 0), date(2026, 11, 25).at(7, 30, 0, 0)),
            (date(2026, 11, 27).at(23, 59, 0, 0), date(2026, 11, 30).at(7, 30, 0, 0)),
        ] {
            assert_eq!(office.opens_after(now), Some(opens), "{now}");
        }
        let friday = Holiday { date: date(2026, 11, 27), name: office.name.clone() };
        let holidays = [std::sync::Arc::new(friday)];
        let thursday = date(2026, 11, 26).at(18, 0, 0, 0);
        assert_eq!(office.opens_after(thursday), Some(date(2026, 11, 27).at(7, 30, 0, 0)));
        let with = office.with_holidays(&holidays);
        assert_eq!(with.opens_after(thursday), Some(date(2026, 11, 30).at(7, 30, 0, 0)));
        assert_eq!(with.with_holidays(&holidays).closures.len(), 2, "a day is closed once");
        let never = Office { hours: Vec::new(), ..office };
        assert_eq!(never.opens_after(date(2026, 11, 23).at(6, 0, 0, 0)), None);
    }
}
