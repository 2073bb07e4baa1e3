//! Where a page is asked for: the device, how its visitor wants to see it, and the language of the address. It must
//! not know what a page says.
use super::{
    authority::Signs,
    backend::Who,
    errors,
    state::{self, KioskState},
    texts::{Lang, Words},
};
use crate::{
    ports::kiosks::Kiosk,
    types::{
        Msisdn, UnixMs,
        civic::{Abilities, Office},
        profile::{self, Profile},
        time::phnom_penh,
    },
};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use std::sync::Arc;
use uuid::Uuid;

/// The kiosk that asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its name; `open` where kiosks need not be paired.
    pub id: String,
    /// The office at which it stands.
    pub office: Option<String>,
    /// How its screen is laid out.
    pub profile: &'static Profile,
    /// What an operator says on its closed screen, as JSON.
    pub closed: Option<String>,
    /// What an operator says on the first page, as JSON.
    pub message: Option<String>,
    /// How loud it is, 0 to 100.
    pub volume: u8,
    /// The language in which it starts.
    pub language: Option<Lang>,
}

/// Name of any browser where kiosks need not be paired.
const OPEN: &str = "open";

/// Loudness of a kiosk of which nothing is said.
const VOLUME: u8 = 70;

impl Device {
    /// What its heartbeats say of the pages; empty where kiosks need not be paired, and nobody hears them.
    pub fn build(&self) -> String {
        if self.id == OPEN { String::new() } else { state::build() }
    }

    /// Any browser, where kiosks need not be paired.
    pub fn open() -> Self {
        let profile = profile::usual();
        Device {
            id: OPEN.to_owned(),
            office: None,
            profile,
            closed: None,
            message: None,
            volume: VOLUME,
            language: None,
        }
    }
}

impl From<Kiosk> for Device {
    fn from(kiosk: Kiosk) -> Self {
        let profile = profile::find(&kiosk.profile).unwrap_or_else(|| {
            tracing::error!(kiosk = %kiosk.id, profile = %kiosk.profile, "no such screen; the usual one is taken");
            profile::usual()
        });
        Device {
            id: kiosk.id,
            office: Some(kiosk.office),
            profile,
            closed: kiosk.closed,
            message: kiosk.message,
            volume: kiosk.volume.unwrap_or(VOLUME),
            language: kiosk.language.as_deref().and_then(Lang::from_tag),
        }
    }
}

/// How the visitor wants to see the pages; forgotten when the visit ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisplayPrefs {
    /// Black on white.
    pub contrast: bool,
    /// 0 usual, 1 larger, 2 twice as large.
    pub size: u8,
    /// Everything to touch stands low.
    pub low: bool,
    /// Twice the time before the visit ends by itself.
    pub time: bool,
    /// Spoken guidance.
    pub sound: bool,
    /// How loud it is to be.
    pub loudness: Loudness,
}

/// How loud a visitor wants the kiosk, against what its operator has set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loudness {
    /// Half of it.
    Quiet,
    /// As set.
    #[default]
    Usual,
    /// Half as loud again.
    Loud,
}

impl Loudness {
    /// From a kiosk's volume to the visitor's, both 0 to 100.
    pub fn of(self, volume: u8) -> u8 {
        match self {
            Loudness::Quiet => volume / 2,
            Loudness::Usual => volume,
            Loudness::Loud => volume.saturating_add(volume / 2).min(100),
        }
    }
}

/// Cookie of a visit's look: no personal data, and gone with the visit.
pub const DISPLAY_PREFS: &str = "chrak-look";

impl DisplayPrefs {
    /// From the request's cookie.
    pub fn read(headers: &HeaderMap) -> Self {
        let value = crate::web::cookie(headers, DISPLAY_PREFS).unwrap_or_default();
        let has = |mark: char| value.contains(mark);
        let size = if has('2') { 2 } else { u8::from(has('1')) };
        let loudness = match (has('q'), has('v')) {
            (true, _) => Loudness::Quiet,
            (_, true) => Loudness::Loud,
            _ => Loudness::Usual,
        };
        DisplayPrefs { contrast: has('c'), size, low: has('l'), time: has('t'), sound: has('s'), loudness }
    }

    /// As the cookie holds it; empty: as usual.
    pub fn mark(self) -> String {
        let marks = [
            (self.contrast, 'c'),
            (self.low, 'l'),
            (self.time, 't'),
            (self.sound, 's'),
            (self.loudness == Loudness::Quiet, 'q'),
            (self.loudness == Loudness::Loud, 'v'),
        ];
        let mut mark: String = marks.into_iter().filter_map(|(on, mark)| on.then_some(mark)).collect();
        match self.size {
            0 => {}
            size => mark.push(char::from(b'0' + size.min(2))),
        }
        mark
    }
}

/// The sealed visit that came along to a page that concerns nobody.
#[derive(Clone)]
pub struct Carried(pub Arc<str>);

/// Who asks for a page, and in which language.
#[derive(Clone)]
pub struct PageContext {
    /// The language of the address.
    pub lang: Lang,
    /// Its words.
    pub words: &'static Words,
    /// The kiosk.
    pub device: Arc<Device>,
    /// How the page is wanted.
    pub display: DisplayPrefs,
    /// Seconds of silence before the warning, and of the warning.
    pub idle: (u32, u32),
    /// Whose screen it is.
    pub signs: Signs,
    /// The office at which it stands, if it was ever heard of.
    pub office: Option<Arc<Office>>,
    /// Today, where it stands.
    pub today: Date,
    /// Now.
    pub now: UnixMs,
    /// Whether there is a printer.
    pub prints: bool,
    /// What the portal offers.
    pub offers: Abilities,
    /// The visit that came along, sealed.
    pub carried: Option<Carried>,
}

impl PageContext {
    /// Who asks, with the number that was proven.
    pub fn who(&self, number: Option<Msisdn>) -> Who {
        Who { device: self.device.id.clone(), number, visit: None }
    }

    /// The same, in the visit that is called so.
    pub fn who_of(&self, visit: Uuid, number: Option<Msisdn>) -> Who {
        Who { visit: Some(visit), ..self.who(number) }
    }

    /// Classes of the document.
    pub fn class(&self) -> String {
        let mut class = self.device.profile.name.to_owned();
        for (on, name) in [
            (self.display.contrast, " contrast"),
            (self.display.size == 1, " large"),
            (self.display.size == 2, " double"),
            (self.display.low, " low"),
            (self.prints, " prints"),
        ] {
            if on {
                class.push_str(name);
            }
        }
        class
    }
}

impl FromRequestParts<KioskState> for PageContext {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &KioskState) -> Result<Self, Response> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let tag = params.iter().find(|(name, _)| *name == "lang").map(|(_, tag)| tag).unwrap_or_default();
        let Some(lang) = Lang::from_tag(tag) else { return Err(errors::no_such_page().await) };
        let device = parts.extensions.get::<Arc<Device>>().cloned().unwrap_or_else(|| Arc::new(Device::open()));
        let office = match &device.office {
            Some(id) => state.signs.office(&state.backend, id).await,
            None => None,
        };
        let now = state.backend.now();
        let prints = state.prints_at(device.office.as_deref());
        Ok(PageContext {
            lang,
            words: lang.words(),
            device,
            display: DisplayPrefs::read(&parts.headers),
            idle: state.idle,
            signs: state.signs.clone(),
            office,
            today: now.civil(&phnom_penh()).date(),
            now,
            prints,
            offers: state.backend.abilities(),
            carried: parts.extensions.get::<Carried>().cloned(),
        })
    }
}
