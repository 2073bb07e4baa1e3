//! A telephone number at the kiosk: proven by a code that is texted to it, or only typed to send something there. It
//! must not know what is sent nor how.
use super::{
    KioskState,
    backend::CheckAnswer,
    check::{self, DigitsPage, digit_keys},
    context::PageContext,
    frame::Back,
    parts::MessagePage,
    phone::{PHONE_LEAST, phone_page, places},
    respond::page,
    talk,
    typed::{ONCE, PHONE_MAX, Typed, pressed},
    visit::{Goal, Sent, VisitState},
    words::Notice,
};
use crate::{
    dialogue::View,
    exchange::{CodeTried, TextRefusal},
    types::Msisdn,
};
use axum::{extract::State, http::StatusCode, response::Response};

/// `POST /kiosk/{lang}/number`: `begin`; `f…` types the number, `go` sends a code to it; `o…` types the code, `try`
/// judges it; `skip` goes on without.
pub async fn number(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let mut typed = form.typed(check::most(&state));
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
            match state.backend.send_code(&context.who(visit.number()), &typed.phone, context.lang.language()).await {
                Ok((number, name)) => {
                    visit.ask(number, name);
                    let typed = Typed { once: String::new(), visit: visit.clone().seal(&state, &context), ..typed };
                    once_page(&context, typed, None)
                }
                Err(refusal) => phone_page(&context, typed, &visit, Some(refused(&context, refusal))),
            }
        }
        "try" => judge(&state, &context, typed, visit).await,
        "skip" if visit.goal == Goal::Appointments => talk::go_on(&state, &context, visit).await,
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
            match visit.goal {
                Goal::Status => {
                    typed.visit = visit.seal(state, context);
                    check::answer(state, context, typed).await
                }
                Goal::Appointments => talk::go_on(state, context, visit).await,
            }
        }
        CodeTried::Wrong => once_page(context, typed, Some((&visit_words.code_wrong).into())),
        CodeTried::Over => once_page(context, typed, Some((&visit_words.code_over).into())),
    }
}

/// Minutes up to which a wait is told in minutes; a longer one is told in hours.
const MINUTES_MOST: u32 = 120;

/// Why nothing was sent. Which limit it was is not said: one of them is about the number, and that may be a stranger's.
fn refused(context: &PageContext, refusal: TextRefusal) -> Notice {
    let visit_words = context.lang.visit();
    match refusal {
        TextRefusal::NotANumber => (&visit_words.not_a_number).into(),
        TextRefusal::Country => (&visit_words.country).into(),
        TextRefusal::Unroutable => (&visit_words.unroutable).into(),
        TextRefusal::TooMany(minutes) => {
            let wait = if minutes <= MINUTES_MOST {
                (visit_words.minutes)(minutes)
            } else {
                (visit_words.hours)(minutes.div_ceil(60))
            };
            Notice { title: visit_words.too_many, text: (visit_words.too_many_wait)(&wait).into() }
        }
        TextRefusal::Away => (&visit_words.text_away).into(),
    }
}

/// As it may stand on a screen that others see: the first digits hidden once it was sent.
fn masked(typed: &str) -> String {
    let shown = typed.len().saturating_sub(3);
    typed.chars().enumerate().map(|(at, digit)| if at < shown { '•' } else { digit }).collect()
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

/// `POST /kiosk/{lang}/send`: `begin`, `f…` types the number, `go` sends where the application stands to it.
pub async fn send(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let mut typed = form.typed(check::most(&state));
    let visit = VisitState::open(&state, &context, &typed.visit);
    match form.key.as_str() {
        "begin" => {
            // the same however often the text is sent from here
            typed.visit = visit.seal(&state, &context);
            typed.phone.clear();
            send_page(&context, typed, None)
        }
        "go" => send_now(&state, &context, typed, visit).await,
        key => {
            if let Some(press) = key.strip_prefix('f') {
                pressed(&mut typed.phone, press, PHONE_MAX);
            }
            send_page(&context, typed, None)
        }
    }
}

fn send_page(context: &PageContext, typed: Typed, notice: Option<Notice>) -> Response {
    let visit_words = context.lang.visit();
    let (count, digits) = (typed.phone.len(), typed.phone.clone());
    let template = DigitsPage {
        title: visit_words.send_title,
        hint: visit_words.send_hint.to_owned(),
        icon: "phone",
        keys: digit_keys(),
        places: places(&digits, 9),
        spoken: digits,
        notice,
        field: ("phone", 'f'),
        go: ("go", visit_words.send),
        ready: count >= PHONE_LEAST,
        most: PHONE_MAX,
        other: None,
        frame: context.frame(visit_words.send_title, "send", Back::KeyAt("check", "ok")).keeping(typed, "stay"),
    };
    page(StatusCode::OK, &template)
}

async fn send_now(state: &KioskState, context: &PageContext, typed: Typed, visit: VisitState) -> Response {
    let (visit_words, language) = (context.lang.visit(), context.lang.language());
    let to = Msisdn::parse_cambodian(&typed.phone);
    // who only typed a number is told no more than anybody
    let who = context.who(visit.number().filter(|proven| Some(*proven) == to));
    let refused = match state.backend.check(&who, &typed.digits, None, language).await {
        CheckAnswer::Status(facts) => {
            let view = View::Status(facts);
            state.backend.send_view(&who, &typed.phone, &view, language, visit.id).await.err()
        }
        _ => Some(TextRefusal::Away),
    };
    match refused {
        None => {
            let typed = Typed { phone: String::new(), ..typed };
            let frame =
                context.frame(visit_words.sent.title, "send", Back::KeyAt("check", "ok")).keeping(typed, "sent");
            MessagePage::plain(frame, "good", "check", &visit_words.sent)
        }
        Some(refusal) => send_page(context, typed, Some(self::refused(context, refusal))),
    }
}
