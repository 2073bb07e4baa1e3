//! Reminders as USSD notices, where a gateway takes them: shown at once and confirmed by the telephone. What is not
//! confirmed goes as a text. Kept in memory: after a crash a notice is sent again, never nothing.
use crate::{
    dialogue::View,
    exchange::settings::Settings,
    ports::citizens::CitizenRecord,
    render::{
        render_ussd,
        ussd::{self as screens, Size},
    },
    types::{CauseId, Language, Msisdn, lock, names::SmscName},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc;

/// Notices that wait or are out at a time; what is more goes as a text at once.
const NOTICES_MAX: usize = 1_000;

/// A notice for a bind to send.
#[derive(Clone)]
pub struct UssdNotice {
    /// To whom.
    pub number: Msisdn,
    /// One screen.
    pub text: String,
}

/// Notices that wait for a bind, and those that are out. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    core: Arc<Core>,
}

struct Core {
    settings: Arc<Settings>,
    queues: Mutex<HashMap<SmscName, Arc<Queue>>>,
    out: Mutex<HashMap<CauseId, (Msisdn, bool)>>,
}

/// Of one telco; its far end is with the telco's binds, which may come and go.
struct Queue {
    sender: mpsc::Sender<UssdNotice>,
    receiver: tokio::sync::Mutex<mpsc::Receiver<UssdNotice>>,
}

impl Notices {
    /// For the telcos whose gateways show them.
    pub fn new(settings: Arc<Settings>) -> Self {
        Notices { core: Arc::new(Core { settings, queues: Mutex::default(), out: Mutex::default() }) }
    }

    /// Waits for the next notice of a telco, for its binds; loses nothing when it is dropped. One of them waits at a time.
    pub async fn next(&self, smsc: &SmscName) -> Option<UssdNotice> {
        let queue = self.queue(smsc);
        queue.receiver.lock().await.recv().await
    }

    fn queue(&self, smsc: &SmscName) -> Arc<Queue> {
        let mut queues = lock(&self.core.queues);
        let queue = queues.entry(smsc.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(NOTICES_MAX);
            Arc::new(Queue { sender, receiver: receiver.into() })
        });
        Arc::clone(queue)
    }

    /// Sends a view as a notice; `false` where that cannot be and a text is to go.
    pub fn send(
        &self,
        push: CauseId,
        smsc: &SmscName,
        number: Msisdn,
        view: &View,
        citizen: &CitizenRecord,
        language: Language,
    ) -> bool {
        let Some(size) = self.core.settings.telcos.notices(smsc) else { return false };
        let Some(text) = self.screen(view, citizen, language, size) else { return false };
        let mut out = lock(&self.core.out);
        if out.len() >= NOTICES_MAX || self.queue(smsc).sender.try_send(UssdNotice { number, text }).is_err() {
            return false;
        }
        out.insert(push, (number, false));
        true
    }

    /// One screen, or nothing where it does not fit one.
    fn screen(&self, view: &View, citizen: &CitizenRecord, language: Language, size: Size) -> Option<String> {
        let asked = citizen.language == Some(Language::Km);
        let language = screens::screen_language(citizen.language.unwrap_or(language), asked, size);
        let mut pages = render_ussd(view, None, language, &self.core.settings.zone, size).pages;
        if pages.len() == 1 { pages.pop() } else { None }
    }

    /// What became of a notice: `None` when none was sent.
    pub fn outcome(&self, push: CauseId) -> Option<bool> {
        lock(&self.core.out).remove(&push).map(|(_, confirmed)| confirmed)
    }

    /// A telephone has shown a notice; whether one was out to it.
    pub fn confirmed(&self, number: Msisdn) -> bool {
        let mut out = lock(&self.core.out);
        let Some((_, confirmed)) = out.values_mut().find(|(to, confirmed)| *to == number && !*confirmed) else {
            return false;
        };
        *confirmed = true;
        true
    }
}
