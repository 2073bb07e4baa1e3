//! The applications as they are kept, each laid ready in its three levels of disclosure at the start, so that an answer under
//! load is a look-up. It must not know how they are stored, nor how one is asked for.
use super::{
    callers::{number, pin},
    problem::Problem,
};
use crate::types::lock;
use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
    time::Duration,
};
use tokio::time::Instant;

/// Wrong PINs after which a code is locked.
const PINS_WRONG_MAX: usize = 5;
/// How long a wrong PIN counts.
const PIN_WINDOW: Duration = Duration::from_secs(30 * 60);

/// One application as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Registration code, canonical.
    pub code: String,
    /// Everything the highest level may see; `disclosure` is set when it is shown.
    pub whole: Value,
    /// Numbers on file, E.164.
    pub contacts: Vec<String>,
    /// PIN on the receipt.
    pub pin: String,
}

/// One laid ready in its three levels.
pub struct Shown {
    /// What anybody with the code may see.
    pub public: Bytes,
    /// What a number on file may see.
    pub contact: Bytes,
    /// Everything.
    pub verified: Bytes,
    /// Numbers on file.
    pub contacts: Vec<String>,
    /// PIN on the receipt.
    pub pin: String,
}

/// All applications.
pub struct Applications {
    /// By registration code.
    pub by_code: HashMap<String, Shown>,
    /// Times of wrong PINs by code; only codes that exist, so it is bounded.
    wrong: Mutex<HashMap<String, Vec<Instant>>>,
    /// Codes whose fee was paid since the start.
    paid: Mutex<HashSet<String>>,
}

impl Applications {
    /// Lays each of them ready in its three levels.
    pub fn new(kept: Vec<Kept>) -> Self {
        let by_code = kept
            .into_iter()
            .map(|kept| {
                let shown = Shown {
                    public: Bytes::from(public(&kept.whole).to_string()),
                    contact: Bytes::from(named(&kept.whole, "contact").to_string()),
                    verified: Bytes::from(named(&kept.whole, "verified").to_string()),
                    contacts: kept.contacts,
                    pin: kept.pin,
                };
                (kept.code, shown)
            })
            .collect();
        Applications { by_code, wrong: Mutex::default(), paid: Mutex::default() }
    }

    /// Judges a PIN. Wrong ones are counted for 30 minutes; after five any PIN is refused until the fifth is
    /// 30 minutes old.
    pub fn pin(&self, code: &str, right: bool) -> Result<(), Problem> {
        let mut all = lock(&self.wrong);
        let times = all.entry(code.to_owned()).or_default();
        let now = Instant::now();
        if let (PINS_WRONG_MAX.., Some(last)) = (times.len(), times.last()) {
            let left = (*last + PIN_WINDOW).saturating_duration_since(now);
            if !left.is_zero() {
                return Err(Problem::locked(left));
            }
            times.clear();
        }
        times.retain(|time| now.duration_since(*time) < PIN_WINDOW);
        if right {
            return Ok(());
        }
        times.push(now);
        Err(Problem::factor_wrong(PINS_WRONG_MAX - times.len()))
    }
}

fn named(whole: &Value, level: &str) -> Value {
    let mut shown = whole.clone();
    shown["disclosure"] = level.into();
    shown
}

/// What anybody with the code may learn.
fn public(whole: &Value) -> Value {
    let mut shown = named(whole, "public");
    if let Some(members) = shown.as_object_mut() {
        members.remove("timeline");
        members.remove("returned_documents");
        if whole["service"]["sensitive"] == true {
            members.remove("fee");
            members.insert("service".to_owned(), serde_json::json!({ "sensitive": true }));
        }
    }
    shown
}

/// An office, as much of it as a message needs.
pub fn office_ref(office: &Value) -> Value {
    let mut place = serde_json::json!({ "id": office["id"], "name": office["name"] });
    if !office["short"].is_null() {
        place["short"] = office["short"].clone();
    }
    place
}

impl Applications {
    /// The fee that is due (riel, bill) if one is, and whether the service is private; `None`: no such application.
    pub fn fee(&self, code: &str) -> Option<(Option<(u64, String)>, bool)> {
        let kept = &self.by_code.get(code)?.verified;
        let shown: Value = serde_json::from_slice(kept).expect("the sandbox wrote JSON");
        let fee = &shown["fee"];
        let due = fee["paid"] == false && matches!(shown["status"].as_str(), Some("awaiting_payment" | "registered"));
        let amount = fee["amount_khr"].as_u64().zip(fee["bill_number"].as_str().map(str::to_owned));
        Some((amount.filter(|_| due), shown["service"]["sensitive"] == true))
    }

    /// Whether the fee was paid since the start.
    pub fn is_paid(&self, code: &str) -> bool {
        lock(&self.paid).contains(code)
    }

    /// The fee is paid.
    pub fn paid(&self, code: &str) {
        lock(&self.paid).insert(code.to_owned());
    }

    /// Whether the caller's factors open this application.
    /// `holder`: the number of whoever has signed in.
    pub fn factor(&self, code: &str, headers: &HeaderMap, holder: Option<&str>) -> Result<(), Problem> {
        let shown = self.by_code.get(code).ok_or_else(Problem::not_found)?;
        if let Some(pin) = pin(headers)? {
            return self.pin(code, pin == shown.pin);
        }
        let on_file = |number: &str| shown.contacts.iter().any(|contact| contact == number);
        match number(headers)? {
            _ if holder.is_some_and(on_file) => Ok(()),
            Some(number) if on_file(number) => Ok(()),
            _ => Err(Problem::factor_required()),
        }
    }
}
