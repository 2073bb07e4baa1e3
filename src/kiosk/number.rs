//! A telephone number at the kiosk: proven by a code that is texted to it, or only typed to send something there. It
//! must not know what is sent nor how.
use super::{
    KioskState,
    at::Here,
    check::{self, DigitsPage, digit_keys},
    door::CheckAnswer,
    frame::{Back, page},
    pages::ToldPage,
    talk,
    visit::{Goal, Held, ONCE, PHONE_MAX, Sent, Typed, pressed},
    words::Notice,
};
use crate::{
    dialogue::View,
    exchange::{CodeTried, TextRefusal},
    types::Msisdn,
};
use axum::{extract::State, http::StatusCode, response::Response};

/// Fewest digits that a number has as it is dialled.
const PHONE_LEAST: usize = 8;

/// `POST /kiosk/{lang}/number`: `begin`; `f…` types the number, `go` sends a code to it; `o…` types the code, `try`
/// judges it; `skip` goes on without.
pub async fn number(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let mut typed = form.typed(check::most(&state));
    let mut held = Held::open(&state, &here, &typed.held);
    let key = form.key.as_str();
    if let Some(press) = key.strip_prefix('f') {
        pressed(&mut typed.phone, press, PHONE_MAX);
        return phone_page(&here, typed, &held, None);
    }
    if let Some(press) = key.strip_prefix('o') {
        pressed(&mut typed.once, press, ONCE);
        return once_page(&here, typed, None);
    }
    match key {
        "begin" => {
            held.goal = Goal::Status;
            let typed =
                Typed { phone: String::new(), once: String::new(), held: held.clone().seal(&state, &here), ..typed };
            phone_page(&here, typed, &held, None)
        }
        "go" => match state.door.send_code(&here.who(held.number()), &typed.phone, here.lang.language()).await {
            Ok((number, name)) => {
                held.ask(number, name);
                let typed = Typed { once: String::new(), held: held.clone().seal(&state, &here), ..typed };
                once_page(&here, typed, None)
            }
            Err(refusal) => phone_page(&here, typed, &held, Some(refused(&here, refusal))),
        },
        "try" => judge(&state, &here, typed, held).await,
        "skip" if held.goal == Goal::Appointments => talk::go_on(&state, &here, held).await,
        "once" => once_page(&here, typed, None),
        _ => phone_page(&here, typed, &held, None),
    }
}

async fn judge(state: &KioskState, here: &Here, mut typed: Typed, mut held: Held) -> Response {
    let v = here.lang.visit();
    let asked = held.asked.clone();
    let asked = asked.and_then(|(number, name)| Msisdn::parse_e164(&number).map(|number| (number, name)));
    let Some((number, name)) = asked else { return phone_page(here, typed, &held, Some((&v.code_over).into())) };
    let tried =
        if typed.once.len() == ONCE { state.door.try_code(&name, number, &typed.once).await } else { CodeTried::Wrong };
    typed.once.clear();
    match tried {
        CodeTried::Right => {
            held.prove(number);
            typed.phone.clear();
            match held.goal {
                Goal::Status => {
                    typed.held = held.seal(state, here);
                    check::answer(state, here, typed).await
                }
                Goal::Appointments => talk::go_on(state, here, held).await,
            }
        }
        CodeTried::Wrong => once_page(here, typed, Some((&v.code_wrong).into())),
        CodeTried::Over => once_page(here, typed, Some((&v.code_over).into())),
    }
}

/// Minutes up to which a wait is told in minutes; a longer one is told in hours.
const MINUTES_MOST: u32 = 120;

/// Why nothing was sent. Which limit it was is not said: one of them is about the number, and that may be a stranger's.
fn refused(here: &Here, refusal: TextRefusal) -> Notice {
    let v = here.lang.visit();
    match refusal {
        TextRefusal::NotANumber => (&v.not_a_number).into(),
        TextRefusal::Country => (&v.country).into(),
        TextRefusal::Unroutable => (&v.unroutable).into(),
        TextRefusal::TooMany(minutes) => {
            let wait = if minutes <= MINUTES_MOST { (v.minutes)(minutes) } else { (v.hours)(minutes.div_ceil(60)) };
            Notice { title: v.too_many, text: (v.too_many_wait)(&wait).into() }
        }
        TextRefusal::Away => (&v.text_away).into(),
    }
}

/// As it may stand on a screen that others see: the first digits hidden once it was sent.
fn masked(typed: &str) -> String {
    let shown = typed.len().saturating_sub(3);
    typed.chars().enumerate().map(|(at, digit)| if at < shown { '•' } else { digit }).collect()
}

