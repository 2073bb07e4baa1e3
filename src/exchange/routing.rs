//! By which way an unasked text goes to a number, and when it is quiet there. Pure: the settings and the time come in.
use crate::{
    exchange::settings::Settings,
    ports::Refusal,
    types::{Msisdn, UnixMs, names::SmscName},
};

/// Why there is no way to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// It is of a country that is not texted unasked.
    Country,
    /// No telco of ours serves it.
    Telco,
}

impl From<NoWay> for Refusal {
    fn from(none: NoWay) -> Self {
        match none {
            NoWay::Country => Refusal::CountryNotAllowed,
            NoWay::Telco => Refusal::Unroutable,
        }
    }
}

/// The way to a number that did not text us just now, or why it has none. Whoever sends a text unasked has to
/// come by here, and so nobody texts a country that is not of `[push] countries`.
pub fn way_to(settings: &Settings, number: Msisdn) -> Result<(SmscName, String), NoWay> {
    if !settings.countries.hold(&number) {
        return Err(NoWay::Country);
    }
    telco_of(settings, number).ok_or(NoWay::Telco)
}

/// The telco that serves a number, and our number there: by the longest prefix, else the first telco that
/// has none.
fn telco_of(settings: &Settings, number: Msisdn) -> Option<(SmscName, String)> {
    let telcos = settings.telcos.all();
    let national = number.national_digits();
    let fits = |prefix: &str| national.is_some_and(|digits| digits.starts_with(prefix));
    let named = telcos
        .iter()
        .filter_map(|telco| {
            let longest = telco.prefixes.iter().filter(|prefix| fits(prefix)).map(String::len).max()?;
            Some((longest, telco))
        })
        .max_by_key(|(longest, _)| *longest);
    let telco = match named {
        Some((_, telco)) => telco,
        None => telcos.iter().find(|telco| telco.prefixes.is_empty())?,
    };
    Some((telco.name.clone(), telco.short_codes.first()?.clone()))
}

/// The end of the quiet hours, when it is quiet now.
pub fn quiet_until(settings: &Settings, now: UnixMs) -> Option<UnixMs> {
    let quiet = settings.quiet?;
    let local = now.civil(&settings.zone);
    let time = local.time();
    let over_night = quiet.from > quiet.until;
    let is_quiet =
        if over_night { time >= quiet.from || time < quiet.until } else { time >= quiet.from && time < quiet.until };
    if !is_quiet {
        return None;
    }
    let day = if over_night && time >= quiet.from { local.date().tomorrow().ok()? } else { local.date() };
    let end = day.to_datetime(quiet.until).to_zoned(settings.zone.clone()).ok()?;
    Some(UnixMs(end.timestamp().as_millisecond()))
}
