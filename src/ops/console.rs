//! `/console`: one page that says whether all is well, and if not, what is not. Made whole on the server; a
//! small script fetches it again every two seconds. It must not know how anything it shows is done.
use super::{
    access::{Asker, Shut},
    metrics::{depths, learned},
    ordered::{self, Reload, TelcoRow},
    pairing::{Fault, Pairing},
    state::{Ops, Room, TryoutPages},
    words::{Lang, Words},
};
use crate::{
    ports::{
        kiosks::Kiosk,
        status::{BindState, BindStatus, Rate},
    },
    smpp::message_id::{Fit, Learned},
    types::{
        UnixMs,
        civic::{Answer, Localized, OfficeSearch, Query as Question},
        names::Family,
        profile,
        time::phnom_penh,
    },
    web::{self, filters},
};
use askama::Template;
use axum::{
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use std::{collections::HashMap, time::Duration};

/// How long the console waits for the names of offices, which it can do without.
const PATIENCE: Duration = Duration::from_millis(150);

/// Three heartbeats missed: nobody can use this kiosk, or its line is down.
const SILENT_MS: i64 = 100_000;

#[derive(Template)]
#[template(path = "console.html")]
struct Page {
    lang: Lang,
    w: &'static Words,
    /// Whether somebody signed in, and can sign out.
    signed_in: bool,
    /// Where the try-out's other pages are.
    tryout: Option<TryoutPages>,
    troubles: Vec<String>,
    binds: Vec<BindRow>,
    telcos: Vec<TelcoRow>,
    /// How the configuration was read again; `None` where there is no file to read.
    reload: Option<Reload>,
    /// What was found out about telcos.
    learned: Vec<String>,
    inbox: Option<u64>,
    outbox: Option<u64>,
    charts: Vec<Chart>,
    calls: Vec<Call>,
    kiosks: Vec<KioskRow>,
    profiles: Vec<&'static str>,
    database: bool,
    portal: bool,
    version: &'static str,
    uptime: String,
    at: String,
    /// A pairing that was not made.
    tried: Option<Tried>,
}

/// What was entered to pair a device, and why that was not done.
struct Tried {
    code: String,
    office: String,
    profile: String,
    why: &'static str,
    /// Offices of that name: identifier and name.
    choices: Vec<(String, String)>,
}

impl Page {
    /// The screen that was chosen before; else the usual one.
    fn is_chosen(&self, profile: &str) -> bool {
        let before = self.tried.as_ref().map(|tried| tried.profile.as_str()).filter(|name| !name.is_empty());
        before.unwrap_or(profile::USUAL) == profile
    }
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
    /// The office's name.
    office_name: Option<String>,
    profile: String,
    tone: &'static str,
    state: &'static str,
    silent: bool,
    paper: Paper,
    seen: Option<String>,
    page: String,
    build: String,
    printer: String,
    network: Option<u32>,
    battery: Option<u8>,
    open: bool,
    revoked: bool,
}

/// An officer is called.
struct Call {
    /// The kiosk's name.
    id: String,
    /// Where it stands.
    place: String,
    /// How long ago.
    since: String,
}

/// What a device says of its printer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paper {
    /// It prints, or has none.
    Well,
    Out,
    Broken,
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
        Ok(()) => page(&compose(&room, lang, None).await),
        Err(Shut::TooMany(_)) => gate(lang, Some(lang.words().too_many), true, 429),
        Err(Shut::Wrong) if asks => gate(lang, None, true, 401),
        Err(Shut::Wrong) => gate(lang, Some(lang.words().loopback_only), false, 403),
    }
}

