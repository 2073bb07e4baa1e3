//! An office: where it is, how to reach it, and when it is open.
use super::{Localized, OfficeRef};
use jiff::civil::{Date, Time, Weekday};

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

    /// As much of it as a message needs.
    pub fn as_ref(&self) -> OfficeRef {
        OfficeRef { id: self.id.clone(), name: self.name.clone(), short: self.short.clone() }
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
