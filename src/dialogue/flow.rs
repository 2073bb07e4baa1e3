//! Conversations of several steps: appointments, services, offices. One shape for all: a list to choose from,
//! words to look for, a question to say yes to. Every step is answered by a number, 1 always leads on, 0 always
//! leads home, and a keyword or a code always leaves. Knows no words and no channel's format.
mod answers;
mod back;
mod inputs;

pub(super) use back::shown_again;

use super::view::{Again, Asking, Opt, View};
use super::{Caps, Choice, Ctx, Dialogue, DialogueState, Effect, Input, Turn, closed, language, show_menu};
use crate::types::civic::{
    Appointment, Audience, Change, ChangeKind, OfficeRef, OfficeSearch, PortalFault, Query, ServiceSearch,
};
use crate::types::{Language, UnixMs, limits::SERVICES_LISTED_MAX};
use jiff::{ToSpan, civil::Date};

/// What the citizen is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Task {
    /// The menu of appointments.
    Menu,
    Book,
    List,
    Move,
    Cancel,
    Info,
    Office,
}

impl From<super::view::AppointmentTask> for Task {
    fn from(task: super::view::AppointmentTask) -> Self {
        use super::view::AppointmentTask;
        match task {
            AppointmentTask::Book => Task::Book,
            AppointmentTask::List => Task::List,
            AppointmentTask::Move => Task::Move,
            AppointmentTask::Cancel => Task::Cancel,
        }
    }
}

/// Where in the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum At {
    /// Words are wanted: of a service or an office.
    Words,
    /// One of the options is wanted.
    Choosing(Asking),
    /// A yes, or the two digits of our text.
    Confirming,
    /// The portal was asked.
    Awaiting(Awaited),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Awaited {
    Offices,
    OfficeOfCode,
    OfficeDetail,
    Services,
    ServiceDetail,
    Days,
    Hours,
    Hold,
    Changed,
    Appointments,
    Places,
    Ministries,
    Topics,
}

/// What has been chosen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Draft {
    office: Option<OfficeRef>,
    /// Id and, unless it is private, name.
    service: Option<(String, Option<crate::types::civic::Localized>)>,
    /// Of the application that is booked for, canonical; only where the citizen is its contact.
    code: Option<String>,
    /// The appointment that is moved or cancelled.
    appointment: Option<Appointment>,
    day: Option<Date>,
    slot: Option<(String, UnixMs)>,
    hold: Option<String>,
    /// The portal keeps no places: nothing is held by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unheld: bool,
    /// To be sent back before a change.
    digits: Option<u8>,
    /// Places held so far: each is an intention of its own.
    holds: u8,
    /// Said yes to the slot: a hold that ended meanwhile is renewed without asking again.
    agreed: bool,
    words: Option<String>,
    /// What was looked for was not found; said with the next list.
    missed: bool,
    /// The appointment that the text named.
    reference: Option<String>,
    /// Code of the division whose parts and offices are listed; empty for the whole country.
    place: Option<String>,
    audience: Option<Audience>,
    ministry: Option<String>,
    /// What the services are about that are listed, where there were too many for one list.
    topic: Option<String>,
    /// What those services are about, by identifier, while the names are asked for.
    #[serde(default)]
    topics: Vec<String>,
    /// They are listed whole all the same: what they are about has no names.
    #[serde(default)]
    whole: bool,
    /// The service that is booked for, where that was chosen before the office.
    wanted: Option<(String, crate::types::civic::Localized)>,
}

/// A conversation of several steps.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Flow {
    task: Task,
    at: At,
    language: Language,
    draft: Draft,
    /// What was offered, in the order of its numbers.
    options: Vec<Opt>,
    page: u16,
    more: bool,
    /// Wrong answers in a row; after three the citizen is brought home.
    wrong: u8,
    /// What the list shown last held.
    shown: Option<Asking>,
    caps: Caps,
}

/// Options that one key each can choose, where 9 shows more and 0 goes back.
const KEYS: usize = 8;
/// Wrong answers in a row that are explained.
const WRONG_MAX: u8 = 3;
/// How far ahead free times are looked for; the contract's longest span.
const DAYS_AHEAD: i32 = 31;

