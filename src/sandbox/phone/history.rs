//! What each web phone sent and received, bounded; tells listeners of every change. Knows no HTTP.

use crate::types::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::time::Instant;

use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::sandbox::telco::{Event, SendError, Sent};

const MAX_ENTRIES: usize = 50;
const MAX_NUMBERS: usize = 200;

/// A change, told to the pages that listen to its number.
#[derive(Debug, Clone)]
pub struct Change {
    /// The phone's number.
    pub number: String,
    /// What the page gets.
    pub json: Arc<Value>,
}

#[derive(Default)]
struct Phone {
    entries: VecDeque<Value>,
    /// When its last text was sent and no answer came yet.
    asked: Option<Instant>,
    /// The USSD screen it shows.
    screen: Option<Value>,
    used: u64,
}

/// All phones' texts.
pub struct Book {
    phones: Mutex<(HashMap<String, Phone>, u64)>,
    changes: broadcast::Sender<Change>,
}

impl Default for Book {
    fn default() -> Self {
        Self { phones: Mutex::default(), changes: broadcast::channel(256).0 }
    }
}

type Phones<'a> = MutexGuard<'a, (HashMap<String, Phone>, u64)>;

impl Book {
    fn lock(&self) -> Phones<'_> {
        lock(&self.phones)
    }

    /// Changes from now on.
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// A number's texts, oldest first.
    pub fn of(&self, number: &str) -> Vec<Value> {
        let phones = self.lock();
        let phone = phones.0.get(number);
        phone.map(|p| p.entries.iter().cloned().collect()).unwrap_or_default()
    }

    /// The USSD screen that a phone shows and that waits for an answer.
    pub fn screen(&self, number: &str) -> Option<Value> {
        self.lock().0.get(number).and_then(|phone| phone.screen.clone())
    }

    /// Sends a text and writes it down, so that no news of it comes between.
    pub fn own(
        &self,
        from: &str,
        to: &str,
        text: &str,
        send: impl FnOnce() -> Result<Sent, SendError>,
    ) -> Result<Sent, SendError> {
        let mut phones = self.lock();
        let sent = send()?;
        let entry = json!({
            "event": "own", "id": sent.id, "number": from, "to": to, "text": text,
            "segments": sent.segments, "alphabet": sent.alphabet, "units": sent.units,
            "state": "queued", "at": crate::sandbox::now(),
        });
        let phone = phone(&mut phones, from);
        phone.asked = Some(Instant::now());
        phone.push(entry.clone());
        self.tell(from, entry);
        Ok(sent)
    }

    /// Writes down what the telco told. Texts and states of numbers that no page ever used are kept too:
    /// a page opened later shows them.
    pub fn happened(&self, event: &Event) {
        let Ok(mut entry) = serde_json::to_value(event) else {
            return;
        };
        let number = event.number().to_owned();
        let mut phones = self.lock();
        let phone = phone(&mut phones, &number);
        match event {
            Event::Text { .. } => {
                let latency = phone.asked.take().map(|at| at.elapsed().as_millis() as u64);
                entry["latency_ms"] = json!(latency);
                phone.push(entry.clone());
            }
            Event::State { id, state, .. } => phone.amend("own", &json!(id), "state", json!(state)),
            Event::Screen { end, .. } => phone.screen = (!end).then(|| entry.clone()),
            Event::Ended { .. } => phone.screen = None,
            Event::Receipt { id, message, .. } => {
                phone.amend("text", &json!(id), "receipt", json!(message));
            }
        }
        self.tell(&number, entry);
    }

    fn tell(&self, number: &str, json: Value) {
        // no page listening is fine
        let _ = self.changes.send(Change { number: number.to_owned(), json: Arc::new(json) });
    }
}

/// The phone of this number; the one unused for longest goes when there are too many.
fn phone<'a>(phones: &'a mut Phones<'_>, number: &str) -> &'a mut Phone {
    let (all, clock) = &mut **phones;
    *clock += 1;
    if !all.contains_key(number) && all.len() >= MAX_NUMBERS {
        let oldest = all.iter().min_by_key(|(_, p)| p.used).map(|(n, _)| n.clone());
        if let Some(oldest) = oldest {
            all.remove(&oldest);
        }
    }
    let phone = all.entry(number.to_owned()).or_default();
    phone.used = *clock;
    phone
}

impl Phone {
    fn push(&mut self, entry: Value) {
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    fn amend(&mut self, kind: &str, id: &Value, field: &str, value: Value) {
        let mine = |e: &&mut Value| e["event"] == kind && e["id"] == *id;
        if let Some(entry) = self.entries.iter_mut().rev().find(mine) {
            entry[field] = value;
        }
    }
}
