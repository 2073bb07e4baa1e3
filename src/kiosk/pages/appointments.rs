//! What a visitor presses about appointments. It must not know the conversation.
use crate::{
    dialogue::{AppointmentTask, Choice, Input},
    kiosk::{
        context::PageContext,
        goals::appointments::{mine, step, tasks_page},
        parts::{keepsake::kept_page, phone::phone_page},
        state::KioskState,
        texts::{Lang, Notice},
        visit::{
            form::Sent,
            state::VisitState,
            typed::{Typed, most},
        },
    },
};
use axum::{extract::State, response::Response};

/// Longest number of an appointment that a form names, in characters.
const REFERENCE_MAX: usize = 40;

/// Longest identifier of a service that a form names, in octets.
const SERVICE_MAX: usize = 64;

/// `GET /kiosk/{lang}/appointments`
pub async fn tasks(context: PageContext) -> Response {
    tasks_page(&context, Typed::default(), None)
}

/// `POST /kiosk/{lang}/appointments`: `t1` to `t4` begin a task, `b…` to book for a service, `n…` answers what was asked, `h…` does so once the number
/// is known, `o…` opens an appointment and `mine` opens it again, `back` goes back, `other` to other offices, `stay` asks
/// again in the language of the page, `kept` shows the end again.
pub async fn press(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let typed = form.typed(most(&state.groups));
    let mut visit = VisitState::open(&state, &context, &typed.visit);
    let key = form.key.as_str();
    let book = wanted(key).map(|_| AppointmentTask::Book);
    if let Some(task) = task(key).or(book) {
        let looked_at = visit.looked_at.take();
        visit.begin(task, state.backend.now());
        visit.wanted = wanted(key);
        visit.looked_at = looked_at.filter(|_| matches!(task, AppointmentTask::Move | AppointmentTask::Cancel));
        // a booking asks for the number last
        if task == AppointmentTask::Book || visit.number().is_some() {
            return visit.goal.resume(&state, &context, visit, typed).await;
        }
        return ask_number(&state, &context, visit, typed, Some((&context.lang.visit().needs_number).into()));
    }
    if let Some(answer @ b'1'..=b'8') = key.strip_prefix('h').and_then(|digit| digit.bytes().next())
        && visit.dialogue().is_some()
    {
        visit.pending = Some(answer - b'0');
        return ask_number(&state, &context, visit, typed, None);
    }
    if let Some(reference) = key.strip_prefix('o').filter(|text| *text != "ther" && text.len() <= REFERENCE_MAX) {
        visit.looked_at = Some(reference.to_owned());
        return mine(&state, &context, visit).await;
    }
    let input = match key {
        "mine" => return mine(&state, &context, visit).await,
        "kept" => {
            let tasks = visit.clone();
            return match kept_page(&state, &context, visit, Typed::default(), "appointments").await {
                Some(page) => page,
                None => begin_again(&state, &context, tasks),
            };
        }
        "back" | "other" => Input::Choice(Choice::Back),
        "stay" => Input::Text(if context.lang == Lang::Km { "K" } else { "E" }.to_owned()),
        _ => match key.strip_prefix('n').filter(|number| matches!(number.as_bytes(), [b'1'..=b'9'])) {
            Some(number) => Input::Text(number.to_owned()),
            None => return begin_again(&state, &context, visit),
        },
    };
    let Some(dialogue) = visit.dialogue() else { return begin_again(&state, &context, visit) };
    step(&state, &context, visit, Some(dialogue), input).await
}

/// The service that a key begins to book for: `b` and its identifier.
fn wanted(key: &str) -> Option<String> {
    let id = key.strip_prefix('b').filter(|id| !matches!(*id, "" | "ack"))?;
    (id.len() <= SERVICE_MAX).then(|| id.to_owned())
}

/// The task that a key begins.
fn task(key: &str) -> Option<AppointmentTask> {
    Some(match key {
        "t1" => AppointmentTask::Book,
        "t2" => AppointmentTask::List,
        "t3" => AppointmentTask::Move,
        "t4" => AppointmentTask::Cancel,
        _ => return None,
    })
}

fn begin_again(state: &KioskState, context: &PageContext, visit: VisitState) -> Response {
    tasks_page(context, Typed { visit: visit.seal(state, context), ..Typed::default() }, None)
}

fn ask_number(
    state: &KioskState,
    context: &PageContext,
    visit: VisitState,
    typed: Typed,
    notice: Option<Notice>,
) -> Response {
    let sealed = visit.clone().seal(state, context);
    let typed = Typed { phone: String::new(), once: String::new(), visit: sealed, ..typed };
    phone_page(context, typed, &visit, notice)
}
