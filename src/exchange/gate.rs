//! The gate before the portal. Whoever asks by whichever door, a place is taken here before the portal is asked and
//! given back after a right answer, so that no more guesses than the limits ever reach it, however many come at once.
//! The portal is held here and nowhere else: it is asked with a [`Permit`], which only the gate can make, or with what
//! is [`Free`] because nothing is at stake. Knows no words of an answer.
use super::{Exchange, limits, limits::Verdict};
use crate::{
    dialogue::View,
    ports::{
        citizens::Tallies,
        portal::{Asker, Portal},
    },
    types::{
        Msisdn,
        civic::{Act, Answer, ChangeKind, Guess, PortalFault, Query, Stakes},
        limits::{
            COMPLAINTS_A_DAY, KIOSK_BOOKINGS_MAX, KIOSK_COMPLAINTS_MAX, KIOSK_HOLDS_MAX, KIOSK_PAYMENTS_MAX,
            KIOSK_RATINGS_MAX, KIOSK_SPAN, KIOSK_TICKETS_MAX, PINS_WRONG_MAX,
        },
        names::Channel,
    },
};
use std::{sync::Arc, time::Duration};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Where the portal is.
pub(super) struct Gate {
    port: Arc<dyn Portal>,
}

impl Gate {
    pub(super) fn new(port: Arc<dyn Portal>) -> Self {
        Gate { port }
    }
}

/// Who stands at the gate.
pub(super) enum Caller<'a> {
    /// A telephone, with what was counted for its number; kept in the commit that ends its turn.
    Number { number: Msisdn, channel: Channel, tallies: &'a mut Tallies },
    /// A visitor of a kiosk.
    Device { device: &'a str, proven: bool },
}

/// Why the portal is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// Too much came from here; that is to be said.
    SlowDown,
    /// That was said.
    Silence,
    /// Too much was guessed everywhere: a PIN is needed.
    AddPin,
    /// PINs of this code were wrong too often today.
    PinLocked,
    /// Digits of our questions were wrong too often today.
    DigitsLocked,
    /// It cannot be counted now, or nothing is left for anybody.
    Busy,
}

impl Shut {
    /// What is said of it; `None`: nothing.
    pub(super) fn view(self, query: &Query) -> Option<View> {
        let code = match query {
            Query::Application { code, .. } => Some(code.clone()),
            _ => None,
        };
        Some(match (self, code) {
            (Shut::Silence, _) => return None,
            (Shut::AddPin, Some(code)) => View::AddPin { code },
            (Shut::PinLocked, Some(code)) => View::PinLocked { code },
            (Shut::DigitsLocked, _) => View::CannotChange,
            (Shut::Busy, code) => View::PortalAway { code },
            (Shut::SlowDown | Shut::AddPin | Shut::PinLocked, _) => View::SlowDown,
        })
    }
}

/// A question at which nothing is at stake: anybody may ask it.
pub(super) struct Free<'q>(&'q Query);

impl<'q> Free<'q> {
    /// `None`: it takes a permit.
    pub(super) fn of(query: &'q Query) -> Option<Self> {
        (query.stakes() == Stakes::default()).then_some(Free(query))
    }
}

/// Leave to ask the portal one question, once.
pub(super) struct Permit<'q> {
    query: &'q Query,
    guess: bool,
    /// A place in the budget of all was taken.
    budget: bool,
    /// Windows in which a place was taken for the guess, and for what is used up.
    guesses: Vec<String>,
    acts: Vec<String>,
    /// Stands for the code with the asking number.
    mark: Option<u64>,
    /// The number has shown this code before.
    known: bool,
    /// The number's failures have reached their limit.
    over: bool,
}

impl<'q> Permit<'q> {
    fn plain(query: &'q Query) -> Self {
        let (guesses, acts) = (Vec::new(), Vec::new());
        Permit { query, guess: false, budget: false, guesses, acts, mark: None, known: false, over: false }
    }
}

/// What came of a question.
pub(super) struct Told {
    /// `None`: it did not come in time.
    pub(super) answer: Option<Answer>,
    /// A place in the budget of all stays taken.
    pub(super) spent: bool,
    /// It failed, and the caller has failed so often that it is not answered.
    pub(super) hushed: bool,
}

impl Exchange {
    /// Takes the places that a question needs.
    pub(super) async fn enter<'q>(&self, query: &'q Query, caller: &mut Caller<'_>) -> Result<Permit<'q>, Shut> {
        let mut permit = Permit::plain(query);
        let Stakes { guess, act } = query.stakes();
        if let Caller::Number { channel: Channel::Sms, tallies, .. } = caller
            && changes_an_appointment(query)
            && limits::digits_wrong_too_often(tallies, self.now())
        {
            return Err(Shut::DigitsLocked);
        }
        if let Some(guess) = guess {
            permit.guess = true;
            self.number_may(&mut permit, guess, caller)?;
            if !permit.known {
                permit.budget = self.take_place(guess.pin);
                if !permit.budget {
                    let bare = matches!(query, Query::Application { .. }) && !guess.pin;
                    return Err(if bare { Shut::AddPin } else { Shut::Busy });
                }
            }
        }
        let taken = self.take_windows(&mut permit, guess, act, caller).await;
        if let Err(shut) = taken {
            self.leave(&permit, true, true).await;
            return Err(shut);
        }
        Ok(permit)
    }

