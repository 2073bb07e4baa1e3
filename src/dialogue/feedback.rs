//! What citizens have to say: a rating of 1 to 5 with words, a complaint and what became of it. Knows no words
//! of its own and no channel's format.
use super::keyword::{self, Command};
use super::{
    Ctx, Dialogue, DialogueState, Effect, Input, Turn, View, closed, language, obey, read_code, show_menu, tell,
};
use crate::types::civic::{Answer, Change, ChangeKind, Filed, PortalFault, Query};
use crate::types::{Language, limits};

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Feedback {
    at: At,
    language: Language,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum At {
    /// A rating is wanted; these words came before it.
    Rating(String),
    /// The words of a complaint are wanted.
    Complaint,
    /// The portal was told of a rating.
    Telling,
    /// The portal was told of a complaint.
    Complaining,
    /// The portal was asked what became of a complaint.
    Asking,
}

/// `COMMENT`, with what follows it.
pub(super) fn rate(dialogue: &Dialogue, rest: &str, spoken: language::Spoken) -> Turn {
    let feedback = Feedback { at: At::Rating(String::new()), language: spoken.language };
    remembering(feedback.rating(dialogue, rest), spoken)
}

/// `COMPLAINT`, with what follows it: words, or the reference of an earlier one.
pub(super) fn complain(dialogue: &Dialogue, rest: &str, spoken: language::Spoken) -> Turn {
    let feedback = Feedback { at: At::Complaint, language: spoken.language };
    let turn = if is_reference(rest) {
        feedback.ask(dialogue, At::Asking, Query::Complaint { reference: digits(rest) })
    } else {
        feedback.complaint(dialogue, rest)
    };
    remembering(turn, spoken)
}

fn digits(text: &str) -> String {
    crate::text::normal::narrow(text).chars().filter(char::is_ascii_digit).collect()
}

/// Whether it is the number of a complaint: it has at least eight digits and no words.
pub(super) fn is_reference(text: &str) -> bool {
    digits(text).len() >= 8 && !text.chars().any(char::is_alphabetic)
}

fn remembering(mut turn: Turn, spoken: language::Spoken) -> Turn {
    turn.remember_language = spoken.remember;
    turn
}

/// One step of it.
pub(super) fn step(dialogue: &Dialogue, feedback: &Feedback, input: Input, ctx: &Ctx<'_>) -> Turn {
    match input {
        Input::Start => show_menu(dialogue, language::usual(ctx)),
        Input::Text(text) => read(dialogue, feedback, &text, ctx),
        Input::Choice(choice) => super::chosen(dialogue, choice, ctx),
        Input::Answer(answer) => answered(dialogue, feedback, answer),
        Input::Timeout => feedback.end(dialogue, View::PortalAway { code: None }),
        Input::Hangup => closed(ctx),
    }
}

fn read(dialogue: &Dialogue, feedback: &Feedback, text: &str, ctx: &Ctx<'_>) -> Turn {
    let text = super::bounded(text);
    let reading = keyword::read(text);
    let spoken = language::of_text(text, &reading, ctx);
    let mut feedback = feedback.clone();
    if spoken.told && reading.number.is_none() {
        feedback.language = spoken.language;
    }
    if reading.number == Some(0) || reading.no {
        return show_menu(dialogue, spoken);
    }
    // a grade in words before the keywords: អន់ in Latin letters is ON
    if let (At::Rating(_), Some(grade)) = (&feedback.at, keyword::grade(text)) {
        let turn = feedback.rating(dialogue, &grade.to_string());
        return remembering(turn, spoken);
    }
    // the words of a complaint may begin like a keyword; only one that stands alone leaves
    let leaves = reading.command.filter(|_| reading.rest.is_empty());
    if let Some(Command::Language(wanted)) = leaves {
        feedback.language = wanted;
        let view = if feedback.at == At::Complaint { View::AskComplaint } else { View::AskRating };
        let mut turn = feedback.tell(dialogue, view);
        turn.remember_language = language::chosen(wanted, ctx).remember;
        return turn;
    }
    if let Some(command) = leaves {
        return obey(dialogue, command, "", spoken, ctx);
    }
    let turn = match &feedback.at {
        At::Rating(_) => match read_code(dialogue, text, spoken, ctx, |_, _| None) {
            Some(turn) => turn,
            None => feedback.rating(dialogue, text),
        },
        At::Complaint => feedback.complaint(dialogue, text),
        // who writes again has given up waiting
        At::Telling | At::Complaining | At::Asking => super::read_text(dialogue, text, ctx),
    };
    remembering(turn, spoken)
}

fn answered(dialogue: &Dialogue, feedback: &Feedback, answer: Answer) -> Turn {
    let feedback = feedback.clone();
    match answer {
        Answer::Filed(Ok(Filed::Passed(None))) => feedback.end(dialogue, View::Thanks),
        Answer::Filed(Ok(Filed::Kept { told })) => {
            let view = if feedback.at == At::Complaining { View::ComplaintKept { told } } else { View::RatingKept };
            feedback.end(dialogue, view)
        }
        Answer::Filed(Ok(Filed::Passed(Some(reference)))) => feedback.end(dialogue, View::ComplaintFiled { reference }),
        Answer::Complaint(Ok(complaint)) => feedback.end(dialogue, View::Complaint(Box::new(complaint))),
        Answer::Complaint(Err(PortalFault::NotFound)) => feedback.end(dialogue, View::NoSuchComplaint),
        Answer::Filed(Err(_)) | Answer::Complaint(Err(_)) => feedback.end(dialogue, View::PortalAway { code: None }),
        _ => feedback.end(dialogue, View::AskAgain),
    }
}

impl Feedback {
    /// `5 very good`, `very good 5`, or words without a number yet.
    fn rating(mut self, dialogue: &Dialogue, text: &str) -> Turn {
        let before = match &self.at {
            At::Rating(words) => words.clone(),
            _ => String::new(),
        };
        let narrow = crate::text::normal::narrow(text);
        let words: Vec<&str> = narrow.split_whitespace().collect();
        let grade = |word: &&str| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            matches!(word, "1" | "2" | "3" | "4" | "5").then(|| word.as_bytes()[0] - b'0')
        };
        let at = [words.first(), words.last()].into_iter().flatten().find_map(grade);
        let Some(rating) = at else {
            let missed = !text.trim().is_empty() && words.iter().all(|word| word.parse::<u32>().is_ok());
            self.at = At::Rating(join(&before, text));
            let mut turn = self.tell(dialogue, View::AskRating);
            turn.advanced = !missed;
            return turn;
        };
        let first = words.first().and_then(grade).is_some();
        let rest = if first { words[1..].join(" ") } else { words[..words.len() - 1].join(" ") };
        let text = join(&before, &rest);
        let text = (!text.is_empty()).then_some(text);
        self.ask(dialogue, At::Telling, change(ChangeKind::Feedback { rating, text }))
    }

    fn complaint(self, dialogue: &Dialogue, text: &str) -> Turn {
        let text = text.trim();
        if text.chars().filter(|c| c.is_alphanumeric()).count() < 3 {
            return self.tell(dialogue, View::AskComplaint);
        }
        let language = self.language;
        let what = ChangeKind::Complain { text: bounded(text), language };
        self.ask(dialogue, At::Complaining, change(what))
    }

    fn tell(self, dialogue: &Dialogue, view: View) -> Turn {
        let language = self.language;
        self.with(dialogue, language, Effect::Show(view))
    }

    fn ask(mut self, dialogue: &Dialogue, at: At, query: Query) -> Turn {
        self.at = at;
        let language = self.language;
        self.with(dialogue, language, Effect::Ask(query))
    }

    fn with(self, dialogue: &Dialogue, language: Language, effect: Effect) -> Turn {
        Turn {
            next: dialogue.at(DialogueState::Feedback(self)),
            language,
            remember_language: None,
            effects: vec![effect],
            advanced: true,
        }
    }

    fn end(&self, dialogue: &Dialogue, view: View) -> Turn {
        tell(dialogue, view, language::Spoken { language: self.language, remember: None, told: false })
    }
}

fn change(what: ChangeKind) -> Query {
    Query::Change(Change { what, attempt: 0 })
}

fn join(before: &str, text: &str) -> String {
    bounded(format!("{before} {text}").trim())
}

fn bounded(text: &str) -> String {
    text.chars().take(limits::TEXT_CHARS_MAX).collect()
}
