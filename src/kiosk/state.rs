//! What all pages stand on: who may open them, whom they ask, how long they wait. It must not know a page.
use super::{authority::Signs, backend::Backend};
use crate::{types::lock, web::assets};
use std::sync::{Arc, Mutex};

/// Who may open the pages, from `[kiosk].pairing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Only a kiosk that an operator paired with an office; others see the page with their digits.
    Required,
    /// Any browser.
    Off,
}

/// What the pages need.
#[derive(Clone)]
pub struct KioskState {
    /// Where questions go.
    pub backend: Backend,
    /// Who may open the pages.
    pub pairing: Pairing,
    /// Lengths of the groups in which receipts print the code; empty when codes differ in length, and then
    /// any number of digits up to 24 can be entered.
    pub groups: Arc<[usize]>,
    /// What registration codes look like.
    pub codes: crate::types::CodeRules,
    /// Seconds of silence before the warning, and of the warning.
    pub idle: (u32, u32),
    /// Opens the staff page.
    pub staff_pin: Option<Arc<str>>,
    /// The accounts that fees are paid to; empty: whichever the portal names.
    pub khqr_accounts: Arc<[String]>,
    /// Whose screen it is.
    pub signs: Signs,
    /// The office at which kiosks that need no pairing stand: in the try-out.
    pub stands_at: Option<String>,
    /// Offices whose kiosks have a printer; `*`: every kiosk has one.
    pub printers: Arc<[String]>,
    /// How the same is done from a telephone.
    pub reach: Reach,
}

/// How we are reached from a telephone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// The number that is texted.
    pub text: Option<Arc<str>>,
    /// The code that is dialled.
    pub dial: Option<Arc<str>>,
}

/// How we are reached now: the configuration may be read again while the server runs. Clones change together.
#[derive(Clone, Debug, Default)]
pub struct Reach(Arc<Mutex<Ways>>);

impl Reach {
    /// At the start.
    pub fn new(ways: Ways) -> Self {
        Reach(Arc::new(Mutex::new(ways)))
    }

    /// The ways that there are now.
    pub fn now(&self) -> Ways {
        lock(&self.0).clone()
    }

    /// Others from now on.
    pub fn change(&self, ways: Ways) {
        *lock(&self.0) = ways;
    }
}

impl KioskState {
    /// Whether a kiosk of this office has a printer.
    pub fn prints_at(&self, office: Option<&str>) -> bool {
        self.printers.iter().any(|one| one == "*" || Some(one.as_str()) == office)
    }
}

/// Version of the pages and their assets, as heartbeats name it.
pub fn build() -> String {
    format!("{}-{}", env!("CARGO_PKG_VERSION"), assets::version())
}
