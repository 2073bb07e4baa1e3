//! The gate before the portal. Whoever asks by whichever door, a place is taken here before the portal is asked and
//! given back after a right answer, so that no more guesses than the limits ever reach it, however many come at once.
//! The portal is held here and nowhere else: it is asked with a [`Permit`], which only the gate can make, or with what
//! is [`Free`] because nothing is at stake. Knows no words of an answer.
use super::{
    budget::{ALL, Budget, KEPT_FOR_PINS, Lent},
    counts::{Counts, DAY, HOUR, WindowPlace},
    limits::{self, LimitVerdict},
    shut::{Full, Shut},
};
use crate::{
    exchange::settings::Settings,
    ports::{
        audit::{Entry, Journal, Who},
        citizens::NumberWindows,
        clock::Clock,
        portal::{Abilities, Asker, Portal},
    },
    types::{
        Msisdn,
        civic::{Act, Answer, ChangeKind, Guess, PortalFault, Query, Stakes},
        limits::{
            COMPLAINTS_A_DAY, KIOSK_BOOKINGS_MAX, KIOSK_COMPLAINTS_MAX, KIOSK_HOLDS_MAX, KIOSK_PAYMENTS_MAX,
            KIOSK_RATINGS_MAX, KIOSK_SPAN, KIOSK_TICKETS_MAX, LOOK_UPS_BEYOND_MAX, PINS_NEAR_SPAN, PINS_WRONG_FAR_MAX,
            PINS_WRONG_MAX, PINS_WRONG_NEAR_MAX, VISIT_GUESSES,
        },
        names::Channel,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

/// Where the portal is. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    core: Arc<Core>,
}

struct Core {
    portal: Arc<dyn Portal>,
    counts: Counts,
    budget: Budget,
    /// Guesses that may be in hand at once: half of the budget of all. A crowd with right codes gives its places back,
    /// so it waits for its turn instead of being told that the budget is spent.
    hands: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    /// What was changed in a citizen's name is noted here.
    journal: Arc<Journal>,
}

/// Who stands at the gate.
pub enum Caller<'a> {
    /// A telephone, with what was counted for its number; kept in the commit that ends its turn.
    Number {
        /// The number.
        number: Msisdn,
        /// By which channel it asks.
        channel: Channel,
        /// What was counted for it.
        windows: &'a mut NumberWindows,
    },
    /// A visitor of a kiosk.
    Device {
        /// Its name.
        device: &'a str,
        /// The number that the visitor has proven.
        number: Option<Msisdn>,
        /// Names the visit, where the page carries it.
        visit: Option<uuid::Uuid>,
    },
}

/// A question at which nothing is at stake: anybody may ask it.
pub struct Free<'q>(&'q Query);

impl<'q> Free<'q> {
    /// `None`: it takes a permit.
    pub fn of(query: &'q Query) -> Option<Self> {
        (query.stakes() == Stakes::default()).then_some(Free(query))
    }
}

/// Leave to ask the portal one question, once.
pub struct Permit<'q> {
    query: &'q Query,
    guess: bool,
    /// Windows in which a place was taken for the guess, and for what is used up.
    guesses: Vec<String>,
    acts: Vec<String>,
    /// Stands for the code with the asking number.
    mark: Option<u64>,
    /// The number has shown this code before.
    known: bool,
    /// The number's failures have reached their limit.
    over: bool,
    /// For a telephone's look-up by code alone, instead of windows for its guess.
    lent: Option<Lent>,
    /// Held until the places are given back.
    hand: Option<OwnedSemaphorePermit>,
}

impl<'q> Permit<'q> {
    fn plain(query: &'q Query) -> Self {
        let (guesses, acts) = (Vec::new(), Vec::new());
        Permit { query, guess: false, guesses, acts, mark: None, known: false, over: false, lent: None, hand: None }
    }
}

/// What came of a question.
pub struct Told {
    /// `None`: it did not come in time.
    pub answer: Option<Answer>,
    /// It failed, and the caller has failed so often that it is not answered.
    pub hushed: bool,
}

impl Gate {
    /// Before this portal; `tasks`: what is still to be counted when nobody waits for it any more.
    pub fn new(
        portal: Arc<dyn Portal>,
        counts: Counts,
        clock: Arc<dyn Clock>,
        settings: Arc<Settings>,
        tasks: TaskTracker,
        journal: Arc<Journal>,
    ) -> Self {
        let all = settings.rules.fails_hour_all;
        let most = match all {
            0 => Semaphore::MAX_PERMITS,
            all => (all / 2).max(1) as usize,
        };
        let budget = Budget::new(counts.clone(), Arc::clone(&clock), all, tasks);
        let hands = Arc::new(Semaphore::new(most));
        Gate { core: Arc::new(Core { portal, counts, budget, hands, clock, settings, journal }) }
    }

