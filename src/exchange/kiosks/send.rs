//! Texts that a visitor of a kiosk asks for: a one-time code, what the screen shows, what the visit came to. Whoever stands
//! there types a number that may be anybody's, so the countries, the kiosks, the numbers and all of them together have
//! limits, and each text to such a number says how a stranger refuses more. A number that was proven has twice the room,
//! and what it is told is not counted for the kiosk: the next visitor's codes are not spent by it. It must not know a page.
use crate::{
    dialogue::View,
    exchange::{
        conversation::counts::{Counts, hex},
        notifications::payload::Payload,
        routing::{NoWay, way_to},
        settings::Settings,
    },
    ports::{
        citizens::Citizens,
        clock::Clock,
        kiosks::Kiosks,
        outbox::Class,
        pushes::{Asked, Bounds, NewPush, PushKind, Pushes},
        random::new_id,
    },
    render::kiosk::{self, Keepsake},
    types::{CauseId, Language, Msisdn, UnixMs},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How long a text that a visitor sent to a telephone is of use.
const TEXT_USE: Duration = Duration::from_secs(30 * 60);
const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Whose telephone a keepsake goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver<'a> {
    /// The visitor's: proven in this visit.
    Proven(Msisdn),
    /// As it was typed: it may be anybody's.
    Typed(&'a str),
}

/// Who asks for a text to a number that was typed.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The kiosk.
    pub device: &'a str,
    /// Names the visit; `None` where there is none.
    pub visit: Option<uuid::Uuid>,
}

impl<'a> Asker<'a> {
    /// At a kiosk, in no visit.
    pub fn at(device: &'a str) -> Self {
        Asker { device, visit: None }
    }

    /// The visit may have half of what the kiosk may send in ten minutes: the next visitor finds the rest.
    fn windows(self, most: u32) -> impl Iterator<Item = (String, Duration, u32)> {
        let visit = self.visit.map(|visit| (format!("codes-visit:{}", visit.simple()), TEN_MINUTES, most.div_ceil(2)));
        visit.into_iter().chain([(format!("codes-kiosk:{}", self.device), TEN_MINUTES, most)])
    }
}

/// Who is counted for a text.
enum Counted<'a> {
    /// The visit, the kiosk and the number.
    Asker(Asker<'a>),
    /// The number alone, with twice the room.
    Owner,
}

/// Why a text was not sent to a number that a visitor typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRefusal {
    /// It is not a mobile number.
    NotANumber,
    /// It is of a country that is not texted.
    Country,
    /// No telco that we are bound to serves it.
    Unroutable,
    /// Too many were sent lately, or the number wants none: which of them is nobody's business. There is room again
    /// after so many minutes.
    TooMany(u32),
    /// It could not be stored.
    Away,
}

impl From<NoWay> for TextRefusal {
    fn from(none: NoWay) -> Self {
        match none {
            NoWay::Country => TextRefusal::Country,
            NoWay::Telco => TextRefusal::Unroutable,
        }
    }
}

/// Sends them. Cheap to clone.
#[derive(Clone)]
pub struct TextsToPhones {
    needs: Arc<Needs>,
}

/// What they need of others.
pub struct Needs {
    pub store: Arc<dyn Kiosks>,
    pub pushes: Arc<dyn Pushes>,
    pub citizens: Arc<dyn Citizens>,
    pub clock: Arc<dyn Clock>,
    pub settings: Arc<Settings>,
    pub counts: Counts,
    /// Wakes who sends what is due.
    pub wake: Arc<Notify>,
}

impl TextsToPhones {
    pub(in crate::exchange) fn new(needs: Needs) -> Self {
        TextsToPhones { needs: Arc::new(needs) }
    }

    /// A number as a visitor typed it, if a text can be sent to it.
    pub(super) fn reachable(&self, typed: &str) -> Result<Msisdn, TextRefusal> {
        let number = Msisdn::parse_cambodian(typed).ok_or(TextRefusal::NotANumber)?;
        match way_to(&self.needs.settings, number) {
            // whether a number abroad can be a mobile's is nothing we would know
            Err(NoWay::Country) => Err(TextRefusal::Country),
            _ if !number.can_be_mobile() => Err(TextRefusal::NotANumber),
            way => Ok(way.map(|_| number)?),
        }
    }