fn places(digits: &str, least: usize) -> Vec<Option<String>> {
    let mut places: Vec<Option<String>> = digits.chars().map(|digit| Some(digit.to_string())).collect();
    places.resize(places.len().max(least), None);
    places
}

pub(super) fn phone_page(here: &Here, typed: Typed, held: &Held, notice: Option<Notice>) -> Response {
    let v = here.lang.visit();
    let back = match held.goal {
        Goal::Status => Back::KeyAt("check", "ok"),
        Goal::Appointments => Back::In("appointments".into()),
    };
    let (count, digits) = (typed.phone.len(), typed.phone.clone());
    let other = (held.goal == Goal::Appointments && held.may_skip()).then_some(("skip", v.no_phone));
    let template = DigitsPage {
        title: v.phone_title,
        hint: v.phone_hint.to_owned(),
        icon: "phone",
        keys: digit_keys(),
        places: places(&digits, 9),
        spoken: digits,
        notice,
        field: ("phone", 'f'),
        go: ("go", v.phone_send),
        ready: count >= PHONE_LEAST,
        most: PHONE_MAX,
        other,
        f: here.frame(v.phone_title, "number", back).keeping(typed, "stay"),
    };
    page(StatusCode::OK, &template)
}

fn once_page(here: &Here, typed: Typed, notice: Option<Notice>) -> Response {
    let v = here.lang.visit();
    let (count, digits) = (typed.once.len(), typed.once.clone());
    let template = DigitsPage {
        title: v.once_title,
        hint: (v.once_hint)(&masked(&typed.phone)),
        icon: "phone",
        keys: digit_keys(),
        places: places(&digits, ONCE),
        spoken: digits,
        notice,
        field: ("once", 'o'),
        go: ("try", v.once_ok),
        ready: count == ONCE,
        most: ONCE,
        other: Some(("go", v.once_again)),
        f: here.frame(v.once_title, "number", Back::KeyAt("number", "stay")).keeping(typed, "once"),
    };
    page(StatusCode::OK, &template)
}

/// `POST /kiosk/{lang}/send`: `begin`, `f…` types the number, `go` sends where the application stands to it.
pub async fn send(State(state): State<KioskState>, here: Here, Sent(form): Sent) -> Response {
    let mut typed = form.typed(check::most(&state));
    let held = Held::open(&state, &here, &typed.held);
    match form.key.as_str() {
        "begin" => {
            // the same however often the text is sent from here
            typed.held = held.seal(&state, &here);
            typed.phone.clear();
            send_page(&here, typed, None)
        }
        "go" => send_now(&state, &here, typed, held).await,
        key => {
            if let Some(press) = key.strip_prefix('f') {
                pressed(&mut typed.phone, press, PHONE_MAX);
            }
            send_page(&here, typed, None)
        }
    }
}

fn send_page(here: &Here, typed: Typed, notice: Option<Notice>) -> Response {
    let v = here.lang.visit();
    let (count, digits) = (typed.phone.len(), typed.phone.clone());
    let template = DigitsPage {
        title: v.send_title,
        hint: v.send_hint.to_owned(),
        icon: "phone",
        keys: digit_keys(),
        places: places(&digits, 9),
        spoken: digits,
        notice,
        field: ("phone", 'f'),
        go: ("go", v.send),
        ready: count >= PHONE_LEAST,
        most: PHONE_MAX,
        other: None,
        f: here.frame(v.send_title, "send", Back::KeyAt("check", "ok")).keeping(typed, "stay"),
    };
    page(StatusCode::OK, &template)
}

async fn send_now(state: &KioskState, here: &Here, typed: Typed, held: Held) -> Response {
    let (v, language) = (here.lang.visit(), here.lang.language());
    let to = Msisdn::parse_cambodian(&typed.phone);
    // who only typed a number is told no more than anybody
    let who = here.who(held.number().filter(|proven| Some(*proven) == to));
    let refused = match state.door.check(&who, &typed.digits, None, language).await {
        CheckAnswer::Status(facts) => {
            let view = View::Status(facts);
            state.door.send_view(&who, &typed.phone, &view, language, held.id).await.err()
        }
        _ => Some(TextRefusal::Away),
    };
    match refused {
        None => {
            let typed = Typed { phone: String::new(), ..typed };
            let f = here.frame(v.sent.title, "send", Back::KeyAt("check", "ok")).keeping(typed, "sent");
            ToldPage::plain(f, "good", "check", &v.sent)
        }
        Some(refusal) => send_page(here, typed, Some(self::refused(here, refusal))),
    }
}