    /// Takes the places that a question needs, all of them or none, in a commit before the portal is asked: what is in
    /// hand when the process dies stays counted. A telephone's look-up by code alone takes its place from a block that was
    /// committed before (`budget`).
    pub async fn enter<'q>(&self, query: &'q Query, caller: &mut Caller<'_>) -> Result<Permit<'q>, Shut> {
        let mut permit = Permit::plain(query);
        let Stakes { guess, act } = query.stakes();
        if let Caller::Number { number, channel: Channel::Sms, .. } = caller
            && changes_an_appointment(query)
        {
            self.core.counts.digits_may(*number).await?;
        }
        if let Some(guess) = guess {
            permit.guess = true;
            self.recognise(&mut permit, guess, caller);
            if !permit.known {
                permit.hand = Some(self.a_hand(caller).await?);
            }
        }
        let mut places = self.places_of_a_guess(&permit, guess, caller);
        let acts = act.and_then(|act| self.act_window(act, caller));
        permit.guesses = places.iter().map(|place| place.name.clone()).collect();
        permit.acts = acts.iter().map(|(name, ..)| name.clone()).collect();
        places.extend(acts.map(|(name, span, most)| WindowPlace {
            name,
            span,
            most,
            full: Full::Said(Shut::SlowDown),
        }));
        let own = match (guess, &*caller) {
            (Some(Guess { pin: false, .. }), Caller::Number { number, .. })
                if !permit.known && matches!(query, Query::Application { .. }) =>
            {
                Some(*number)
            }
            _ => None,
        };
        let taken = match own {
            Some(number) => self.core.budget.lend(number).await.map(Some),
            None => self.core.counts.take(&places).await.map(|()| None),
        };
        match taken {
            Ok(lent) => {
                if lent.is_some() {
                    permit.guesses.clear();
                }
                permit.lent = lent;
                return Ok(permit);
            }
            Err(Full::Said(shut)) => return Err(shut),
            Err(Full::Number | Full::Wait) => {}
        }
        // the number's own places are taken: there are some beyond, for what is right
        let Caller::Number { number, windows, .. } = caller else { return Err(Shut::SlowDown) };
        let own = |place: &WindowPlace| matches!(place.full, Full::Number);
        let most = LOOK_UPS_BEYOND_MAX;
        let name = format!("guesses-beyond:{}", self.core.counts.stands_for(number.digits()));
        permit.guesses.retain(|name| !places.iter().any(|place| own(place) && place.name == *name));
        permit.guesses.push(name.clone());
        permit.over = true;
        places.retain(|place| !own(place));
        places.insert(0, WindowPlace { name, span: DAY, most, full: Full::Number });
        match self.core.counts.take(&places).await {
            Ok(()) => Ok(permit),
            Err(Full::Said(shut)) => Err(shut),
            Err(Full::Number | Full::Wait) => Err(match limits::over(windows, self.core.clock.now()) {
                LimitVerdict::Notice => Shut::SlowDown,
                LimitVerdict::Yes | LimitVerdict::Withhold => Shut::Silence,
            }),
        }
    }

    /// Waits until fewer guesses are in hand, no longer than for an answer of the portal.
    async fn a_hand(&self, caller: &Caller<'_>) -> Result<OwnedSemaphorePermit, Shut> {
        let settings = &self.core.settings;
        let patience = match caller {
            Caller::Number { channel: Channel::Sms, .. } => settings.timeout_sms,
            _ => settings.timeout_ussd,
        };
        let hand = Arc::clone(&self.core.hands).acquire_owned();
        tokio::time::timeout(patience, hand).await.ok().and_then(Result::ok).ok_or(Shut::Busy)
    }

    /// A code that a number has shown is none of its guesses; a PIN beside it may be.
    fn recognise(&self, permit: &mut Permit<'_>, guess: Guess<'_>, caller: &Caller<'_>) {
        let (Caller::Number { number, windows, .. }, Query::Application { code, .. }) = (caller, permit.query) else {
            return;
        };
        let mark = self.core.counts.mark(&format!("shown {} {}", number.digits(), code.canonical()));
        permit.mark = Some(mark);
        permit.known = !guess.pin && windows.shown.contains(&mark);
    }

