//! `/console`: one page that says whether all is well, and if not, what is not. Made whole on the server; a
//! small script fetches it again every two seconds. It must not know how anything it shows is done.
use super::{
    access::{Asker, Shut},
    metrics::depths,
    state::{Ops, Room},
    words::{Lang, Words},
};
use crate::{
    ports::kiosks::Kiosk,
    ports::status::{BindState, Rate},
    types::{UnixMs, profile, time::phnom_penh},
    web::{self, filters},
};
use askama::Template;
use axum::{
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

/// Three heartbeats missed: nobody can use this kiosk, or its line is down.
const SILENT_MS: i64 = 100_000;

#[derive(Template)]
#[template(path = "console.html")]
struct Page {
    lang: Lang,
    w: &'static Words,
    /// Whether somebody signed in, and can sign out.
    signed_in: bool,
    troubles: Vec<&'static str>,
    binds: Vec<BindRow>,
    inbox: Option<u64>,
    outbox: Option<u64>,
    charts: Vec<Chart>,
    kiosks: Vec<KioskRow>,
    profiles: Vec<&'static str>,
    database: bool,
    portal: bool,
    version: &'static str,
    uptime: String,
    at: String,
}

struct BindRow {
    smsc: String,
    bind: String,
    tone: &'static str,
    state: &'static str,
    since: String,
    in_flight: usize,
    window: usize,
    last_error: Option<String>,
}

struct KioskRow {
    id: String,
    office: String,
    profile: String,
    tone: &'static str,
    state: &'static str,
    seen: Option<String>,
    page: String,
    build: String,
    printer: String,
    network: Option<u32>,
    battery: Option<u8>,
    open: bool,
    revoked: bool,
}

struct Chart {
    name: &'static str,
    total: u64,
    now: u64,
    bars: Vec<Bar>,
}

/// A minute's bar, in a drawing of 150 by 40 units.
struct Bar {
    x: usize,
    y: u64,
    height: u64,
    count: u64,
}

#[derive(Template)]
#[template(path = "signin.html")]
struct SignIn {
    lang: Lang,
    w: &'static Words,
    trouble: Option<&'static str>,
    form: bool,
}

/// What the address may say.
#[derive(Deserialize)]
pub struct Asked {
    lang: Option<String>,
}

impl Asked {
    /// The language asked for, else the browser's, else Khmer.
    pub fn lang(&self, headers: &HeaderMap) -> Lang {
        let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        match self.lang.as_deref() {
            Some("en") => Lang::En,
            Some(_) => Lang::Km,
            None if accepted().is_some_and(|list| list.to_ascii_lowercase().starts_with("en")) => Lang::En,
            None => Lang::Km,
        }
    }
}

/// `GET /console`
pub async fn show(State(room): State<Ops>, Query(asked): Query<Asked>, asker: Asker, headers: HeaderMap) -> Response {
    let (lang, asks) = (asked.lang(&headers), room.access.asks());
    match room.access.admits(&headers, asker) {
        Ok(()) => page(&compose(&room, lang).await),
        Err(Shut::TooMany(_)) => gate(lang, Some(lang.words().too_many), true, 429),
        Err(Shut::Wrong) if asks => gate(lang, None, true, 401),
        Err(Shut::Wrong) => gate(lang, Some(lang.words().loopback_only), false, 403),
    }
}

/// The sign-in form.
#[derive(Deserialize)]
pub struct Given {
    token: String,
}

/// `POST /console/sign-in`
pub async fn sign_in(
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    asker: Asker,
    headers: HeaderMap,
    form: Result<Form<Given>, FormRejection>,
) -> Response {
    let lang = asked.lang(&headers);
    if !web::from_our_pages(&headers) || !room.access.asks() {
        return gate(lang, None, room.access.asks(), 403);
    }
    let given = form.map(|Form(given)| given.token).unwrap_or_default();
    match room.access.sign_in(given.trim(), &headers, asker) {
        Ok(cookie) => to_console(lang, &cookie),
        Err(Shut::Wrong) => gate(lang, Some(lang.words().wrong), true, 401),
        Err(Shut::TooMany(_)) => gate(lang, Some(lang.words().too_many), true, 429),
    }
}

/// `POST /console/sign-out`
pub async fn sign_out(State(room): State<Ops>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let lang = asked.lang(&headers);
    if !web::from_our_pages(&headers) {
        return gate(lang, None, room.access.asks(), 403);
    }
    to_console(lang, &room.access.sign_out(&headers))
}

fn to_console(lang: Lang, cookie: &str) -> Response {
    let to = format!("/console?lang={}", lang.tag());
    let mut answer = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    answer.headers_mut().insert(header::SET_COOKIE, web::header_value(cookie));
    answer
}

fn gate(lang: Lang, trouble: Option<&'static str>, form: bool, status: u16) -> Response {
    let mut answer = page(&SignIn { lang, w: lang.words(), trouble, form });
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    answer
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        // Only a template that names an asset which is not there, and a test looks for those.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn compose(room: &Room, lang: Lang) -> Page {
    let (board, now) = (&room.state.board, room.state.clock.now());
    let (inbox, outbox) = depths(room).await;
    let mut binds = board.binds();
    // What needs a look comes first.
    binds.sort_by_key(|bind| bind.state == BindState::Bound);
    let up = binds.iter().filter(|bind| bind.state == BindState::Bound).count();
    let (database, portal) = (board.store_ok(), !board.breaker_open());
    let w = lang.words();
    let troubles = [
        (board.draining(), w.draining),
        (!database, w.database_bad),
        (binds.is_empty(), w.no_telcos),
        (!binds.is_empty() && up == 0, w.no_binds_up),
        (up > 0 && up < binds.len(), w.some_binds_down),
        (!portal, w.portal_bad),
    ];
    let rates = [(Rate::MoIn, w.mo_in), (Rate::Answers, w.answers), (Rate::MtOut, w.mt_out)];
    Page {
        lang,
        w,
        signed_in: room.access.asks(),
        troubles: troubles.into_iter().filter_map(|(holds, text)| holds.then_some(text)).collect(),
        binds: binds
            .into_iter()
            .map(|bind| BindRow {
                smsc: bind.smsc.as_str().to_owned(),
                bind: bind.bind,
                tone: tone(bind.state),
                state: lang.bind_state(bind.state),
                since: lang.duration(now.since_ms(bind.since)),
                in_flight: bind.in_flight,
                window: bind.window,
                last_error: bind.last_error,
            })
            .collect(),
        inbox,
        outbox,
        kiosks: kiosks(room, lang, now).await,
        profiles: profile::names(),
        charts: rates.into_iter().map(|(rate, name)| chart(name, &board.minutes(rate, now))).collect(),
        database,
        portal,
        version: room.state.version,
        uptime: lang.duration(now.since_ms(room.state.started)),
        at: time_of_day(now),
    }
}

fn tone(state: BindState) -> &'static str {
    match state {
        BindState::Bound => "good",
        BindState::Connecting | BindState::Binding | BindState::Unbinding => "busy",
        BindState::Waiting | BindState::Closed => "bad",
    }
}

