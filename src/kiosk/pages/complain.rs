//! A complaint: what it is about, by touch alone, then as many words as one likes, and a number to be called back. It must
//! not know what becomes of it.
use crate::{
    kiosk::{
        context::PageContext,
        parts::{
            choices::{ChoicesPage, Choose},
            digits::DigitsPage,
            frame::{Back, Frame},
            keepsake::{arrived, kept_page},
            message::MessagePage,
            phone::masked,
        },
        respond::page,
        state::KioskState,
        texts::{KeepWords, Lang, Notice, VisitWords},
        visit::{
            form::Sent,
            state::{Came, VisitState},
            typed::{PHONE_MAX, Typed, most, pressed},
        },
    },
    types::{
        Msisdn,
        civic::{Answer, Change, ChangeKind, Filed, Query},
    },
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

/// Longest complaint, in characters.
const COMPLAINT_MAX: usize = 1_000;
/// Icons of the subjects.
const ICONS: [&str; 6] = ["coins", "clock", "paper", "face-1", "receipt", "pencil"];
/// The subject that says nothing by itself.
const SOMETHING_ELSE: u8 = 5;

#[derive(Template)]
#[template(path = "complain.html")]
struct ComplainPage {
    frame: Frame,
    visit_words: &'static VisitWords,
    words: &'static KeepWords,
    subject: &'static str,
    notice: Option<Notice>,
    text: String,
    most: usize,
    /// The number to be called back, as it may be shown.
    call: Option<String>,
    phone: String,
    visit: String,
}

/// `GET /kiosk/{lang}/complain`
pub async fn ask(context: PageContext) -> Response {
    subjects_page(&context, Typed::default())
}

/// What it is about; nothing has to be written.
fn subjects_page(context: &PageContext, typed: Typed) -> Response {
    let words = context.lang.keep();
    let choices = (0..).zip(words.subjects).zip(ICONS).map(|((nth, title), icon)| Choose {
        key: format!("s{nth}"),
        icon,
        title: title.to_owned(),
        note: None,
    });
    let frame = context.frame(words.subject_title, "complain", Back::In("feedback".into())).keeping(typed, "subjects");
    page(StatusCode::OK, &ChoicesPage { frame, short: false, lead: None, notice: None, choices: choices.collect() })
}

/// What the form of the complaint keeps from page to page.
struct Draft {
    visit: VisitState,
    phone: String,
}

impl Draft {
    fn subject(&self) -> u8 {
        self.visit.complaint.as_ref().map_or(SOMETHING_ELSE, |(subject, _)| *subject)
    }

    fn text(&self) -> &str {
        self.visit.complaint.as_ref().map_or("", |(_, text)| text)
    }

    /// The number to be called back, if it can be one.
    fn call(&self) -> Option<Msisdn> {
        Msisdn::parse_cambodian(&self.phone)
    }

    fn typed(&self, state: &KioskState, context: &PageContext) -> Typed {
        Typed { phone: self.phone.clone(), visit: self.visit.clone().seal(state, context), ..Typed::default() }
    }

    /// As the ombudsman reads it: the subject, the words, the number.
    fn said(&self, lang: Lang) -> String {
        let words = lang.keep();
        let subject = match self.subject() {
            // one's own words say it
            SOMETHING_ELSE if !self.text().is_empty() => "",
            subject => words.subjects[usize::from(subject)],
        };
        let call = self.call().map(|number| (words.call_line)(&format!("+{}", number.digits())));
        let lines: Vec<&str> = [subject, self.text()].into_iter().chain(call.as_deref()).collect();
        lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// `POST /kiosk/{lang}/complain`: `s…` chooses a subject, `call` asks for a number (`f…` types it, `called` takes it), `send`
/// passes the complaint on once, however often it is sent; `kept` shows its end again.
pub async fn file(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let typed = form.typed(most(&state.groups));
    let mut draft = Draft { visit: VisitState::open(&state, &context, &typed.visit), phone: typed.phone.clone() };
    let written: String =
        form.text.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(COMPLAINT_MAX).collect();
    let key = form.key.as_str();
    if let Some(subject) = key.strip_prefix('s').and_then(|nth| nth.parse::<u8>().ok()).filter(|s| *s <= SOMETHING_ELSE)
    {
        let text = draft.visit.complaint.take().map(|(_, text)| text).unwrap_or_default();
        draft.visit.complaint = Some((subject, text));
        return complain_page(&state, &context, &draft, None);
    }
    if let Some(press) = key.strip_prefix('f') {
        pressed(&mut draft.phone, press, PHONE_MAX);
        return call_page(&state, &context, &draft, None);
    }
    if draft.visit.complaint.is_none() && (key == "subjects" || written.is_empty()) {
        return match (key, draft.visit.kept.is_some()) {
            ("kept", true) => end_again(&state, &context, draft).await,
            _ => subjects_page(&context, draft.typed(&state, &context)),
        };
    }
    // pages without a field of words keep what was written before
    if matches!(key, "call" | "send" | "stay" | "") {
        draft.visit.complaint = Some((draft.subject(), written));
    }
    match key {
        "call" | "calling" => call_page(&state, &context, &draft, None),
        "called" if draft.call().is_none() => {
            let notice = (&context.lang.visit().not_a_number).into();
            call_page(&state, &context, &draft, Some(notice))
        }
        "subjects" => subjects_page(&context, draft.typed(&state, &context)),
        "send" | "" => pass_on(&state, &context, draft).await,
        _ => complain_page(&state, &context, &draft, None),
    }
}

async fn end_again(state: &KioskState, context: &PageContext, draft: Draft) -> Response {
    let typed = draft.typed(state, context);
    match kept_page(state, context, draft.visit, Typed::default(), "complain").await {
        Some(page) => page,
        None => subjects_page(context, typed),
    }
}

fn complain_page(state: &KioskState, context: &PageContext, draft: &Draft, notice: Option<Notice>) -> Response {
    let (visit_words, words) = (context.lang.visit(), context.lang.keep());
    let frame =
        context.frame(visit_words.complain_title, "complain", Back::In("complain".into())).keeping_form("words");
    let call = draft.call().map(|number| (words.call_at)(&masked(number.digits())));
    let subject = words.subjects[usize::from(draft.subject())];
    let template = ComplainPage {
        frame,
        visit_words,
        words,
        subject,
        notice,
        text: draft.text().to_owned(),
        most: COMPLAINT_MAX,
        call,
        phone: draft.phone.clone(),
        visit: draft.visit.clone().seal(state, context),
    };
    page(StatusCode::OK, &template)
}

/// The number to be called back, on a pad: it needs no keyboard.
fn call_page(state: &KioskState, context: &PageContext, draft: &Draft, notice: Option<Notice>) -> Response {
    let words = context.lang.keep();
    let frame = context.frame(words.call_me, "complain", Back::Key("stays"));
    let typed = draft.typed(state, context);
    let template = DigitsPage::for_a_number((words.call_me, words.call_hint, words.call_ok), notice, typed, frame);
    let frame = Frame { typed: template.frame.typed.map(|(typed, _)| (typed, "calling")), ..template.frame };
    page(StatusCode::OK, &DigitsPage { frame, go: ("called", words.call_ok), ..template })
}

async fn pass_on(state: &KioskState, context: &PageContext, mut draft: Draft) -> Response {
    if draft.subject() == SOMETHING_ELSE && draft.text().is_empty() && draft.call().is_none() {
        return complain_page(state, context, &draft, Some((&context.lang.keep().nothing_said).into()));
    }
    let text = draft.said(context.lang);
    // the same words from this kiosk within ten minutes are one complaint
    let print = crate::web::digest(&format!("{} {} {text}", context.device.id, state.backend.now().0 / 600_000));
    let intent = uuid::Builder::from_custom_bytes(print[..16].try_into().expect("sixteen octets")).into_uuid();
    let what = ChangeKind::Complain { text, language: context.lang.language() };
    let query = Query::Change(Change { what, attempt: 0 });
    match state.backend.ask(&context.who(None), &query, Some(intent)).await {
        Ok(Answer::Filed(Ok(Filed::Kept { .. }))) => {
            let message = &context.lang.visit().complaint_kept;
            MessagePage::plain(
                context.frame(message.title, "complain", Back::In("home".into())),
                "good",
                "check",
                message,
            )
        }
        Ok(Answer::Filed(Ok(Filed::Passed(Some(reference))))) => {
            draft.visit.complaint = None;
            arrived(state, context, draft.visit, Typed::default(), "complain", Came::Complained { reference }, intent)
                .await
        }
        Err(_) => complain_page(state, context, &draft, Some((&context.words.paused).into())),
        Ok(_) => complain_page(state, context, &draft, Some((&context.lang.visit().not_complained).into())),
    }
}