/// The console after a pairing that was not made, with what was entered.
pub(super) async fn tried(room: &Ops, lang: Lang, pairing: Pairing, fault: Fault, status: StatusCode) -> Response {
    let why = fault.words(lang);
    let choices = match fault {
        Fault::Which(choices) => {
            choices.into_iter().map(|(id, name)| (id, name.get(lang.language()).to_owned())).collect()
        }
        _ => Vec::new(),
    };
    let Pairing { code, office, profile } = pairing;
    let tried = Tried { code, office, profile, why, choices };
    let mut answer = page(&compose(room, lang, Some(tried)).await);
    *answer.status_mut() = status;
    answer
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

async fn compose(room: &Room, lang: Lang, tried: Option<Tried>) -> Page {
    let (board, now) = (&room.state.board, room.state.clock.now());
    let (inbox, outbox) = depths(room).await;
    let mut binds = board.binds();
    // What needs a look comes first.
    binds.sort_by_key(|bind| bind.state == BindState::Bound);
    let kiosks = kiosks(room, lang, now).await;
    let mut troubles = troubles(room, lang, &binds);
    let calls = calls(room, lang, now, &kiosks);
    troubles.extend(troubles_of_kiosks(lang, &calls, &kiosks));
    let w = lang.words();
    let rates = [(Rate::MoIn, w.mo_in), (Rate::Answers, w.answers), (Rate::MtOut, w.mt_out)];
    Page {
        lang,
        w,
        signed_in: room.access.asks(),
        tryout: room.state.tryout.clone(),
        troubles,
        binds: binds.into_iter().map(|bind| bind_row(bind, lang, now)).collect(),
        telcos: ordered::telcos(board),
        reload: ordered::reload(board, lang),
        learned: findings(lang, learned(room).await),
        inbox,
        outbox,
        calls,
        kiosks,
        profiles: profile::names(),
        charts: rates.into_iter().map(|(rate, name)| chart(name, &board.minutes(rate, now))).collect(),
        database: board.store_ok(),
        portal: !board.breaker_open(),
        version: room.state.version,
        uptime: lang.duration(now.since_ms(room.state.started)),
        at: time_of_day(now),
        tried,
    }
}

/// What is not well with the server, its telcos and the portal.
fn troubles(room: &Room, lang: Lang, binds: &[BindStatus]) -> Vec<String> {
    let (board, w) = (&room.state.board, lang.words());
    let is_up = |bind: &&BindStatus| bind.state == BindState::Bound;
    let up = binds.iter().filter(is_up).count();
    let holds = [
        (board.draining(), w.draining),
        (!board.store_ok(), w.database_bad),
        (binds.is_empty(), w.no_telcos),
        (!binds.is_empty() && up == 0, w.no_binds_up),
        (up > 0 && up < binds.len(), w.some_binds_down),
        (board.breaker_open(), w.portal_bad),
    ];
    let mut troubles: Vec<String> =
        holds.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text.to_owned()).collect();
    troubles.extend(board.alarms().into_iter().map(|alarm| if lang == Lang::Km { alarm.km } else { alarm.en }));
    let mut cut: Vec<&str> = binds.iter().map(|bind| bind.smsc.as_str()).collect();
    cut.dedup();
    cut.retain(|telco| !binds.iter().filter(is_up).any(|bind| bind.smsc.as_str() == *telco));
    cut.sort_unstable();
    cut.dedup();
    if up > 0 && !cut.is_empty() {
        troubles.push(format!("{} {}", w.telcos_cut, cut.join(", ")));
    }
    troubles.extend(ordered::troubles(board, lang));
    troubles
}

/// How receipts write ids, where that is another way than that of submit_sm_resp.
fn findings(lang: Lang, learned: Vec<(Family, Learned)>) -> Vec<String> {
    let w = lang.words();
    let of = |(family, learned): (Family, Learned)| {
        let ways = [(Fit::ReceiptDecimal, w.receipts_decimal), (Fit::ReceiptHex, w.receipts_hex)];
        let seen = ways.into_iter().filter(move |(fit, _)| learned.count(*fit) > 0);
        seen.map(move |(fit, text)| format!("{} – {text} ({})", family.as_str(), learned.count(fit)))
    };
    learned.into_iter().flat_map(of).collect()
}

