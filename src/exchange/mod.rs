//! One door for every channel: an MO is accepted durably, converses with the portal, and its answer goes out
//! by the outbox. Async, over ports only: it knows no database, no socket, no HTTP.
//!
//! The protocol in one breath: persist and commit, only then ESME_ROK; one MO of a number at a time; the
//! turn's result, the outbox rows and the MO's end in one commit; `submitting` recorded before bytes leave.
//!
//! Services that own what they need stand behind a thin front, each knowing only those before it: conversation and outbox;
//! notifications; feedback, agencies and kiosks; texts; ussd; binds; run. To add one: a folder with a struct, what it needs of others as
//! `Needs`, and its line in [`Exchange::new`], the one place where they are joined.
mod agencies;
mod binds;
mod conversation;
mod feedback;
mod health;
mod kiosks;
mod notifications;
mod outbox;
mod routing;
mod run;
mod settings;
mod sign_ins;
#[cfg(test)]
mod testing;
mod texts;
mod ussd;
mod watched;

pub use crate::smpp::concat::Cut;
pub use agencies::{Agencies, Agency, AgencyCall, Content, Outgoing};
pub use binds::{BindLease, Binds, Hold, Over, Standing};
pub use conversation::{Conversation, Shut, Visit};
pub use health::StoreHealth;
pub use kiosks::{Asker, CodeTried, Kiosks, Receiver, TextRefusal, TextsToPhones};
pub use notifications::{Notifications, UssdNotice};
pub use outbox::{Outbox, OutboxFeed, Submission};
pub use run::Run;
pub use settings::{QuietHours, Rules, Settings, TelcoRules, Telcos};
pub use sign_ins::{By, Looked, NotBegun, OpenSignIn, SignIns, SignedIn};
pub use texts::{AcceptFault, Done, IncomingMo, PartOf, Texts};
pub use ussd::{Screen, Ussd, UssdCall, UssdSignal};

use crate::ports::{Store, clock::Clock, portal::Portal, status::Board};
use conversation::{counts::Counts, gate::Gate};
use feedback::Feedback;
use health::Health;
use kiosks::send;
use notifications::Notices;
use outbox::Segmenter;
use std::sync::{Arc, atomic::AtomicBool};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use watched::Watched;

