//! What is one's own, of whoever signs in by the telephone: a code to be scanned, then applications and appointments. What
//! stands for the visitor is sealed in the page and goes with it. It must not know who lets people sign in.
use crate::{
    exchange::{Looked, NotBegun, OpenSignIn, SignedIn},
    kiosk::{
        context::PageContext,
        errors,
        goals::login::{ended, over},
        parts::{
            facts::Action,
            frame::{Back, Frame},
            message::MessagePage,
            qr::Qr,
            status_card::tone,
        },
        respond::page,
        state::KioskState,
        texts::{Lang, LoginWords, Message, VisitWords, date_time},
        visit::{
            form::Sent,
            state::{Goal, Login, VisitState},
            typed::{Typed, most},
        },
    },
    render::words as shared,
    types::{
        CodeVerdict,
        civic::{Answer, Appointment, AppointmentStatus, Mine, MyApplication, PortalFault},
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

#[derive(Template)]
#[template(path = "scan.html")]
struct ScanPage {
    frame: Frame,
    words: &'static LoginWords,
    visit_words: &'static VisitWords,
    /// `None`: the address is too long to be scanned.
    qr: Option<Qr>,
    check: String,
    address: Option<String>,
    until_ms: i64,
    /// Minutes and seconds from now until then.
    left: String,
}

#[derive(Template)]
#[template(path = "own.html")]
struct OwnPage {
    frame: Frame,
    words: &'static LoginWords,
    visit_words: &'static VisitWords,
    applications: Vec<Line>,
    appointments: Vec<Line>,
    /// Minutes and seconds until the page closes.
    left: String,
    /// It can be prolonged.
    more: bool,
}

/// A line of a list.
struct Line {
    /// What opens it, where it can be opened.
    key: Option<String>,
    /// Colour and icon.
    class: &'static str,
    icon: &'static str,
    title: String,
    note: String,
    /// Below: how it stands.
    status: String,
}

/// `POST /kiosk/{lang}/mine`: `begin` shows a code or, signed in, what is one's own; `new` shows another code; `look` and `poll`
/// ask whether the telephone has agreed; `list` shows what is one's own, `o…` one application of it; `more` prolongs, `out`
/// signs out.
pub async fn press(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let typed = form.typed(most(&state.groups));
    let mut visit = VisitState::open(&state, &context, &typed.visit);
    let now = state.backend.now();
    match (form.key.as_str(), visit.login.take()) {
        ("out", login) => sign_out(&state, login),
        (key, Some(Login::In(mut signed))) => {
            if signed.token(now).is_none() {
                return over(&state, &context, visit, signed);
            }
            if key == "more" {
                signed.prolong(now);
            }
            visit.login = Some(Login::In(signed.clone()));
            match key.strip_prefix('o').filter(|code| !code.is_empty()) {
                Some(code) => open(&state, &context, visit, code).await,
                None => list(&state, &context, visit, signed).await,
            }
        }
        ("new", former) => begin(&state, &context, visit, former).await,
        (key, Some(Login::Open(open))) => go_on(&state, &context, visit, open, key).await,
        (_, None) => begin(&state, &context, visit, None).await,
    }
}

/// Nothing is left here, nor at whoever let somebody sign in.
fn sign_out(state: &KioskState, login: Option<Login>) -> Response {
    if let Some(Login::In(signed)) = login {
        state.backend.end_sign_in(&signed);
    }
    Redirect::to("/kiosk").into_response()
}

async fn begin(state: &KioskState, context: &PageContext, mut visit: VisitState, former: Option<Login>) -> Response {
    let words = context.lang.login();
    let Some(office) = context.device.office.as_deref() else {
        return say(context, state, visit, &words.not_offered, "cloud", None);
    };
    let former = match &former {
        Some(Login::Open(open)) => Some(open),
        _ => None,
    };
    match state.backend.begin_sign_in(&context.device.id, office, context.lang.language(), former).await {
        Ok(open) => {
            visit.login = Some(Login::Open(open.clone()));
            scan_page(state, context, visit, &open)
        }
        Err(NotBegun::Limited) => say(context, state, visit, &words.limited, "clock", None),
        Err(NotBegun::NotOffered) => say(context, state, visit, &words.not_offered, "cloud", None),
        Err(NotBegun::Away) => say(context, state, visit, &words.away, "cloud", Some(context.words.again)),
    }
}

async fn go_on(
    state: &KioskState,
    context: &PageContext,
    mut visit: VisitState,
    open: OpenSignIn,
    key: &str,
) -> Response {
    let words = context.lang.login();
    let looked = match key {
        "poll" | "look" => state.backend.look_at_sign_in(&context.device.id, &open).await,
        _ if state.backend.now() >= open.until => Looked::Expired,
        _ => Looked::Waits,
    };
    match looked {
        Looked::Waits => {
            visit.login = Some(Login::Open(open.clone()));
            scan_page(state, context, visit, &open)
        }
        Looked::In(signed) => {
            // a sign-in is an intention of its own
            visit.renew_id(state.backend.now());
            visit.login = Some(Login::In(signed.clone()));
            list(state, context, visit, signed).await
        }
        Looked::Denied => say(context, state, visit, &words.denied, "cross", Some(words.new_code)),
        Looked::Expired => say(context, state, visit, &words.expired, "clock", Some(words.new_code)),
        Looked::Away => say(context, state, visit, &words.away, "cloud", Some(context.words.again)),
    }
}

/// Something said; `again`: another code can be had.
fn say(
    context: &PageContext,
    state: &KioskState,
    visit: VisitState,
    message: &'static Message,
    icon: &'static str,
    again: Option<&'static str>,
) -> Response {
    let typed = Typed::carrying(&visit.seal(state, context));
    let frame = context.frame(message.title, "mine", Back::In("home".into())).keeping(typed, "new");
    let again = again.map(|again| Action::key("mine", "new", "qr", again).strong());
    let actions =
        again.into_iter().chain([Action::key("check", "stay", "receipt", context.lang.login().no_phone)]).collect();
    page(StatusCode::OK, &MessagePage { frame, class: "your-turn", icon, message, facts: Vec::new(), actions })
}

fn scan_page(state: &KioskState, context: &PageContext, visit: VisitState, open: &OpenSignIn) -> Response {
    let words = context.lang.login();
    let typed = Typed::carrying(&visit.seal(state, context));
    let mut frame = context.frame(words.scan_title, "mine", Back::In("home".into())).keeping(typed, "stay");
    frame.poll_s = Some(open.every_s());
    let template = ScanPage {
        frame,
        words,
        visit_words: context.lang.visit(),
        qr: Qr::of(&open.shown.url),
        check: open.shown.check.clone(),
        address: open.shown.address.clone(),
        until_ms: open.until.0,
        left: left(open.until.since_ms(state.backend.now())),
    };
    page(StatusCode::OK, &template)
}

/// Minutes and seconds, as the page counts them down.
fn left(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

async fn list(state: &KioskState, context: &PageContext, visit: VisitState, signed: SignedIn) -> Response {
    let Some(token) = signed.token(state.backend.now()) else { return over(state, context, visit, signed) };
    let (who, words) = (context.who(visit.number()), context.lang.login());
    let (applications, appointments) = tokio::join!(
        state.backend.mine(&who, Mine::Applications, token.clone()),
        state.backend.mine(&who, Mine::Appointments, token),
    );
    let applications = match applications {
        Ok(Answer::MyApplications(Ok(all))) => all,
        Ok(Answer::MyApplications(Err(PortalFault::SignInExpired))) => return over(state, context, visit, signed),
        Ok(Answer::MyApplications(Err(PortalFault::NotFound))) => {
            return say(context, state, ended(visit), &words.not_offered, "cloud", None);
        }
        _ => return list_away(state, context, visit),
    };
    // without them the list is still of use
    let appointments = match appointments {
        Ok(Answer::Appointments(Ok(all))) => all,
        _ => Vec::new(),
    };
    let (lang, now) = (context.lang, state.backend.now());
    let more = !signed.prolonged;
    let typed = Typed::carrying(&visit.seal(state, context));
    let frame = context.frame(words.tile.title, "mine", Back::In("home".into())).keeping(typed, "list");
    let template = OwnPage {
        frame,
        words,
        visit_words: lang.visit(),
        applications: applications.iter().map(|one| application(state, lang, one)).collect(),
        appointments: appointments.iter().filter(|one| counts(one, now)).map(|one| appointment(lang, one)).collect(),
        left: left(signed.until.since_ms(now)),
        more,
    };
    page(StatusCode::OK, &template)
}

/// Whether an appointment is still to come: what was cancelled or is over tells nobody anything.
fn counts(one: &Appointment, now: crate::types::UnixMs) -> bool {
    one.start > now
        && matches!(one.status, AppointmentStatus::Booked | AppointmentStatus::Pending | AppointmentStatus::WaitList)
}

fn application(state: &KioskState, lang: Lang, one: &MyApplication) -> Line {
    let language = lang.language();
    let (printed, known) = match state.codes.read(&one.code) {
        CodeVerdict::Good(code) => (code.printed().to_owned(), Some(code.canonical().to_owned())),
        _ => (one.code.clone(), None),
    };
    let name = one.service.name.as_ref().map_or_else(|| printed.clone(), |name| name.get(language).to_owned());
    let since = shared::date_long(one.status_at.civil(&phnom_penh()).date(), language);
    let tone = tone(one.status);
    Line {
        key: known.map(|code| format!("o{code}")),
        class: tone.class,
        icon: tone.icon,
        title: name,
        note: format!("{printed} · {since}"),
        status: shared::status_word(one.status, language).to_owned(),
    }
}

fn appointment(lang: Lang, one: &Appointment) -> Line {
    let language = lang.language();
    let service = one.service.name.as_ref().map(|name| name.get(language).to_owned());
    let office = one.office.name.get(language).to_owned();
    let note = service.into_iter().chain([office]).collect::<Vec<_>>().join(" · ");
    Line {
        key: None,
        class: "under-way",
        icon: "calendar",
        title: date_time(lang, one.start.civil(&phnom_penh())),
        note,
        status: one.reference.clone(),
    }
}

fn list_away(state: &KioskState, context: &PageContext, visit: VisitState) -> Response {
    let words = context.lang.login();
    let typed = Typed::carrying(&visit.seal(state, context));
    let frame = context.frame(words.list_away.title, "mine", Back::In("home".into())).keeping(typed, "list");
    let actions = vec![Action::key("mine", "list", "cloud", context.words.again).strong()];
    let (class, icon, message) = ("your-turn", "cloud", &words.list_away);
    page(StatusCode::OK, &MessagePage { frame, class, icon, message, facts: Vec::new(), actions })
}

/// One application of the list, by the same way as a typed code.
async fn open(state: &KioskState, context: &PageContext, visit: VisitState, code: &str) -> Response {
    let CodeVerdict::Good(code) = state.codes.read(code) else { return errors::no_such_page().await };
    let digits = code.canonical().to_owned();
    let typed = Typed { digits, visit: visit.clone().seal(state, context), ..Typed::default() };
    Goal::Status.resume(state, context, visit, typed).await
}
