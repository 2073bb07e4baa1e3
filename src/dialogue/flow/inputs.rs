//! What the citizen writes in a conversation of several steps. Knows no answer of the portal.
use super::super::keyword::{self, Command, Reading};
use super::super::view::ServicesBy;
use super::super::{obey, read_code, show_menu};
use super::*;
use crate::text::places;
use crate::types::{RegistrationCode, gazetteer};

/// The division whose code was typed: 2, 4 or 6 digits.
fn division(text: &str) -> Option<&'static str> {
    let text = text.trim();
    matches!(text.len(), 2 | 4 | 6).then(|| gazetteer::by_code(text)).flatten().map(|division| division.code)
}

impl Flow {
    pub(super) fn read(mut self, dialogue: &Dialogue, text: &str, ctx: &Ctx<'_>) -> Turn {
        let text = super::super::bounded(text);
        // where a place is asked for its name is no keyword, whatever it begins like
        let place = self.wants_place() && text.contains(char::is_alphabetic) && places::is_name(text);
        let reading = if place { keyword::plain(text) } else { keyword::read(text) };
        let spoken = language::of_text(text, &reading, ctx);
        // a bare number or a name of a place tells nothing of the language that was spoken so far
        if spoken.told {
            self.language = spoken.language;
        }
        let mut turn = self.respond(dialogue, text, &reading, spoken, ctx);
        turn.remember_language = turn.remember_language.or(spoken.remember);
        turn
    }

    fn wants_place(&self) -> bool {
        match self.at {
            At::Words => self.task != Task::Info,
            At::Choosing(asking) => matches!(asking, Asking::Office | Asking::AnyOffice | Asking::Place),
            At::Confirming | At::Awaiting(_) => false,
        }
    }

    fn respond(
        self,
        dialogue: &Dialogue,
        text: &str,
        reading: &Reading,
        spoken: language::Spoken,
        ctx: &Ctx<'_>,
    ) -> Turn {
        let choosing_office =
            self.task == Task::Book && matches!(self.at, At::Choosing(Asking::Office | Asking::Place));
        if let Some(turn) = read_code(dialogue, text, spoken, ctx, |code, pin| {
            if self.is_proof(code) {
                return Some(self.clone().agree(dialogue));
            }
            choosing_office.then(|| {
                self.clone().ask(dialogue, Awaited::OfficeOfCode, Query::Application { code: code.clone(), pin })
            })
        }) {
            return turn;
        }
        if reading.number == Some(0) || reading.no {
            return show_menu(dialogue, spoken);
        }
        match reading.command {
            Some(Command::Language(wanted)) => return self.speak(dialogue, wanted, ctx),
            Some(command) => return obey(dialogue, command, &reading.rest, spoken, ctx),
            None => {}
        }
        match self.at {
            At::Words => self.words(dialogue, text),
            At::Choosing(asking) => self.choose(dialogue, asking, text, reading, ctx),
            At::Confirming => self.decide(dialogue, reading),
            // who writes again has given up waiting
            At::Awaiting(_) => super::super::read_text(dialogue, text, ctx),
        }
    }

    /// The same question in another language.
    fn speak(mut self, dialogue: &Dialogue, wanted: Language, ctx: &Ctx<'_>) -> Turn {
        self.language = wanted;
        let mut turn = self.repeat(dialogue, false);
        turn.remember_language = language::chosen(wanted, ctx).remember;
        turn
    }

    /// The question that is open, once more.
    pub(super) fn repeat(self, dialogue: &Dialogue, again: bool) -> Turn {
        let why = again.then_some(Again::NotOffered);
        let view = match self.at {
            At::Choosing(asking) => Some(self.list(asking, why)),
            At::Confirming => self.question(again),
            At::Words if self.task == Task::Info => Some(View::AskService),
            At::Words => Some(View::AskOffice),
            At::Awaiting(_) => None,
        };
        match view {
            Some(view) => self.tell(dialogue, view),
            None => self.end(dialogue, View::AskAgain),
        }
    }

