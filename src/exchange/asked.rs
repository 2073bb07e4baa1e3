//! Texts that a visitor of a kiosk asks for: a one-time code, and what the screen shows. Whoever stands there types a
//! number that may be anybody's, so the countries, the kiosks, the numbers and all of them together have limits, and
//! each text says how a stranger refuses more. It must not know a page.
use super::{
    Exchange, hex,
    kiosks::{CodeTried, TEN_MINUTES_MS},
    new_id,
    push::{NoWay, Payload},
    random,
};
use crate::{
    dialogue::View,
    ports::pushes::{Asked, Bounds, NewPush, PushKind},
    render::kiosk,
    types::{CauseId, Language, Msisdn, UnixMs},
};
use std::time::Duration;

/// How long a one-time code can be entered, and how often one may be tried.
const CODE_FOR: Duration = Duration::from_secs(10 * 60);
const CODE_TRIES: u32 = 5;
/// How long a text that a visitor sent to a telephone is of use.
const TEXT_USE: Duration = Duration::from_secs(30 * 60);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

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

impl Exchange {
    /// A number as a visitor typed it, if a text can be sent to it.
    fn reachable(&self, typed: &str) -> Result<Msisdn, TextRefusal> {
        let number = Msisdn::parse_cambodian(typed).ok_or(TextRefusal::NotANumber)?;
        match self.way_to(number) {
            // whether a number abroad can be a mobile's is nothing we would know
            Err(NoWay::Country) => Err(TextRefusal::Country),
            _ if !number.can_be_mobile() => Err(TextRefusal::NotANumber),
            way => Ok(way.map(|_| number)?),
        }
    }

    /// Texts a one-time code to the number that was typed at `device`. What names the code in [`Exchange::try_code`].
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_code(
        &self,
        device: &str,
        typed: &str,
        language: Language,
    ) -> Result<(Msisdn, String), TextRefusal> {
        let number = self.reachable(typed)?;
        let name = hex(&random::octets::<16>());
        let language = self.readable(number, language).await;
        let text = kiosk::one_time_code(&self.code_of(&name, number), language);
        self.send_asked(device, format!("code-{name}"), number, text, CODE_FOR).await?;
        Ok((number, name))
    }

    /// Judges a typed one-time code; each try counts.
    pub async fn try_code(&self, name: &str, number: Msisdn, typed: &str) -> CodeTried {
        let window = (format!("code-tries:{name}"), CODE_FOR.as_millis() as i64, CODE_TRIES);
        if !self.core.store.tally(vec![window], self.now()).await.unwrap_or(false) {
            return CodeTried::Over;
        }
        let (given, wanted) = (self.core.store.digest(typed), self.core.store.digest(&self.code_of(name, number)));
        if given == wanted { CodeTried::Right } else { CodeTried::Wrong }
    }

    /// The code of a name and number: nobody without the key file can tell it.
    fn code_of(&self, name: &str, number: Msisdn) -> String {
        let digest = self.core.store.digest(&format!("one-time code {name} {}", number.digits()));
        let value = u64::from_le_bytes(digest[..8].try_into().expect("eight octets"));
        format!("{:06}", value % 1_000_000)
    }

    /// Sends what a visitor sees to a telephone. `intent`: pressed again, it is the same text.
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_view(
        &self,
        device: &str,
        typed: &str,
        view: &View,
        language: Language,
        intent: uuid::Uuid,
    ) -> Result<(), TextRefusal> {
        let number = self.reachable(typed)?;
        let to = hex(&self.core.store.digest(number.digits())[..8]);
        let language = self.readable(number, language).await;
        let text = kiosk::asked_for(view, language, &self.core.settings.zone);
        self.send_asked(device, format!("kiosk-{}-{to}", intent.simple()), number, text, TEXT_USE).await
    }

    /// Romanised Khmer for a number that asked for it: its telephone may have no Khmer letters.
    async fn readable(&self, number: Msisdn, language: Language) -> Language {
        let known = self.core.store.citizen(number).await.ok().and_then(|citizen| citizen.language);
        match (language, known) {
            (Language::Km, Some(Language::KmLatn)) => Language::KmLatn,
            _ => language,
        }
    }

    /// Stores a text durably, once under its name and within every limit.
    async fn send_asked(
        &self,
        device: &str,
        name: String,
        number: Msisdn,
        text: String,
        of_use: Duration,
    ) -> Result<(), TextRefusal> {
        let now = self.now();
        let (rules, who) = (self.core.settings.rules, self.stands_for(number.digits()));
        let push = NewPush {
            id: CauseId(new_id(now)),
            kind: PushKind::Message,
            number,
            // STOP is about notices: this was asked for
            payload: Payload::Message { text, notice: false }.to_bytes(),
            due: now,
            not_after: now.plus_ms(of_use.as_millis() as i64),
        };
        let windows = vec![
            (format!("codes-kiosk:{device}"), TEN_MINUTES_MS, rules.codes_kiosk),
            (format!("codes-hour:{who}"), HOUR_MS, rules.codes_hour),
            (codes_of_day(&who), DAY_MS, rules.codes_day),
            ("codes-all".to_owned(), HOUR_MS, rules.codes_hour_all),
        ];
        let bounds = Bounds { windows, closed_by: closed(&who) };
        match self.core.store.take_asked(name, push, bounds, now).await {
            Ok(Asked::Taken | Asked::Before) => {
                self.core.pushes.notify_one();
                Ok(())
            }
            Ok(Asked::Full(until)) => {
                metrics::counter!("chrak_kiosk_texts_refused_total").increment(1);
                Err(TextRefusal::TooMany(minutes_to(until, now)))
            }
            Err(_) => {
                self.core.health.failed();
                Err(TextRefusal::Away)
            }
        }
    }

    /// A number that sends STOP after a kiosk texted it gets no more of such texts for a day: whoever typed it there was
    /// not its owner.
    pub(super) async fn stopped_by(&self, number: Msisdn) {
        let (now, who) = (self.now(), self.stands_for(number.digits()));
        let sent = self.core.store.tallied(vec![codes_of_day(&who)], now).await.unwrap_or_default();
        if sent.first().is_some_and(|count| *count > 0) {
            let kept = self.core.store.tally(vec![(closed(&who), DAY_MS, 0)], now).await;
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
        for (ms, minutes) in [(1, 1), (60_000, 1), (60_001, 2), (3_600_000, 60), (-5, 1), (DAY_MS, 1_440)] {
            assert_eq!(minutes_to(UnixMs(1_000_000 + ms), UnixMs(1_000_000)), minutes, "{ms}");
        }
    }
}
