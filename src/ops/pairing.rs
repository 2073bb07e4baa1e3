//! Pairs a device with an office: by the digits that it shows, and by the office's identifier or name. What is wrong is told on
//! the console in its language, and in one line to a program. It must not know how a pairing is stored.
use super::words::Lang;
use crate::{
    exchange::Exchange,
    ports::StoreFault,
    types::{
        civic::{Answer, Localized, Office, OfficeSearch, PortalFault, Query},
        profile,
    },
};
use axum::http::StatusCode;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// How long the portal may take to say whether there is such an office.
const OFFICE_WITHIN: Duration = Duration::from_secs(3);
/// Offices of one name that are offered.
const CHOICES_MAX: usize = 12;

/// What pairs a device.
#[derive(Clone, Deserialize)]
pub struct Pairing {
    /// What it shows.
    pub code: String,
    /// The office's identifier or name.
    pub office: String,
    /// How its screen is laid out; empty: as usual.
    #[serde(default)]
    pub profile: String,
}

/// Why a device was not paired.
pub enum Fault {
    /// The digits are not eight.
    Code,
    /// No screen is called so.
    Profile,
    /// No office is called so.
    NoOffice,
    /// Several are: identifiers and names.
    Which(Vec<(String, Localized)>),
    /// Names cannot be looked up now.
    NameWhileAway,
    /// No device shows these digits.
    NoneShows,
    /// The database.
    Store(StoreFault),
}

impl From<StoreFault> for Fault {
    fn from(fault: StoreFault) -> Self {
        Fault::Store(fault)
    }
}

impl Fault {
    /// For the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Fault::NoneShows => StatusCode::NOT_FOUND,
            Fault::Store(_) | Fault::NameWhileAway => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// For the console.
    pub fn words(&self, lang: Lang) -> &'static str {
        let w = lang.words();
        match self {
            Fault::Code => w.pair_code,
            Fault::Profile => w.pair_screen,
            Fault::NoOffice => w.pair_no_office,
            Fault::Which(_) => w.pair_which,
            Fault::NameWhileAway => w.pair_away,
            Fault::NoneShows => w.pair_none_shows,
            Fault::Store(_) => w.pair_store,
        }
    }

    /// For a program, in one line.
    pub fn line(&self, pairing: &Pairing) -> String {
        let office: String = pairing.office.trim().chars().take(64).collect();
        match self {
            Fault::Code => "the code is the 8 digits that the kiosk shows".to_owned(),
            Fault::Profile => {
                format!("there is no profile \"{}\"; there are {}", pairing.profile.trim(), profile::names().join(", "))
            }
            Fault::NoOffice => format!("the portal knows no office \"{office}\""),
            Fault::Which(choices) => {
                let all: Vec<String> = choices.iter().map(|(id, name)| format!("{id} ({})", name.en)).collect();
                format!("several offices are called \"{office}\": {}", all.join(", "))
            }
            Fault::NameWhileAway => "the portal is away: give the office's identifier, such as owso-1205".to_owned(),
            Fault::NoneShows => {
                "no kiosk shows this code: codes last 10 minutes, and 5 wrong ones end all that are shown".to_owned()
            }
            Fault::Store(fault) => format!("{fault}; try again"),
        }
    }
}

/// Pairs it: the name of the device.
///
/// # Errors
/// Why it is not paired.
pub async fn pair_device(exchange: &Exchange, pairing: &Pairing) -> Result<String, Fault> {
    let digits = pairing.code.chars().filter(char::is_ascii_digit).count();
    let other = pairing.code.chars().any(|c| !c.is_ascii_digit() && !matches!(c, ' ' | '-'));
    if digits != 8 || other {
        return Err(Fault::Code);
    }
    let profile = if pairing.profile.trim().is_empty() { profile::USUAL } else { pairing.profile.trim() };
    if profile::find(profile).is_none() {
        return Err(Fault::Profile);
    }
    let office = office(exchange, pairing.office.trim()).await?;
    exchange.kiosks.pair(&pairing.code, &office, profile).await?.ok_or(Fault::NoneShows)
}

/// The identifier of the office with this identifier or name. While the portal is away what looks like an identifier is
/// taken as one: a kiosk must not wait for it.
async fn office(exchange: &Exchange, text: &str) -> Result<String, Fault> {
    let ask = |question: Query| async move { exchange.conversation.look_around(&question, OFFICE_WITHIN).await };
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_id {
        match ask(Query::Office { id: text.to_owned() }).await {
            Answer::Office(Err(PortalFault::NotFound)) => {}
            _ => return Ok(text.to_owned()),
        }
    }
    let search = OfficeSearch { words: Some(text.to_owned()), ..OfficeSearch::default() };
    match ask(Query::Offices(search)).await {
        Answer::Offices(Ok(found)) => {
            let offices: Vec<Arc<Office>> = found.items.iter().map(|hit| Arc::clone(&hit.office)).collect();
            one_of(text, &offices)
        }
        _ => Err(Fault::NameWhileAway),
    }
}

/// The one whose name this is; the only one that was found.
fn one_of(text: &str, offices: &[Arc<Office>]) -> Result<String, Fault> {
    let named = |office: &&Arc<Office>| {
        let name = &office.name;
        name.km == text || name.en.eq_ignore_ascii_case(text)
    };
    match (offices, offices.iter().find(named)) {
        ([], _) => Err(Fault::NoOffice),
        ([one], _) | (_, Some(one)) => Ok(one.id.clone()),
        (several, None) => {
            let choices = several.iter().take(CHOICES_MAX).map(|one| (one.id.clone(), one.name.clone()));
            Err(Fault::Which(choices.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office(id: &str, km: &str, en: &str) -> Arc<Office> {
        let text = |km: &str, en: &str| Localized { km: km.to_owned(), en: en.to_owned(), km_latn: None };
        Arc::new(Office {
            id: id.to_owned(),
            name: text(km, en),
            short: None,
            division: "1205".to_owned(),
            address: text("", ""),
            phones: Vec::new(),
            hours: Vec::new(),
            closures: Vec::new(),
            services: Vec::new(),
            queue_length: None,
            sample: false,
        })
    }

    #[test]
    fn an_office_is_found_by_its_name_and_never_guessed() {
        let (one, two) = (office("a", "ដង្កោ", "Dangkao"), office("b", "ដង្កោថ្មី", "Dangkao New"));
        let both = [one.clone(), two];
        let which = |text: &str, offices: &[Arc<Office>]| match one_of(text, offices) {
            Ok(id) => id,
            Err(Fault::NoOffice) => "none".to_owned(),
            Err(Fault::Which(choices)) => choices.into_iter().map(|(id, _)| id).collect::<Vec<_>>().join("?"),
            Err(_) => "another fault".to_owned(),
        };
        for (text, offices, found) in [
            ("dangkao", &both[..], "a"),
            ("ដង្កោថ្មី", &both[..], "b"),
            ("Dang", &both[..], "a?b"),
            ("Dang", &both[..1], "a"),
            ("Kep", &[], "none"),
        ] {
            assert_eq!(which(text, offices), found, "{text}");
        }
    }
}
