//! What a visitor presses about appointments. It must not know the conversation.
use crate::{
    dialogue::{Choice, Input},
    kiosk::{
        context::PageContext,
        goals::appointments::{step, tasks_page},
        parts::phone::phone_page,
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

/// `GET /kiosk/{lang}/appointments`
pub async fn tasks(context: PageContext) -> Response {
    tasks_page(&context, Typed::default(), None)
}

/// `POST /kiosk/{lang}/appointments`: `t1` to `t4` begin a task, `n…` answers what was asked, `back` goes back, `stay`
/// asks again in the language of the page.
pub async fn press(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let typed = form.typed(most(&state.groups));
    let mut visit = VisitState::open(&state, &context, &typed.visit);
    let key = form.key.as_str();
    if let Some(task) = key.strip_prefix('t').and_then(|digit| digit.parse::<u8>().ok()).filter(|t| (1..=4).contains(t))
    {
        visit.begin(task, state.backend.now());
        if visit.number().is_some() {
            return visit.goal.resume(&state, &context, visit, typed).await;
        }
        let notice = (task > 1).then_some(&context.lang.visit().needs_number);
        let typed =
            Typed { phone: String::new(), once: String::new(), visit: visit.clone().seal(&state, &context), ..typed };
        return phone_page(&context, typed, &visit, notice.map(Notice::from));
    }
    let input = match key {
        "back" => Input::Choice(Choice::Back),
        "stay" => Input::Text(if context.lang == Lang::Km { "K" } else { "E" }.to_owned()),
        _ => match key.strip_prefix('n').filter(|number| matches!(number.as_bytes(), [b'1'..=b'9'])) {
            Some(number) => Input::Text(number.to_owned()),
            None => {
                return tasks_page(&context, Typed { visit: visit.seal(&state, &context), ..Typed::default() }, None);
            }
        },
    };
    let Some(dialogue) = visit.dialogue() else {
        return tasks_page(&context, Typed { visit: visit.seal(&state, &context), ..Typed::default() }, None);
    };
    step(&state, &context, visit, Some(dialogue), input).await
}