    /// Where a guess is counted, in the order in which a full one is told.
    fn places_of_a_guess(
        &self,
        permit: &Permit<'_>,
        guess: Option<Guess<'_>>,
        caller: &Caller<'_>,
    ) -> Vec<WindowPlace> {
        let (Some(guess), false) = (guess, permit.known) else { return Vec::new() };
        let rules = &self.core.settings.rules;
        let said = |name: String, span, most, shut| WindowPlace { name, span, most, full: Full::Said(shut) };
        let mut places = Vec::new();
        if let Caller::Number { number, .. } = caller {
            for (name, span, most) in self.core.counts.windows_of(*number) {
                places.push(WindowPlace { name, span, most, full: Full::Number });
            }
        }
        let bare = matches!(permit.query, Query::Application { .. }) && !guess.pin;
        // the last places are kept for codes with their PIN
        let all = rules.fails_hour_all;
        let all = if guess.pin { all } else { all - all / KEPT_FOR_PINS };
        let pin_helps = matches!(permit.query, Query::Application { code, .. } if code.asked_at().takes_factors);
        let spent = if bare && pin_helps { Shut::AddPin } else { Shut::Busy };
        places.push(said(ALL.to_owned(), HOUR, all, spent));
        if let Caller::Device { device, number, visit } = caller {
            places.extend(self.places_at_a_kiosk(device, *number, *visit));
        }
        if guess.pin {
            let code = self.core.counts.stands_for(&format!("pin {}", guess.name));
            if let Caller::Number { .. } = caller {
                places.push(said(format!("pin-far:{code}"), DAY, PINS_WRONG_FAR_MAX, Shut::PinLocked));
            }
            places.push(said(format!("pin:{code}"), DAY, PINS_WRONG_MAX, Shut::PinLocked));
            if let Caller::Device { .. } = caller {
                let (name, full) = (format!("pin-near:{code}"), Full::Wait);
                places.push(WindowPlace { name, span: PINS_NEAR_SPAN, most: PINS_WRONG_NEAR_MAX, full });
            }
        }
        // what is not limited is not counted: a count is a write
        places.retain(|place| place.most > 0);
        places
    }

    /// Where a visitor's guess is counted. A visit waits before the kiosk does, so that nobody locks it for everybody; who
    /// proved a number is counted for that and not for the kiosk, so that a kiosk that others have filled still serves.
    fn places_at_a_kiosk(&self, device: &str, number: Option<Msisdn>, visit: Option<uuid::Uuid>) -> Vec<WindowPlace> {
        let wait = |name, span, most| WindowPlace { name, span, most, full: Full::Wait };
        let most = self.core.settings.rules.fails_kiosk;
        let mut places = match number {
            Some(number) => {
                let own = self.core.counts.windows_of(number).into_iter();
                own.map(|(name, span, most)| wait(name, span, most)).collect()
            }
            None => vec![wait(format!("kiosk-fails:{device}"), KIOSK_SPAN, most)],
        };
        // without a limit for the kiosk there is none for a visit
        if let Some(visit) = visit.filter(|_| most > 0) {
            let own = VISIT_GUESSES.into_iter().enumerate();
            places.extend(own.map(|(nth, (span, most))| wait(format!("visit-fails-{nth}:{visit}"), span, most)));
        }
        places
    }

    /// Where something that is used up is counted, and how much there is of it.
    fn act_window(&self, act: Act, caller: &Caller<'_>) -> Option<(String, Duration, u32)> {
        let (device, proven) = match caller {
            Caller::Device { device, number, .. } => (device, number.is_some()),
            Caller::Number { number, .. } => {
                let who = self.core.counts.stands_for(number.digits());
                return (act == Act::Complain).then(|| (format!("complaints:{who}"), DAY, COMPLAINTS_A_DAY));
            }
        };
        let (what, most) = match act {
            // a number that was proven is the portal's to bound
            Act::Hold | Act::Book if proven => return None,
            Act::Hold => ("holds", KIOSK_HOLDS_MAX),
            Act::Book => ("bookings", KIOSK_BOOKINGS_MAX),
            Act::Ticket => ("tickets", KIOSK_TICKETS_MAX),
            Act::Complain => ("complaints", KIOSK_COMPLAINTS_MAX),
            Act::Rate => ("ratings", KIOSK_RATINGS_MAX),
            Act::Pay => ("payments", KIOSK_PAYMENTS_MAX),
        };
        Some((format!("kiosk-{what}:{device}"), KIOSK_SPAN, most))
    }