    /// Sends what a visitor sees to a telephone. `intent`: pressed again, it is the same text.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_view(
        &self,
        asker: Asker<'_>,
        typed: &str,
        view: &View,
        language: Language,
        intent: uuid::Uuid,
    ) -> Result<(), TextRefusal> {
        let number = self.reachable(typed)?;
        let to = hex(&self.needs.store.digest(number.digits())[..8]);
        let language = self.readable(number, language).await;
        let text = kiosk::asked_for(view, language, &self.needs.settings.zone);
        self.send(Counted::Asker(asker), format!("kiosk-{}-{to}", intent.simple()), number, text, TEXT_USE).await
    }

    /// Sends what a visit came to. `intent`: pressed again, it is the same text.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_keepsake(
        &self,
        asker: Asker<'_>,
        receiver: Receiver<'_>,
        keepsake: &Keepsake,
        language: Language,
        intent: uuid::Uuid,
    ) -> Result<(), TextRefusal> {
        let (number, counted, stranger) = match receiver {
            Receiver::Proven(number) => (number, Counted::Owner, false),
            Receiver::Typed(typed) => (self.reachable(typed)?, Counted::Asker(asker), true),
        };
        let to = hex(&self.needs.store.digest(number.digits())[..8]);
        let language = self.readable(number, language).await;
        let text = kiosk::kept(keepsake, stranger, language, &self.needs.settings.zone);
        self.send(counted, format!("kept-{}-{to}", intent.simple()), number, text, TEXT_USE).await
    }

    /// Stores a one-time code for a number, counted for who asks.
    pub(super) async fn send_code(
        &self,
        asker: Asker<'_>,
        name: String,
        number: Msisdn,
        text: String,
        of_use: Duration,
    ) -> Result<(), TextRefusal> {
        self.send(Counted::Asker(asker), name, number, text, of_use).await
    }

    /// Romanised Khmer for a number that asked for it: its telephone may have no Khmer letters.
    pub(super) async fn readable(&self, number: Msisdn, language: Language) -> Language {
        let known = self.needs.citizens.citizen(number).await.ok().and_then(|citizen| citizen.language);
        match (language, known) {
            (Language::Km, Some(Language::KmLatn)) => Language::KmLatn,
            _ => language,
        }
    }

    /// Stores a text durably, once under its name and within every limit.
    async fn send(
        &self,
        counted: Counted<'_>,
        name: String,
        number: Msisdn,
        text: String,
        of_use: Duration,
    ) -> Result<(), TextRefusal> {
        let now = self.needs.clock.now();
        let (rules, who) = (self.needs.settings.rules, self.needs.counts.stands_for(number.digits()));
        let push = NewPush {
            id: CauseId(new_id(now)),
            kind: PushKind::Message,
            class: Class::Answer,
            number,
            // STOP is about notices: this was asked for
            payload: Payload::Message { text, notice: false }.to_bytes(),
            due: now,
            not_after: now.plus_ms(of_use.as_millis() as i64),
        };
        let (times, asker) = match counted {
            Counted::Asker(asker) => (1, Some(asker.windows(rules.codes_kiosk))),
            Counted::Owner => (2, None),
        };
        let windows = [
            (format!("codes-hour:{who}"), HOUR, rules.codes_hour.saturating_mul(times)),
            (codes_of_day(&who), DAY, rules.codes_day.saturating_mul(times)),
            ("codes-all".to_owned(), HOUR, rules.codes_hour_all),
        ];
        let windows = asker
            .into_iter()
            .flatten()
            .chain(windows)
            .map(|(name, span, most)| (name, span.as_millis() as i64, most))
            .collect();
        let bounds = Bounds { windows, closed_by: closed(&who) };
        match self.needs.pushes.take_asked(name, push, bounds, now).await {
            Ok(Asked::Taken | Asked::Before) => {
                self.needs.wake.notify_one();
                Ok(())
            }
            Ok(Asked::Full(until)) => {
                metrics::counter!("chrak_kiosk_texts_refused_total").increment(1);
                Err(TextRefusal::TooMany(minutes_to(until, now)))
            }
            Err(_) => Err(TextRefusal::Away),
        }
    }

    /// A number that sends STOP after a kiosk texted it gets no more of such texts for a day: whoever typed it there was
    /// not its owner.
    pub async fn stopped_by(&self, number: Msisdn) {
        let who = self.needs.counts.stands_for(number.digits());
        let sent = self.needs.counts.tallied(vec![codes_of_day(&who)]).await.unwrap_or_default();
        if sent.first().is_some_and(|count| *count > 0) {
            let kept = self.needs.counts.tally(closed(&who), DAY, 0).await;
            if let Err(fault) = kept {
                tracing::warn!("that a number wants no more one-time codes could not be kept: {fault}");
            }
        }
    }
}

/// Texts of a day that were asked for to a number.
fn codes_of_day(who: &str) -> String {
    format!("codes-day:{who}")
}

/// Runs while a number gets none of them.
fn closed(who: &str) -> String {
    format!("codes-closed:{who}")
}

fn minutes_to(until: UnixMs, now: UnixMs) -> u32 {
    let ms = until.since_ms(now).max(1).unsigned_abs();
    u32::try_from(ms.div_ceil(60_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_minutes_and_never_too_short() {
        for (ms, minutes) in [(1, 1), (60_000, 1), (60_001, 2), (3_600_000, 60), (-5, 1), (24 * 3_600_000, 1_440)] {
            assert_eq!(minutes_to(UnixMs(1_000_000 + ms), UnixMs(1_000_000)), minutes, "{ms}");
        }
    }
}