    fn words(self, dialogue: &Dialogue, text: &str) -> Turn {
        match self.task {
            Task::Info => self.search_services(dialogue, text),
            _ => self.search_offices(dialogue, text),
        }
    }

    fn choose(mut self, dialogue: &Dialogue, asking: Asking, text: &str, reading: &Reading, ctx: &Ctx<'_>) -> Turn {
        if let Some(place) = division(text).filter(|_| asking == Asking::Place) {
            self.wrong = 0;
            return self.take(dialogue, Opt::Place(place.to_owned()), ctx);
        }
        let chosen = match reading.number {
            Some(number @ 1..=8) => self.options.get(number as usize - 1).cloned(),
            _ if reading.yes => self.options.first().cloned(),
            _ => None,
        };
        if let Some(option) = chosen {
            self.wrong = 0;
            return self.take(dialogue, option, ctx);
        }
        if (reading.number == Some(9) || reading.more) && self.more {
            self.page = self.page.saturating_add(1);
            return self.ask_again(dialogue, asking, ctx);
        }
        let four_digits = text.chars().filter(|c| c.is_alphanumeric()).count() == 4;
        match (asking, reading.number) {
            (Asking::Office | Asking::AnyOffice, None) => self.search_offices(dialogue, text),
            (Asking::AnyService, None) => self.search_services(dialogue, text),
            (Asking::Topic, None) if self.task == Task::Info => self.search_services(dialogue, text),
            (Asking::AnyService | Asking::ServicesBy | Asking::Audience | Asking::Ministry, Some(_)) if four_digits => {
                self.search_services(dialogue, text)
            }
            _ => self.mistaken(dialogue),
        }
    }

    /// The next page: asked anew, as it may have changed.
    pub(super) fn ask_again(self, dialogue: &Dialogue, asking: Asking, ctx: &Ctx<'_>) -> Turn {
        match asking {
            Asking::Task => self.offer(dialogue, asking, Opt::TASKS.to_vec(), None),
            Asking::Office => self.ask_offices(dialogue, ctx),
            Asking::Service | Asking::AnyService | Asking::Topic => self.ask_services(dialogue),
            Asking::AnyOffice => {
                let words = self.draft.words.clone();
                self.ask(dialogue, Awaited::Offices, Query::Offices(OfficeSearch { words, ..OfficeSearch::default() }))
            }
            Asking::Day => self.ask_slots(dialogue, Awaited::Days, ctx),
            Asking::Hour => self.ask_slots(dialogue, Awaited::Hours, ctx),
            Asking::Appointment => self.ask(dialogue, Awaited::Appointments, Query::Appointments),
            Asking::ServicesBy => self.offer(dialogue, asking, Opt::WAYS.to_vec(), None),
            Asking::Audience => self.offer(dialogue, asking, Audience::ALL.map(Opt::Audience).to_vec(), None),
            Asking::Ministry => self.ask(dialogue, Awaited::Ministries, Query::Ministries),
            Asking::Place => {
                let place = self.draft.place.clone().unwrap_or_default();
                self.browse(dialogue, &place)
            }
        }
    }

    /// An answer that fits nothing: the same once more with a line of help, after three home.
    fn mistaken(mut self, dialogue: &Dialogue) -> Turn {
        self.wrong = self.wrong.saturating_add(1);
        let mut turn =
            if self.wrong >= WRONG_MAX { self.end(dialogue, View::Menu) } else { self.repeat(dialogue, true) };
        turn.advanced = false;
        turn
    }