/// The door, with a service behind each window. Cheap to clone; who needs one of them takes that.
#[derive(Clone)]
pub struct Exchange {
    /// Texts of citizens.
    pub texts: Texts,
    /// Screens of telephones.
    pub ussd: Ussd,
    /// Segments on their way to the telcos.
    pub outbox: Outbox,
    /// Texts nobody asked for just now.
    pub notifications: Notifications,
    /// Messages of agencies.
    pub agencies: Agencies,
    /// Devices, and what they send to telephones.
    pub kiosks: Kiosks,
    /// Visitors who sign in by their telephone.
    pub sign_ins: SignIns,
    /// What visitors and others ask.
    pub conversation: Conversation,
    /// Which binds are ours.
    pub binds: Binds,
    /// Start and end.
    pub run: Run,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Exchange {
    /// Joins the ports. Nothing runs until [`Run::start`].
    pub fn new(
        store: Arc<dyn Store>,
        portal: Arc<dyn Portal>,
        clock: Arc<dyn Clock>,
        board: Arc<Board>,
        settings: Settings,
    ) -> Self {
        let (settings, health) = (Arc::new(settings), Arc::new(Health::new()));
        let store = Arc::new(Watched::new(store, Arc::clone(&health)));
        let tasks = TaskTracker::new();
        let counts = Counts::new(store.clone(), clock.clone(), settings.clone());
        let gate =
            Gate::new(portal, counts.clone(), clock.clone(), settings.clone(), tasks.clone(), board.journal.clone());
        let parts = Parts {
            conversation: Conversation::new(
                gate.clone(),
                store.clone(),
                clock.clone(),
                settings.clone(),
                tasks.clone(),
            ),
            outbox: Outbox::new(store.clone(), clock.clone(), board.clone(), &settings.telcos),
            segmenter: Segmenter::new(settings.clone()),
            notices: Notices::new(settings.clone()),
            wake: Arc::default(),
            first: Arc::default(),
            store,
            clock,
            board,
            settings,
            counts,
            gate,
            tasks,
        };
        parts.joined(health)
    }

    /// The same, with who lets visitors sign in.
    pub fn signing_in(self, by: By) -> Self {
        Exchange { sign_ins: self.sign_ins.by(by), ..self }
    }
}

/// What the services are made of.
struct Parts {
    store: Arc<Watched>,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
    settings: Arc<Settings>,
    counts: Counts,
    gate: Gate,
    conversation: Conversation,
    outbox: Outbox,
    segmenter: Segmenter,
    notices: Notices,
    /// There may be an unasked text to work on.
    wake: Arc<Notify>,
    /// This node is the one that does what one does for all; not before the run has begun.
    first: Arc<AtomicBool>,
    /// What is waited for at the end.
    tasks: TaskTracker,
}

impl Parts {
    fn joined(self, health: Arc<Health>) -> Exchange {
        let (notifications, phones) = (self.notifications(), self.phones());
        let needs = kiosks::Needs { store: self.store.clone(), clock: self.clock.clone(), counts: self.counts.clone() };
        let kiosks = Kiosks::new(needs, phones.clone());
        let texts = self.texts(phones.clone());
        let feedback = Feedback::new(feedback::Needs {
            store: self.store.clone(),
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            gate: self.gate.clone(),
            wake: self.wake.clone(),
            first: self.first.clone(),
        });
        let sign_ins = SignIns::new(sign_ins::Needs {
            counts: self.counts.clone(),
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            journal: self.board.journal.clone(),
        });
        let binds = Binds::new(self.store.clone(), self.clock.clone(), self.board.clone());
        let run = Run::new(run::Needs {
            binds: binds.clone(),
            inbox: self.store.clone(),
            mts: self.store.clone(),
            nodes: self.store.clone(),
            clock: self.clock.clone(),
            board: self.board.clone(),
            settings: self.settings.clone(),
            health,
            conversation: self.conversation.clone(),
            texts: texts.clone(),
            outbox: self.outbox.clone(),
            notifications: notifications.clone(),
            feedback,
            kiosks: kiosks.clone(),
            tasks: self.tasks.clone(),
            left: Notify::new(),
            first: self.first.clone(),
        });
        Exchange {
            ussd: self.ussd(texts.clone(), phones),
            agencies: self.agencies(),
            texts,
            notifications,
            kiosks,
            sign_ins,
            binds,
            run,
            outbox: self.outbox,
            conversation: self.conversation,
            clock: self.clock,
        }
    }

    fn notifications(&self) -> Notifications {
        Notifications::new(notifications::Needs {
            pushes: self.store.clone(),
            citizens: self.store.clone(),
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            counts: self.counts.clone(),
            gate: self.gate.clone(),
            outbox: self.outbox.clone(),
            segmenter: self.segmenter.clone(),
            notices: self.notices.clone(),
            wake: self.wake.clone(),
            first: self.first.clone(),
        })
    }

    fn agencies(&self) -> Agencies {
        Agencies::new(agencies::Needs {
            messages: self.store.clone(),
            citizens: self.store.clone(),
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            gate: self.gate.clone(),
            wake: self.wake.clone(),
        })
    }

    fn phones(&self) -> TextsToPhones {
        TextsToPhones::new(send::Needs {
            store: self.store.clone(),
            pushes: self.store.clone(),
            citizens: self.store.clone(),
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            counts: self.counts.clone(),
            wake: self.wake.clone(),
        })
    }

    fn texts(&self, phones: TextsToPhones) -> Texts {
        Texts::new(texts::Needs {
            inbox: self.store.clone(),
            parts: self.store.clone(),
            clock: self.clock.clone(),
            board: self.board.clone(),
            settings: self.settings.clone(),
            conversation: self.conversation.clone(),
            outbox: self.outbox.clone(),
            segmenter: self.segmenter.clone(),
            phones,
            tasks: self.tasks.clone(),
        })
    }

    fn ussd(&self, texts: Texts, phones: TextsToPhones) -> Ussd {
        Ussd::new(ussd::Needs {
            sessions: self.store.clone(),
            clock: self.clock.clone(),
            board: self.board.clone(),
            settings: self.settings.clone(),
            conversation: self.conversation.clone(),
            outbox: self.outbox.clone(),
            segmenter: self.segmenter.clone(),
            texts,
            notices: self.notices.clone(),
            phones,
        })
    }
}