    /// A number's own limit. A code that it has shown is none of its guesses; a PIN beside it may be.
    fn number_may(&self, permit: &mut Permit<'_>, guess: Guess<'_>, caller: &mut Caller<'_>) -> Result<(), Shut> {
        let Caller::Number { number, tallies, .. } = caller else { return Ok(()) };
        if let Query::Application { code, .. } = permit.query {
            let digest = self.core.store.digest(&format!("shown {} {}", number.digits(), code.canonical()));
            let mark = u64::from_le_bytes(digest[..8].try_into().unwrap_or_default()).max(1);
            permit.mark = Some(mark);
            permit.known = !guess.pin && tallies.shown.contains(&mark);
        }
        let (now, rules) = (self.now(), &self.core.settings.rules);
        permit.over = !permit.known && limits::look_ups_failed_too_often(tallies, rules, now);
        if permit.over && !limits::look_up_beyond(tallies, now) {
            return Err(match limits::over(tallies, now) {
                Verdict::Notice => Shut::SlowDown,
                Verdict::Yes | Verdict::Withhold => Shut::Silence,
            });
        }
        Ok(())
    }

    async fn take_windows(
        &self,
        permit: &mut Permit<'_>,
        guess: Option<Guess<'_>>,
        act: Option<Act>,
        caller: &Caller<'_>,
    ) -> Result<(), Shut> {
        let most = self.core.settings.rules.fails_kiosk;
        if let (Some(_), Caller::Device { device, .. }, 1..) = (guess, caller, most) {
            let name = format!("kiosk-fails:{device}");
            self.take_window(&name, KIOSK_SPAN, most, Shut::SlowDown).await?;
            permit.guesses.push(name);
        }
        if let Some((name, span, most)) = act.and_then(|act| self.act_window(act, caller)) {
            self.take_window(&name, span, most, Shut::SlowDown).await?;
            permit.acts.push(name);
        }
        if let Some(Guess { name: code, pin: true }) = guess {
            let name = format!("pin:{}", self.stands_for(&format!("pin {code}")));
            self.take_window(&name, DAY, PINS_WRONG_MAX, Shut::PinLocked).await?;
            permit.guesses.push(name);
        }
        Ok(())
    }

    async fn take_window(&self, name: &str, span: Duration, most: u32, full: Shut) -> Result<(), Shut> {
        let window = (name.to_owned(), span.as_millis() as i64, most);
        match self.core.store.tally(vec![window], self.now()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(full),
            // what cannot be counted is not asked
            Err(_) => Err(Shut::Busy),
        }
    }

    /// Where something that is used up is counted, and how much there is of it.
    fn act_window(&self, act: Act, caller: &Caller<'_>) -> Option<(String, Duration, u32)> {
        let (device, proven) = match caller {
            Caller::Device { device, proven } => (device, *proven),
            Caller::Number { number, .. } => {
                let who = self.stands_for(number.digits());
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

    /// A keyed digest, so that a count tells nobody what is counted.
    fn stands_for(&self, what: &str) -> String {
        self.core.store.digest(what)[..16].iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Asks, and settles what the permit holds.
    pub(super) async fn ask_with(
        &self,
        permit: Permit<'_>,
        asker: Asker,
        until: Option<tokio::time::Instant>,
        caller: &mut Caller<'_>,
    ) -> Told {
        let asked = self.core.portal.port.ask(permit.query, asker);
        let answer = match until {
            // what it may have carried out is found again by its key
            Some(until) => tokio::time::timeout_at(until, asked).await.ok(),
            None => Some(asked.await),
        };
        let fault = answer.as_ref().and_then(Answer::fault);
        let failed = permit.guess && fault.is_some_and(PortalFault::may_be_guess);
        let undone = fault.is_some_and(|fault| fault != PortalFault::Uncertain);
        self.leave(&permit, !failed, undone).await;
        if let Caller::Number { tallies, .. } = caller {
            match permit.mark {
                _ if failed && !permit.known => limits::look_up_failed(tallies, self.now()),
                // it is not there any more
                Some(mark) if failed => tallies.shown.iter_mut().filter(|one| **one == mark).for_each(|one| *one = 0),
                Some(mark) if fault.is_none() && answer.is_some() => remember(tallies, mark),
                _ => {}
            }
        }
        Told { answer, spent: failed && permit.budget, hushed: failed && permit.over }
    }

    /// Gives back what was taken: for the guess when it told something, for an act when it was not done.
    async fn leave(&self, permit: &Permit<'_>, right: bool, undone: bool) {
        if right && permit.budget {
            self.give_place_back();
        }
        let mut names = if right { permit.guesses.clone() } else { Vec::new() };
        names.extend(permit.acts.iter().filter(|_| undone).cloned());
        if !names.is_empty() && self.core.store.untally(names, self.now()).await.is_err() {
            self.core.health.failed();
        }
    }

    /// Asks what anybody may ask.
    pub(super) async fn ask_freely(&self, free: Free<'_>, asker: Asker) -> Answer {
        self.core.portal.port.ask(free.0, asker).await
    }

    /// Asks about what the portal itself named in an event, or once more for a change that it was asked for: nobody
    /// typed it.
    pub(super) async fn ask_on_our_own(&self, query: &Query, asker: Asker) -> Answer {
        self.core.portal.port.ask(query, asker).await
    }
}

fn changes_an_appointment(query: &Query) -> bool {
    let Query::Change(change) = query else { return false };
    matches!(change.what, ChangeKind::Book { .. } | ChangeKind::Move { .. } | ChangeKind::Cancel { .. })
}

/// The last one first; none twice.
fn remember(tallies: &mut Tallies, mark: u64) {
    let at = tallies.shown.iter().position(|one| *one == mark).unwrap_or(tallies.shown.len() - 1);
    tallies.shown[..=at].rotate_right(1);
    tallies.shown[0] = mark;
}