    /// Asks, and settles what the permit holds.
    pub async fn ask_with(
        &self,
        mut permit: Permit<'_>,
        asker: Asker,
        until: Option<tokio::time::Instant>,
        caller: &mut Caller<'_>,
    ) -> Told {
        let asked = self.core.portal.ask(permit.query, asker);
        let answer = match until {
            // what it may have carried out is found again by its key
            Some(until) => tokio::time::timeout_at(until, asked).await.ok(),
            None => Some(asked.await),
        };
        self.note(permit.query, asker, answer.as_ref());
        let fault = answer.as_ref().and_then(Answer::fault);
        let failed = permit.guess && fault.is_some_and(PortalFault::may_be_guess);
        // what is kept to be passed on later is used up now
        let undone = fault.is_some_and(|fault| fault != PortalFault::Uncertain && !is_kept(permit.query, fault));
        match permit.lent.take() {
            Some(lent) if failed => lent.wrong().await,
            Some(lent) => lent.right(),
            None => {}
        }
        self.leave(&permit, !failed, undone).await;
        if let Caller::Number { windows, .. } = caller {
            match permit.mark {
                // it is not there any more
                Some(mark) if failed => windows.shown.iter_mut().filter(|one| **one == mark).for_each(|one| *one = 0),
                Some(mark) if fault.is_none() && answer.is_some() => remember(windows, mark),
                _ => {}
            }
        }
        Told { answer, hushed: failed && permit.over }
    }

    /// Gives back what was taken: for the guess when it told something, for an act when it was not done.
    async fn leave(&self, permit: &Permit<'_>, right: bool, undone: bool) {
        let mut names = if right { permit.guesses.clone() } else { Vec::new() };
        names.extend(permit.acts.iter().filter(|_| undone).cloned());
        self.core.counts.give_back(names).await;
    }

    /// What the portal offers.
    pub fn abilities(&self) -> Abilities {
        self.core.portal.abilities()
    }

    /// Counts a wrong answer to a question that wants digits back.
    pub async fn digits_wrong(&self, number: Msisdn) {
        self.core.counts.digits_wrong(number).await;
    }

    /// Gives back to the store what nobody uses.
    pub async fn settle(&self) {
        self.core.budget.settle().await;
    }

    /// Asks what anybody may ask.
    pub async fn ask_freely(&self, free: Free<'_>, asker: Asker) -> Answer {
        self.core.portal.ask(free.0, asker).await
    }

    /// Asks about what the portal itself named in an event, or once more for a change that it was asked for: nobody
    /// typed it.
    pub async fn ask_on_our_own(&self, query: &Query, asker: Asker) -> Answer {
        let answer = self.core.portal.ask(query, asker).await;
        self.note(query, asker, Some(&answer));
        answer
    }

    /// Notes what was to be changed at the portal and what came of it, under the key by which the portal knows it. It is written with
    /// the commit that ends the turn, or before.
    fn note(&self, query: &Query, asker: Asker, answer: Option<&Answer>) {
        let Query::Change(change) = query else { return };
        let result = match answer.map(Answer::fault) {
            Some(None) => "done".to_owned(),
            Some(Some(fault)) => fault.to_string(),
            None => PortalFault::Uncertain.to_string(),
        };
        let key = asker.key.map_or_else(String::new, |key| key.as_hyphenated().to_string());
        let what = format!("portal.{}", verb(&change.what));
        let entry = Entry::new(self.core.clock.now(), Who::Citizen, what, key);
        self.core.journal.note(entry.with("result", result).with("channel", asker.channel.as_str()));
    }
}

/// What the audit log calls a change.
fn verb(what: &ChangeKind) -> &'static str {
    match what {
        ChangeKind::Hold { .. } => "hold",
        ChangeKind::Book { .. } => "book",
        ChangeKind::Move { .. } => "move",
        ChangeKind::Cancel { .. } => "cancel",
        ChangeKind::Feedback { .. } => "rate",
        ChangeKind::Pay { .. } => "pay",
        ChangeKind::Ticket { .. } => "ticket",
        ChangeKind::Complain { .. } => "complain",
    }
}

fn is_kept(query: &Query, fault: PortalFault) -> bool {
    matches!(query, Query::Change(change) if change.what.is_kept_when(fault))
}

fn changes_an_appointment(query: &Query) -> bool {
    let Query::Change(change) = query else { return false };
    matches!(change.what, ChangeKind::Book { .. } | ChangeKind::Move { .. } | ChangeKind::Cancel { .. })
}

/// The last one first; none twice.
fn remember(windows: &mut NumberWindows, mark: u64) {
    let at = windows.shown.iter().position(|one| *one == mark).unwrap_or(windows.shown.len() - 1);
    windows.shown[..=at].rotate_right(1);
    windows.shown[0] = mark;
}
