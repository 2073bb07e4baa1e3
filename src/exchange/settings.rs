//! What the exchange is told at its start: plain values, which every service reads and none changes. Only the telcos may be
//! others later. It must not know a service.
use crate::{
    render::ussd::Size,
    smpp::concat::Cut,
    types::{
        CodeRules, Countries, Language, UnixMs, lock,
        names::{Family, SmscName},
    },
};
use jiff::{civil::Time, tz::TimeZone};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Settings of the exchange.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Spoken when nothing is known of a number.
    pub default_language: Language,
    /// What registration codes look like.
    pub codes: CodeRules,
    /// Operators' limits.
    pub rules: Rules,
    /// Zone in which days are told.
    pub zone: TimeZone,
    /// The portal's share of an SMS answer.
    pub timeout_sms: Duration,
    /// The portal's share of a USSD screen, for each of its answers.
    pub timeout_ussd: Duration,
    /// How long sealed texts are kept.
    pub texts_kept: Duration,
    /// The telcos, as they are now.
    pub telcos: Telcos,
    /// When unasked texts wait; `None`: never.
    pub quiet: Option<QuietHours>,
    /// Whether events become texts.
    pub push_enabled: bool,
    /// Of what happened until then nobody is told: the database was restored.
    pub events_after: UnixMs,
    /// Countries whose numbers are texted unasked.
    pub countries: Countries,
}

/// The telcos as they are now: the configuration may be read again while the server runs. Clones are the same telcos.
#[derive(Clone, Debug, Default)]
pub struct Telcos(Arc<Mutex<Arc<[TelcoRules]>>>);

impl Telcos {
    /// All of them, in the order of the configuration.
    pub fn all(&self) -> Arc<[TelcoRules]> {
        Arc::clone(&lock(&self.0))
    }

    /// These instead of those that there were; whoever asks next is told of these.
    pub(super) fn replace(&self, telcos: Vec<TelcoRules>) {
        *lock(&self.0) = telcos.into();
    }

    /// How a text for this telco is cut; as any telco can read it where the telco is not known.
    pub(super) fn cut(&self, name: &SmscName) -> Cut {
        self.of(name, |telco| telco.cut).unwrap_or(Cut::Udh8)
    }

    /// By which the receipts of a telco know its texts; a telco that is not known is a family of its own.
    pub(super) fn family(&self, name: &SmscName) -> Family {
        self.of(name, |telco| telco.family.clone()).unwrap_or_else(|| Family::from(name.as_str()))
    }

    /// What its USSD gateway takes, where it shows notices nobody asked for.
    pub(super) fn notices(&self, name: &SmscName) -> Option<Size> {
        self.of(name, |telco| telco.notices)?
    }

    fn of<T>(&self, name: &SmscName, what: impl FnOnce(&TelcoRules) -> T) -> Option<T> {
        self.all().iter().find(|telco| telco.name == *name).map(what)
    }
}

impl From<Vec<TelcoRules>> for Telcos {
    fn from(telcos: Vec<TelcoRules>) -> Self {
        Telcos(Arc::new(Mutex::new(telcos.into())))
    }
}

/// What the exchange must know of a telco.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelcoRules {
    /// Its name.
    pub name: SmscName,
    /// SMSCs that give ids together.
    pub family: Family,
    /// Our numbers there; an MO from one of them is a loop.
    pub short_codes: Vec<String>,
    /// How a text of several segments is cut for it.
    pub cut: Cut,
    /// National prefixes that it serves, for unasked texts.
    pub prefixes: Vec<String>,
    /// What its USSD gateway takes, where it shows notices nobody asked for.
    pub notices: Option<Size>,
}

/// When unasked texts wait for the morning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// From.
    pub from: Time,
    /// Until; earlier than `from` when the night is between.
    pub until: Time,
}

/// `[limits]` as far as they are the exchange's; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Failed look-ups in 15 minutes.
    pub fails_quarter: u32,
    /// Failed look-ups in a day.
    pub fails_day: u32,
    /// Replies in a minute.
    pub replies_minute: u32,
    /// Replies in a day.
    pub replies_day: u32,
    /// Steps of an open dialogue in a day.
    pub steps_day: u32,
    /// Failed look-ups of all numbers and kiosks in an hour from the first.
    pub fails_hour_all: u32,
    /// Failed look-ups of a kiosk in ten minutes.
    pub fails_kiosk: u32,
    /// Texts that visitors ask for to a number, one-time codes and others, in an hour.
    pub codes_hour: u32,
    /// Texts that visitors ask for to a number, one-time codes and others, in a day.
    pub codes_day: u32,
    /// Those of a kiosk in ten minutes.
    pub codes_kiosk: u32,
    /// Those of all kiosks in an hour.
    pub codes_hour_all: u32,
}