/// Who calls an officer.
fn calls(room: &Room, lang: Lang, now: UnixMs, kiosks: &[KioskRow]) -> Vec<Call> {
    let calls = room.state.exchange.iter().flat_map(|exchange| exchange.kiosks.staff_calls());
    let call = |(id, since): (String, UnixMs)| {
        let kiosk = kiosks.iter().find(|kiosk| kiosk.id == id);
        let place = kiosk.map(|kiosk| kiosk.place().to_owned()).unwrap_or_default();
        Call { id, place, since: lang.duration(now.since_ms(since)) }
    };
    calls.map(call).collect()
}

/// What is not well at the kiosks; who is called to one comes first.
fn troubles_of_kiosks(lang: Lang, calls: &[Call], kiosks: &[KioskRow]) -> Vec<String> {
    let w = lang.words();
    let called = calls.iter().map(|call| format!("{} {} ({}) · {}", w.kiosk_calls, call.place, call.id, call.since));
    let named = |text: &str, which: &dyn Fn(&KioskRow) -> bool| {
        let names: Vec<&str> =
            kiosks.iter().filter(|kiosk| !kiosk.revoked && which(kiosk)).map(|kiosk| kiosk.id.as_str()).collect();
        (!names.is_empty()).then(|| format!("{text} {}", names.join(", ")))
    };
    let of_devices = [
        named(w.kiosks_silent, &|kiosk| kiosk.silent),
        named(w.kiosks_out_of_paper, &|kiosk| !kiosk.silent && kiosk.paper == Paper::Out),
        named(w.kiosks_printer_broken, &|kiosk| !kiosk.silent && kiosk.paper == Paper::Broken),
    ];
    called.chain(of_devices.into_iter().flatten()).collect()
}