/// Begins a task; `words` is what was written after its keyword.
pub(super) fn begin(dialogue: &Dialogue, task: Task, words: &str, spoken: language::Spoken, ctx: &Ctx<'_>) -> Turn {
    let words = words.trim();
    let mut flow = Flow::new(task, spoken.language, ctx);
    let keys_only = flow.caps.keys_only && words.is_empty();
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    let mut turn = match task {
        Task::Menu => flow.offer(dialogue, Asking::Task, Opt::TASKS.to_vec(), None),
        Task::Book | Task::Office if keys_only => flow.browse(dialogue, ""),
        Task::Info if keys_only => flow.offer(dialogue, Asking::ServicesBy, Opt::WAYS.to_vec(), None),
        Task::Book => {
            flow.draft.words = (!words.is_empty()).then(|| words.to_owned());
            flow.ask_offices(dialogue, ctx)
        }
        Task::List | Task::Move | Task::Cancel => {
            flow.draft.reference = (6..=12).contains(&digits.len()).then_some(digits);
            flow.ask(dialogue, Awaited::Appointments, Query::Appointments)
        }
        Task::Info if words.is_empty() => flow.tell(dialogue, View::AskService),
        Task::Office if words.is_empty() => flow.tell(dialogue, View::AskOffice),
        Task::Info => flow.search_services(dialogue, words),
        Task::Office => flow.search_offices(dialogue, words),
    };
    turn.remember_language = spoken.remember;
    turn
}

/// Begins a task with what a button knows already: which appointment, at which office, for which service.
pub(super) fn begin_with(
    dialogue: &Dialogue,
    task: Task,
    reference: Option<String>,
    office: Option<OfficeRef>,
    service: Option<(String, crate::types::civic::Localized)>,
    spoken: language::Spoken,
    ctx: &Ctx<'_>,
) -> Turn {
    let mut flow = Flow::new(task, spoken.language, ctx);
    flow.draft.wanted = service.filter(|_| task == Task::Book);
    match (task, office) {
        (Task::Book, Some(office)) => flow.at_office(dialogue, office, ctx),
        (Task::Book, None) if flow.draft.wanted.is_some() => flow.browse(dialogue, ""),
        (Task::Move | Task::Cancel, _) => {
            flow.draft.reference = reference;
            flow.ask(dialogue, Awaited::Appointments, Query::Appointments)
        }
        _ => begin(dialogue, task, "", spoken, ctx),
    }
}

/// One step of an open conversation.
pub(super) fn step(dialogue: &Dialogue, flow: &Flow, input: Input, ctx: &Ctx<'_>) -> Turn {
    // a conversation may go on over another channel
    let mut flow = flow.clone();
    flow.caps = ctx.caps();
    match input {
        Input::Start => show_menu(dialogue, language::usual(ctx)),
        Input::Text(text) => flow.read(dialogue, &text, ctx),
        Input::Choice(Choice::Back) => flow.back(dialogue, ctx),
        Input::Choice(choice) => super::chosen(dialogue, choice, ctx),
        Input::Answer(answer) => flow.answered(dialogue, answer, ctx),
        Input::Timeout => flow.failed(dialogue, PortalFault::Away),
        Input::Hangup => closed(ctx),
    }
}

impl Flow {
    /// Of a task that begins.
    fn new(task: Task, language: Language, ctx: &Ctx<'_>) -> Self {
        Flow {
            task,
            at: At::Words,
            language,
            draft: Draft::default(),
            options: Vec::new(),
            page: 0,
            more: false,
            wrong: 0,
            shown: None,
            caps: ctx.caps(),
        }
    }

    /// Stays where it is and says something.
    fn tell(self, dialogue: &Dialogue, view: View) -> Turn {
        let language = self.language;
        self.with(dialogue, language, vec![Effect::Show(view)])
    }

    fn with(self, dialogue: &Dialogue, language: Language, effects: Vec<Effect>) -> Turn {
        Turn {
            next: dialogue.at(DialogueState::Flow(Box::new(self))),
            language,
            remember_language: None,
            effects,
            advanced: true,
        }
    }

