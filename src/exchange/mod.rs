//! One door for every channel: an MO is accepted durably, converses with the portal, and its answer goes out
//! by the outbox. Async, over ports only: it knows no database, no socket, no HTTP.
//!
//! The protocol in one breath: persist and commit, only then ESME_ROK; one MO of a number at a time; the
//! turn's result, the outbox rows and the MO's end in one commit; `submitting` recorded before bytes leave.
mod accept;
mod agency;
mod asked;
mod converse;
mod dedupe;
mod gate;
mod health;
mod incoming;
mod kiosks;
mod limits;
mod notices;
mod outbox;
mod push;
mod recover;
mod segmenter;
mod sequencer;
mod turn;
mod ussd;
mod ussd_input;
mod whose;

pub use agency::{Agency, AgencyCall, Content, Outgoing};
pub use asked::TextRefusal;
pub use converse::Visit;
pub use gate::Shut;
pub use health::StoreHealth;
pub use incoming::{AcceptFault, Done, IncomingMo, PartOf};
pub use kiosks::CodeTried;
pub use limits::Rules;
pub use notices::UssdNotice;
pub use outbox::{OutboxFeed, Submission};
pub use push::QuietHours;
pub use segmenter::Cut;
pub use ussd_input::{Screen, UssdCall, UssdSignal};

use crate::types::lock;
use crate::{
    ports::{
        Store,
        clock::Clock,
        kiosks::Heartbeat,
        portal::Portal,
        random::{self, new_id},
        status::Board,
    },
    types::{CauseId, CodeRules, Countries, Language, SessionId, UnixMs, limits::TURNS_MAX, names::SmscName},
};
use jiff::tz::TimeZone;
use sequencer::Sequencer;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

/// What the exchange must know of a telco.
#[derive(Clone, Debug)]
pub struct TelcoRules {
    /// Its name.
    pub name: SmscName,
    /// Our numbers there; an MO from one of them is a loop.
    pub short_codes: Vec<String>,
    /// How a text of several segments is cut for it.
    pub cut: Cut,
    /// National prefixes that it serves, for unasked texts.
    pub prefixes: Vec<String>,
    /// What its USSD gateway takes, where it shows notices nobody asked for.
    pub notices: Option<crate::render::ussd::Size>,
}

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
    /// The telcos.
    pub telcos: Vec<TelcoRules>,
    /// When unasked texts wait; `None`: never.
    pub quiet: Option<QuietHours>,
    /// Whether events become texts.
    pub push_enabled: bool,
    /// Countries whose numbers are texted unasked.
    pub countries: Countries,
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Exchange {
    core: Arc<Core>,
}

struct Core {
    store: Arc<dyn Store>,
    /// The portal, behind its gate.
    portal: gate::Gate,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
    settings: Settings,
    sequencer: Arc<Sequencer>,
    /// USSD inputs do not wait for texts of the same number.
    ussd_lanes: Arc<Sequencer>,
    slots: Arc<Semaphore>,
    in_hand: AtomicUsize,
    /// MOs that are stored and that somebody here works on, or will.
    in_work: Mutex<HashSet<CauseId>>,
    /// Closed while MOs of an unclean end are tried one at a time.
    gate: watch::Sender<bool>,
    draining: AtomicBool,
    alive: Mutex<HashSet<SessionId>>,
    outboxes: HashMap<SmscName, Arc<outbox::TelcoOutbox>>,
    health: health::Health,
    tasks: TaskTracker,
    reference: AtomicUsize,
    notices: notices::Notices,
    /// There may be an unasked text to work on.
    pushes: tokio::sync::Notify,
    /// What kiosks last said, and whose is not kept yet.
    heartbeats: Mutex<HashMap<String, Heartbeat>>,
    fresh_heartbeats: Mutex<HashSet<String>>,
}

impl Exchange {
    /// Joins the ports. Nothing runs until [`Exchange::start`].
    pub fn new(
        store: Arc<dyn Store>,
        portal: Arc<dyn Portal>,
        clock: Arc<dyn Clock>,
        board: Arc<Board>,
        settings: Settings,
    ) -> Self {
        let outboxes = settings
            .telcos
            .iter()
            .map(|telco| (telco.name.clone(), Arc::new(outbox::TelcoOutbox::new(telco.name.clone()))))
            .collect();
        let notices = notices::Notices::new(settings.telcos.iter().map(|telco| telco.name.clone()));
        Exchange {
            core: Arc::new(Core {
                store,
                portal: gate::Gate::new(portal, &settings.rules),
                clock,
                board,
                settings,
                sequencer: Arc::new(Sequencer::default()),
                ussd_lanes: Arc::new(Sequencer::default()),
                slots: Arc::new(Semaphore::new(TURNS_MAX)),
                in_hand: AtomicUsize::new(0),
                in_work: Mutex::default(),
                gate: watch::Sender::new(false),
                draining: AtomicBool::new(false),
                alive: Mutex::default(),
                outboxes,
                health: health::Health::new(),
                tasks: TaskTracker::new(),
                reference: AtomicUsize::new(usize::from(u16::from_le_bytes(random::octets()))),
                notices,
                pushes: tokio::sync::Notify::new(),
                heartbeats: Mutex::default(),
                fresh_heartbeats: Mutex::default(),
            }),
        }
    }

    /// Says that a connection of a bind is open; while it is, an equal text on another is a new question.
    pub fn session_opened(&self, session: SessionId) {
        lock(&self.core.alive).insert(session);
    }

    /// Says that a connection is gone: what it acknowledged last may come again.
    pub fn session_closed(&self, session: SessionId) {
        lock(&self.core.alive).remove(&session);
    }

    /// Whether the store takes commits; binds leave when it is lost.
    pub fn store_health(&self) -> watch::Receiver<StoreHealth> {
        self.core.health.subscribe()
    }

    /// MOs accepted and not yet finished.
    pub fn in_hand(&self) -> usize {
        self.core.in_hand.load(Ordering::Relaxed)
    }

    /// Takes no more MOs; what is in hand goes on.
    pub fn stop_taking(&self) {
        self.core.draining.store(true, Ordering::Relaxed);
        self.core.board.set_draining();
    }

    /// Waits until every turn and settlement in hand is done, at most `patience`. Returns whether it is.
    pub async fn drained(&self, patience: Duration) -> bool {
        self.core.tasks.close();
        let drained = tokio::time::timeout(patience, self.core.tasks.wait()).await.is_ok();
        self.settle_budget().await;
        drained
    }

    fn now(&self) -> UnixMs {
        self.core.clock.now()
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