    pub(super) fn take(mut self, dialogue: &Dialogue, option: Opt, ctx: &Ctx<'_>) -> Turn {
        self.page = 0;
        match option {
            Opt::Task(task) => {
                let spoken = language::Spoken { language: self.language, remember: None, told: false };
                begin(dialogue, task.into(), "", spoken, ctx)
            }
            Opt::Office { office, .. } if self.task == Task::Office => {
                let id = office.id.clone();
                self.draft.office = Some(office);
                self.ask(dialogue, Awaited::OfficeDetail, Query::Office { id })
            }
            Opt::Office { office, .. } => self.at_office(dialogue, office, ctx),
            Opt::Topic { id, .. } => {
                self.draft.topic = Some(id);
                self.ask_services(dialogue)
            }
            Opt::Service { id, .. } if self.task == Task::Info => {
                let search = ServiceSearch { id: Some(id), ..ServiceSearch::default() };
                self.ask(dialogue, Awaited::ServiceDetail, Query::Services(search))
            }
            Opt::Service { id, name, .. } => {
                self.draft.service = Some((id, Some(name)));
                self.ask_slots(dialogue, Awaited::Days, ctx)
            }
            Opt::Day(day) => {
                self.draft.day = Some(day);
                self.ask_slots(dialogue, Awaited::Hours, ctx)
            }
            Opt::Hour { start, .. } if self.is_same(start) => match self.draft.appointment.clone() {
                Some(appointment) => self.end(dialogue, View::Unchanged(appointment)),
                None => self.end(dialogue, View::AskAgain),
            },
            Opt::Hour { slot, start } => {
                self.draft.slot = Some((slot, start));
                self.draft.agreed = false;
                self.hold(dialogue)
            }
            Opt::Appointment(appointment) => self.take_appointment(dialogue, appointment, ctx),
            Opt::By(ServicesBy::Audience) => self.ask_again(dialogue, Asking::Audience, ctx),
            Opt::By(ServicesBy::Ministry) => self.ask_again(dialogue, Asking::Ministry, ctx),
            Opt::By(ServicesBy::Number) => {
                self.at = At::Words;
                self.tell(dialogue, View::AskService)
            }
            Opt::Audience(audience) => {
                (self.draft.audience, self.draft.ministry) = (Some(audience), None);
                (self.draft.words, self.draft.topic) = (None, None);
                self.ask_services(dialogue)
            }
            Opt::Ministry { id, .. } => {
                (self.draft.audience, self.draft.ministry) = (None, Some(id));
                (self.draft.words, self.draft.topic) = (None, None);
                self.ask_services(dialogue)
            }
            Opt::Place(code) => self.browse(dialogue, &code),
        }
    }

    pub(super) fn take_appointment(mut self, dialogue: &Dialogue, appointment: Appointment, ctx: &Ctx<'_>) -> Turn {
        self.draft.office = Some(appointment.office.clone());
        self.draft.service = appointment.service.id.clone().map(|id| (id, appointment.service.name.clone()));
        self.draft.appointment = Some(appointment);
        match self.task {
            Task::Move => self.ask_slots(dialogue, Awaited::Days, ctx),
            _ => self.confirm(dialogue, false, ctx),
        }
    }

    /// Whether an appointment would be moved to the time that it has.
    fn is_same(&self, start: UnixMs) -> bool {
        self.task == Task::Move && self.draft.appointment.as_ref().is_some_and(|one| one.start == start)
    }

    /// Whether a code agrees to what is asked as its digits do: the code of the application that is booked for, of
    /// which the asking number is a contact. Who forges the number does not see our digits, and must know that code.
    fn is_proof(&self, code: &RegistrationCode) -> bool {
        self.at == At::Confirming
            && self.task == Task::Book
            && self.draft.code.as_deref().is_some_and(|booked| booked == code.canonical())
    }

    fn agree(mut self, dialogue: &Dialogue) -> Turn {
        self.draft.agreed = true;
        self.wrong = 0;
        self.carry_out(dialogue)
    }

    fn decide(self, dialogue: &Dialogue, reading: &Reading) -> Turn {
        let agreed = match self.draft.digits {
            Some(digits) => reading.number == Some(u32::from(digits)),
            None => reading.number == Some(1) || reading.yes,
        };
        if agreed {
            return self.agree(dialogue);
        }
        let guessed = self.draft.digits.is_some() && reading.number.is_some();
        let mut turn = self.mistaken(dialogue);
        if guessed {
            turn.effects.push(Effect::DigitsWrong);
        }
        turn
    }
}