fn bind_row(bind: BindStatus, lang: Lang, now: UnixMs) -> BindRow {
    BindRow {
        smsc: bind.smsc.as_str().to_owned(),
        bind: bind.bind,
        tone: tone(bind.state),
        state: lang.bind_state(bind.state),
        since: lang.duration(now.since_ms(bind.since)),
        in_flight: bind.in_flight,
        window: bind.window,
        last_error: bind.last_error,
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
    let names = if all.is_empty() { HashMap::new() } else { office_names(room).await };
    let row = |kiosk: Kiosk| {
        let name = names.get(&kiosk.office).map(|name| name.get(lang.language()).to_owned());
        KioskRow { office_name: name, ..kiosk_row(kiosk, lang, now) }
    };
    all.into_iter().map(row).collect()
}

/// Names of offices by their identifiers, as far as they are known.
async fn office_names(room: &Room) -> HashMap<String, Localized> {
    let Some(exchange) = &room.state.exchange else { return HashMap::new() };
    let everywhere = Question::Offices(OfficeSearch { within: Some(String::new()), ..OfficeSearch::default() });
    match tokio::time::timeout(PATIENCE, exchange.conversation.look_around(&everywhere, PATIENCE)).await {
        Ok(Answer::Offices(Ok(found))) => {
            found.items.into_iter().map(|hit| (hit.office.id.clone(), hit.office.name.clone())).collect()
        }
        _ => HashMap::new(),
    }
}

impl KioskRow {
    /// Where it stands, for people.
    fn place(&self) -> &str {
        self.office_name.as_deref().unwrap_or(&self.office)
    }
}

fn kiosk_row(kiosk: Kiosk, lang: Lang, now: UnixMs) -> KioskRow {
    let w = lang.words();
    let silent = kiosk.heartbeat.as_ref().is_none_or(|heartbeat| now.since_ms(heartbeat.at) > SILENT_MS);
    let (revoked, open) = (kiosk.revoked_at.is_some(), kiosk.closed.is_none());
    let paper = match kiosk.heartbeat.as_ref().map(|heartbeat| heartbeat.printer.as_str()) {
        Some("out") => Paper::Out,
        Some("error") => Paper::Broken,
        _ => Paper::Well,
    };
    let (tone, state) = match (revoked, silent, paper, open) {
        (true, ..) => ("bad", w.kiosk_revoked),
        (_, true, ..) => ("bad", w.kiosk_silent),
        (_, _, Paper::Out, _) => ("bad", w.kiosk_out_of_paper),
        (_, _, Paper::Broken, _) => ("bad", w.kiosk_printer_broken),
        (.., false) => ("busy", w.kiosk_closed),
        _ => ("good", w.good),
    };
    let heartbeat = kiosk.heartbeat;
    KioskRow {
        id: kiosk.id,
        office: kiosk.office,
        office_name: None,
        profile: kiosk.profile,
        tone,
        state,
        silent,
        paper,
        seen: heartbeat.as_ref().map(|heartbeat| lang.duration(now.since_ms(heartbeat.at))),
        page: heartbeat.as_ref().map(|heartbeat| heartbeat.page.clone()).unwrap_or_default(),
        build: heartbeat.as_ref().map(|heartbeat| heartbeat.build.clone()).unwrap_or_default(),
        printer: heartbeat.as_ref().map(|heartbeat| lang.printer(&heartbeat.printer).to_owned()).unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::kiosks::Heartbeat;

    const NOW: UnixMs = UnixMs(1_795_400_000_000);

    fn kiosk(id: &str, silent_s: Option<i64>, printer: &str) -> Kiosk {
        Kiosk {
            id: id.to_owned(),
            office: "owso-1205".to_owned(),
            profile: "kiosk-22".to_owned(),
            paired_at: UnixMs(0),
            revoked_at: None,
            closed: None,
            message: None,
            volume: None,
            language: None,
            fresh: false,
            heartbeat: silent_s.map(|seconds| Heartbeat {
                at: NOW.plus_ms(-seconds * 1_000),
                page: "home".to_owned(),
                build: "1".to_owned(),
                printer: printer.to_owned(),
                network_ms: 20,
                battery: None,
            }),
        }
    }

    fn told(kiosks: Vec<Kiosk>, called: Option<&str>) -> Vec<String> {
        let rows: Vec<KioskRow> = kiosks.into_iter().map(|kiosk| kiosk_row(kiosk, Lang::En, NOW)).collect();
        let call = |id: &str| Call { id: id.to_owned(), place: "OWSO Dangkao".to_owned(), since: "2 min".to_owned() };
        let calls: Vec<Call> = called.into_iter().map(call).collect();
        troubles_of_kiosks(Lang::En, &calls, &rows)
    }

    #[test]
    fn all_is_well_only_when_every_kiosk_is_heard_and_prints() {
        let well = |id: &str| kiosk(id, Some(30), "ok");
        assert_eq!(told(vec![well("k-1"), kiosk("k-2", Some(100), "none")], None), Vec::<String>::new());
        for (bad, said) in [
            (kiosk("k-2", Some(101), "ok"), "Silent kiosks: k-2"),
            (kiosk("k-2", None, ""), "Silent kiosks: k-2"),
            (kiosk("k-2", Some(1), "out"), "Kiosks out of paper: k-2"),
            (kiosk("k-2", Some(1), "error"), "Kiosks with a broken printer: k-2"),
        ] {
            assert_eq!(told(vec![well("k-1"), bad], None), [said]);
        }
        let revoked = Kiosk { revoked_at: Some(NOW), ..kiosk("k-3", None, "out") };
        assert_eq!(told(vec![revoked], None), Vec::<String>::new(), "nobody waits for one that was revoked");
        let closed = Kiosk { closed: Some("{}".to_owned()), ..well("k-4") };
        assert_eq!(told(vec![closed], None), Vec::<String>::new(), "somebody closed it");
    }

    #[test]
    fn who_calls_an_officer_is_told_first() {
        let all = vec![kiosk("k-1", None, ""), kiosk("k-2", Some(5), "ok")];
        assert_eq!(
            told(all, Some("k-2")),
            ["An officer is called to OWSO Dangkao (k-2) · 2 min", "Silent kiosks: k-1"]
        );
    }
}