async fn kiosks(room: &Room, lang: Lang, now: UnixMs) -> Vec<KioskRow> {
    let Some(exchange) = &room.state.exchange else { return Vec::new() };
    let mut all = exchange.kiosks.all().await.unwrap_or_default();
    // revoked ones stand last: nothing is to be done about them
    all.sort_by_key(|kiosk| kiosk.revoked_at.is_some());
    all.into_iter().map(|kiosk| kiosk_row(kiosk, lang, now)).collect()
}

fn kiosk_row(kiosk: Kiosk, lang: Lang, now: UnixMs) -> KioskRow {
    let w = lang.words();
    let silent = kiosk.heartbeat.as_ref().is_none_or(|heartbeat| now.since_ms(heartbeat.at) > SILENT_MS);
    let (revoked, open) = (kiosk.revoked_at.is_some(), kiosk.closed.is_none());
    let (tone, state) = match (revoked, silent, open) {
        (true, ..) => ("bad", w.kiosk_revoked),
        (_, true, _) => ("bad", w.kiosk_silent),
        (_, _, false) => ("busy", w.kiosk_closed),
        _ => ("good", w.good),
    };
    let heartbeat = kiosk.heartbeat;
    KioskRow {
        id: kiosk.id,
        office: kiosk.office,
        profile: kiosk.profile,
        tone,
        state,
        seen: heartbeat.as_ref().map(|heartbeat| lang.duration(now.since_ms(heartbeat.at))),
        page: heartbeat.as_ref().map(|heartbeat| heartbeat.page.clone()).unwrap_or_default(),
        build: heartbeat.as_ref().map(|heartbeat| heartbeat.build.clone()).unwrap_or_default(),
        printer: heartbeat.as_ref().map(|heartbeat| heartbeat.printer.clone()).unwrap_or_default(),
        network: heartbeat.as_ref().map(|heartbeat| heartbeat.network_ms),
        battery: heartbeat.and_then(|heartbeat| heartbeat.battery),
        open,
        revoked,
    }
}

fn time_of_day(now: UnixMs) -> String {
    let at = now.civil(&phnom_penh());
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

fn chart(name: &'static str, minutes: &[u64]) -> Chart {
    let most = minutes.iter().copied().max().unwrap_or(0).max(1);
    let bars = minutes.iter().enumerate().map(|(index, &count)| {
        // A minute with anything in it shows, however busy another was.
        let height = if count == 0 { 0 } else { (count.saturating_mul(38) / most).max(2) };
        Bar { x: index * 10, y: 40 - height, height, count }
    });
    Chart { name, total: minutes.iter().sum(), now: minutes.last().copied().unwrap_or(0), bars: bars.collect() }
}
