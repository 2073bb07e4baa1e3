//! The way back, where a channel has a key for it: every question knows the one it came from, so nothing is kept
//! of the way but what was chosen. Lists are asked for anew, as they may have changed.
use super::*;

/// The list that an answer was chosen from, as it was.
pub(in super::super) fn shown_again(dialogue: &Dialogue, flow: &Flow, _ctx: &Ctx<'_>) -> Turn {
    flow.clone().repeat(dialogue, false)
}

impl Flow {
    /// To the question before.
    pub(super) fn back(mut self, dialogue: &Dialogue, ctx: &Ctx<'_>) -> Turn {
        self.wrong = 0;
        let home = |flow: &Flow| {
            show_menu(dialogue, language::Spoken { language: flow.language, remember: None, told: false })
        };
        let asking = match self.at {
            At::Choosing(asking) => asking,
            At::Confirming => return self.unconfirm(dialogue, ctx),
            At::Words if self.task == Task::Info => return self.ask_again(dialogue, Asking::ServicesBy, ctx),
            At::Words | At::Awaiting(_) => return home(&self),
        };
        if self.page > 0 {
            self.page -= 1;
            return self.ask_again(dialogue, asking, ctx);
        }
        match asking {
            Asking::Task | Asking::ServicesBy => home(&self),
            Asking::Audience | Asking::Ministry => self.ask_again(dialogue, Asking::ServicesBy, ctx),
            Asking::AnyService | Asking::Service if self.draft.topic.is_some() => {
                self.draft.topic = None;
                self.ask_services(dialogue)
            }
            Asking::Topic if self.task == Task::Book => self.choose_office_again(dialogue, ctx),
            Asking::AnyService | Asking::Topic if self.draft.audience.is_some() => {
                self.ask_again(dialogue, Asking::Audience, ctx)
            }
            Asking::AnyService | Asking::Topic if self.draft.ministry.is_some() => {
                self.ask_again(dialogue, Asking::Ministry, ctx)
            }
            Asking::AnyService | Asking::Topic => self.ask_again(dialogue, Asking::ServicesBy, ctx),
            Asking::Place | Asking::Office | Asking::AnyOffice => self.wider(dialogue, ctx),
            Asking::Service => self.choose_office_again(dialogue, ctx),
            Asking::Day if self.task == Task::Move => self.choose_appointment_again(dialogue, ctx),
            Asking::Day if self.draft.wanted.is_some() => self.choose_office_again(dialogue, ctx),
            Asking::Day => {
                self.draft.service = None;
                self.ask_services(dialogue)
            }
            Asking::Hour => self.choose_day_again(dialogue, ctx),
            Asking::Appointment => self.ask_again(dialogue, Asking::Task, ctx),
        }
    }

    fn wider(self, dialogue: &Dialogue, ctx: &Ctx<'_>) -> Turn {
        let place = self.draft.place.clone().unwrap_or_default();
        match (place.len().checked_sub(2), self.task) {
            (Some(length), _) => self.browse(dialogue, &place[..length]),
            (None, Task::Book) => self.ask_again(dialogue, Asking::Task, ctx),
            (None, _) => show_menu(dialogue, language::Spoken { language: self.language, remember: None, told: false }),
        }
    }

    fn choose_office_again(mut self, dialogue: &Dialogue, ctx: &Ctx<'_>) -> Turn {
        self.draft.office = None;
        self.ask_again(dialogue, Asking::Place, ctx)
    }

    fn choose_day_again(mut self, dialogue: &Dialogue, ctx: &Ctx<'_>) -> Turn {
        self.draft.day = None;
        self.draft.slot = None;
        self.ask_slots(dialogue, Awaited::Days, ctx)
    }

    /// The only appointment there is was not chosen from a list.
    fn choose_appointment_again(self, dialogue: &Dialogue, ctx: &Ctx<'_>) -> Turn {
        let listed = self.shown == Some(Asking::Appointment);
        self.ask_again(dialogue, if listed { Asking::Appointment } else { Asking::Task }, ctx)
    }

    /// A no. The place that is held for the citizen is given up by itself.
    fn unconfirm(mut self, dialogue: &Dialogue, ctx: &Ctx<'_>) -> Turn {
        self.give_up();
        match self.task {
            Task::Cancel => self.choose_appointment_again(dialogue, ctx),
            _ if self.draft.day.is_some() => self.ask_slots(dialogue, Awaited::Hours, ctx),
            _ => self.choose_day_again(dialogue, ctx),
        }
    }

    fn give_up(&mut self) {
        self.draft.slot = None;
        self.draft.hold = None;
        self.draft.digits = None;
        self.draft.agreed = false;
        self.page = 0;
    }

    /// Where an answer leads back to: the list before it, but never to one that has been acted upon.
    pub(super) fn list_behind(mut self, view: &View) -> Option<Box<DialogueState>> {
        let done = matches!(view, View::Booked(_) | View::Moved(_) | View::Cancelled(_) | View::Uncertain | View::Menu);
        let shown = self.shown.filter(|_| self.caps.keys_only && !done)?;
        self.give_up();
        self.wrong = 0;
        self.at = At::Choosing(shown);
        Some(Box::new(DialogueState::Flow(Box::new(self))))
    }
}
