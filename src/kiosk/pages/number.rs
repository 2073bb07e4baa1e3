//! A telephone number is proven by a code that is texted to it. It must not know what was wanted with it.
use crate::{
    exchange::CodeTried,
    kiosk::{
        context::PageContext,
        parts::{
            digits::{DigitsPage, digit_keys, places},
            frame::Back,
            phone::{masked, phone_page, refused},
        },
        respond::page,
        state::KioskState,
        texts::Notice,
        visit::{
            form::Sent,
            state::{Goal, VisitState},
            typed::{ONCE, PHONE_MAX, Typed, most, pressed},
        },
    },
    types::Msisdn,
};
use axum::{extract::State, http::StatusCode, response::Response};

/// `POST /kiosk/{lang}/number`: `begin`; `f…` types the number, `go` sends a code to it; `o…` types the code, `try`
/// judges it; `skip` goes on without.
pub async fn number(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let mut typed = form.typed(most(&state.groups));
    let mut visit = VisitState::open(&state, &context, &typed.visit);
    let key = form.key.as_str();
    if let Some(press) = key.strip_prefix('f') {
        pressed(&mut typed.phone, press, PHONE_MAX);
        return phone_page(&context, typed, &visit, None);
    }
    if let Some(press) = key.strip_prefix('o') {
        pressed(&mut typed.once, press, ONCE);
        return once_page(&context, typed, None);
    }
    match key {
        "begin" => {
            visit.goal = Goal::Status;
            let typed = Typed {
                phone: String::new(),
                once: String::new(),
                visit: visit.clone().seal(&state, &context),
                ..typed
            };
            phone_page(&context, typed, &visit, None)
        }
        "go" => {
            let who = context.who_of(visit.name, visit.number());
            match state.backend.send_code(&who, &typed.phone, context.lang.language()).await {
                Ok((number, name)) => {
                    visit.ask(number, name);
                    let typed = Typed { once: String::new(), visit: visit.clone().seal(&state, &context), ..typed };
                    once_page(&context, typed, None)
                }
                Err(refusal) => phone_page(&context, typed, &visit, Some(refused(&context, refusal))),
            }
        }
        "try" => judge(&state, &context, typed, visit).await,
        "skip" if visit.goal == Goal::Appointments && visit.may_skip() && context.offers.factors => {
            visit.goal.resume(&state, &context, visit, typed).await
        }
        "once" => once_page(&context, typed, None),
        _ => phone_page(&context, typed, &visit, None),
    }
}

async fn judge(state: &KioskState, context: &PageContext, mut typed: Typed, mut visit: VisitState) -> Response {
    let visit_words = context.lang.visit();
    let asked = visit.asked.clone();
    let asked = asked.and_then(|(number, name)| Msisdn::parse_e164(&number).map(|number| (number, name)));
    let Some((number, name)) = asked else {
        return phone_page(context, typed, &visit, Some((&visit_words.code_over).into()));
    };
    let tried = if typed.once.len() == ONCE {
        state.backend.try_code(&name, number, &typed.once).await
    } else {
        CodeTried::Wrong
    };
    typed.once.clear();
    match tried {
        CodeTried::Right => {
            visit.prove(number);
            typed.phone.clear();
            typed.visit = visit.clone().seal(state, context);
            visit.goal.resume(state, context, visit, typed).await
        }
        CodeTried::Wrong => once_page(context, typed, Some((&visit_words.code_wrong).into())),
        CodeTried::Over => once_page(context, typed, Some((&visit_words.code_over).into())),
    }
}

fn once_page(context: &PageContext, typed: Typed, notice: Option<Notice>) -> Response {
    let visit_words = context.lang.visit();
    let (count, digits) = (typed.once.len(), typed.once.clone());
    let template = DigitsPage {
        title: visit_words.once_title,
        hint: (visit_words.once_hint)(&masked(&typed.phone)),
        icon: "phone",
        keys: digit_keys(),
        places: places(&digits, ONCE),
        spoken: digits,
        notice,
        field: ("once", 'o'),
        go: ("try", visit_words.once_ok),
        ready: count == ONCE,
        most: ONCE,
        other: Some(("go", visit_words.once_again)),
        frame: context.frame(visit_words.once_title, "number", Back::KeyAt("number", "stay")).keeping(typed, "once"),
    };
    page(StatusCode::OK, &template)
}