    /// Ends the conversation with something said.
    fn end(self, dialogue: &Dialogue, view: View) -> Turn {
        let language = self.language;
        let mut next = dialogue.at(DialogueState::Home);
        next.back = self.list_behind(&view);
        Turn { next, language, remember_language: None, effects: vec![Effect::Show(view)], advanced: true }
    }

    fn ask(mut self, dialogue: &Dialogue, awaited: Awaited, query: Query) -> Turn {
        self.at = At::Awaiting(awaited);
        let language = self.language;
        self.with(dialogue, language, vec![Effect::Ask(query)])
    }

    /// Shows one page of a list. `all` holds everything from the first page on.
    fn offer(mut self, dialogue: &Dialogue, asking: Asking, all: Vec<Opt>, again: Option<Again>) -> Turn {
        let size = if self.caps.keys_only { KEYS } else { asking.page() };
        let start = usize::from(self.page) * size;
        let start = if start >= all.len() { 0 } else { start };
        self.page = u16::try_from(start / size).unwrap_or(0);
        self.more = all.len() > size;
        self.options = all.into_iter().skip(start).take(size).collect();
        self.at = At::Choosing(asking);
        self.shown = Some(asking);
        let view = self.list(asking, again);
        self.tell(dialogue, view)
    }

    /// What lies in a division: its offices, and its parts that have any.
    fn browse(mut self, dialogue: &Dialogue, place: &str) -> Turn {
        self.draft.place = Some(place.to_owned());
        let search = OfficeSearch {
            within: self.draft.place.clone(),
            bookable: self.task == Task::Book,
            service: self.draft.wanted.as_ref().map(|(id, _)| id.clone()),
            ..OfficeSearch::default()
        };
        self.ask(dialogue, Awaited::Places, Query::Offices(search))
    }

    /// Books at this office: for the service that is wanted, or one of those that it offers.
    fn at_office(mut self, dialogue: &Dialogue, office: OfficeRef, ctx: &Ctx<'_>) -> Turn {
        self.draft.office = Some(office);
        (self.draft.topic, self.draft.whole) = (None, false);
        match self.draft.wanted.clone() {
            Some((id, name)) => {
                self.draft.service = Some((id, Some(name)));
                self.ask_slots(dialogue, Awaited::Days, ctx)
            }
            None => self.ask_services(dialogue),
        }
    }

    fn list(&self, asking: Asking, again: Option<Again>) -> View {
        View::Choose {
            asking,
            options: self.options.clone(),
            more: self.more,
            office: self.draft.office.clone(),
            day: self.draft.day,
            again,
        }
    }

    fn ask_offices(self, dialogue: &Dialogue, _ctx: &Ctx<'_>) -> Turn {
        let search = OfficeSearch { words: self.draft.words.clone(), bookable: true, ..OfficeSearch::default() };
        self.ask(dialogue, Awaited::Offices, Query::Offices(search))
    }

    fn search_services(mut self, dialogue: &Dialogue, words: &str) -> Turn {
        self.draft.words = Some(words.to_owned());
        (self.draft.topic, self.draft.audience, self.draft.ministry) = (None, None, None);
        self.page = 0;
        self.ask_services(dialogue)
    }

    fn ask_services(self, dialogue: &Dialogue) -> Turn {
        let booking = self.task == Task::Book;
        let search = ServiceSearch {
            words: if booking { None } else { self.draft.words.clone() },
            office: self.draft.office.as_ref().filter(|_| booking).map(|office| office.id.clone()),
            bookable: booking,
            id: None,
            audience: self.draft.audience.filter(|_| !booking),
            ministry: self.draft.ministry.clone().filter(|_| !booking),
            topic: self.draft.topic.clone(),
            group: None,
        };
        self.ask(dialogue, Awaited::Services, Query::Services(search))
    }

    fn search_offices(mut self, dialogue: &Dialogue, words: &str) -> Turn {
        self.draft.words = Some(words.to_owned());
        self.page = 0;
        let search = OfficeSearch {
            words: self.draft.words.clone(),
            bookable: self.task == Task::Book,
            ..OfficeSearch::default()
        };
        self.ask(dialogue, Awaited::Offices, Query::Offices(search))
    }

    /// Free times of the coming days, or of the chosen day.
    fn ask_slots(self, dialogue: &Dialogue, awaited: Awaited, ctx: &Ctx<'_>) -> Turn {
        let (Some(office), Some((service, _))) = (self.draft.office.clone(), self.draft.service.clone()) else {
            return self.end(dialogue, View::CannotChange);
        };
        let (from, to) = match (awaited, self.draft.day) {
            (Awaited::Hours, Some(day)) => (day, day),
            _ => (ctx.today(), ctx.today().checked_add(DAYS_AHEAD.days()).unwrap_or(Date::MAX)),
        };
        self.ask(dialogue, awaited, Query::Slots { office: office.id, service, from, to })
    }

    fn hold(mut self, dialogue: &Dialogue) -> Turn {
        let Some((slot, _)) = self.draft.slot.clone() else { return self.end(dialogue, View::AskAgain) };
        let change = Change { what: ChangeKind::Hold { slot }, attempt: self.draft.holds };
        self.draft.holds = self.draft.holds.saturating_add(1);
        self.draft.hold = None;
        self.ask(dialogue, Awaited::Hold, Query::Change(change))
    }

    /// What was agreed to, as a call to the portal.
    fn carry_out(self, dialogue: &Dialogue) -> Turn {
        match self.change() {
            Some(change) => self.ask(dialogue, Awaited::Changed, Query::Change(change)),
            None => self.end(dialogue, View::AskAgain),
        }
    }

    fn change(&self) -> Option<Change> {
        let draft = &self.draft;
        let what = match self.task {
            Task::Book => ChangeKind::Book {
                hold: draft.hold.clone()?,
                service: draft.service.as_ref()?.0.clone(),
                application: draft.code.clone(),
                language: self.language,
            },
            Task::Move => {
                ChangeKind::Move { reference: draft.appointment.as_ref()?.reference.clone(), hold: draft.hold.clone()? }
            }
            Task::Cancel => {
                let was = draft.appointment.as_ref()?;
                ChangeKind::Cancel { reference: was.reference.clone(), was: Some(Box::new(was.clone())) }
            }
            Task::Menu | Task::List | Task::Info | Task::Office => return None,
        };
        Some(Change { what, attempt: draft.holds })
    }

    fn confirm(mut self, dialogue: &Dialogue, again: bool, ctx: &Ctx<'_>) -> Turn {
        self.at = At::Confirming;
        if self.draft.digits.is_none() && !self.caps.sender_proven {
            // two digits that a forger of the sender does not see
            self.draft.digits = Some((10 + ctx.dice % 90) as u8);
        }
        match self.question(again) {
            Some(view) => self.tell(dialogue, view),
            None => self.end(dialogue, View::AskAgain),
        }
    }

    /// `None` where digits are needed and were not made.
    fn wanted_digits(&self) -> Option<Option<u8>> {
        (self.caps.sender_proven || self.draft.digits.is_some()).then_some(self.draft.digits)
    }

    fn question(&self, again: bool) -> Option<View> {
        let draft = &self.draft;
        Some(match self.task {
            Task::Book => View::ConfirmBooking {
                office: draft.office.clone()?,
                service: draft.service.clone()?.1,
                start: draft.slot.as_ref()?.1,
                held: !draft.unheld,
                digits: self.wanted_digits()?,
                again,
            },
            Task::Move => View::ConfirmMove {
                appointment: draft.appointment.clone()?,
                start: draft.slot.as_ref()?.1,
                held: !draft.unheld,
                digits: self.wanted_digits()?,
                again,
            },
            Task::Cancel => {
                View::ConfirmCancel { appointment: draft.appointment.clone()?, digits: self.wanted_digits()?, again }
            }
            Task::Menu | Task::List | Task::Info | Task::Office => return None,
        })
    }
}

#[cfg(test)]
mod tests;
