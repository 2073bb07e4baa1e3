//! `/console`: one page that says whether all is well, and if not, what is not. Made whole on the server; a
//! small script fetches it again every two seconds. It must not know how anything it shows is done.
pub use super::asked::Asked;
use super::{
    access::Asker,
    chart::{Chart, chart},
    dead_rows::{DeadRow, dead},
    gate::admit,
    kiosk_rows::{Call, KioskRow, calls, kiosks, troubles_of_kiosks},
    learned::findings,
    link_rows::{BY_MINUTE, TelcoRow, telcos},
    link_words::LinkWords,
    metrics::{depths, learned},
    ordered::{self, Reload},
    pairing::{Fault, Pairing},
    respond::{page, time_of_day},
    state::{Ops, Room, TryoutPages},
    troubles::troubles,
    words::{Lang, Words},
};
use crate::{ports::status::Rate, types::profile, web::filters};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

#[derive(Template)]
#[template(path = "console.html")]
struct Page {
    lang: Lang,
    w: &'static Words,
    l: &'static LinkWords,
    /// Whether somebody signed in, and can sign out.
    signed_in: bool,
    /// Where the try-out's other pages are.
    tryout: Option<TryoutPages>,
    troubles: Vec<String>,
    telcos: Vec<TelcoRow>,
    /// How the configuration was read again; `None` where there is no file to read.
    reload: Option<Reload>,
    /// Where the orders of a telco lead back to.
    page: &'static str,
    /// What was found out about telcos.
    learned: Vec<String>,
    /// Texts that were given up.
    dead: Vec<DeadRow>,
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

/// `GET /console`
pub async fn show(State(room): State<Ops>, Query(asked): Query<Asked>, asker: Asker, headers: HeaderMap) -> Response {
    let lang = asked.lang(&headers);
    match admit(&room, lang, &headers, asker) {
        Ok(()) => page(&compose(&room, lang, None).await),
        Err(refused) => *refused,
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

async fn compose(room: &Room, lang: Lang, tried: Option<Tried>) -> Page {
    let (board, now) = (&room.state.board, room.state.clock.now());
    let (inbox, outbox) = depths(room).await;
    let binds = board.binds();
    let kiosks = kiosks(room, lang, now).await;
    let mut troubles = troubles(room, lang, &binds);
    let calls = calls(room, lang, now, &kiosks).await;
    troubles.extend(troubles_of_kiosks(lang, &calls, &kiosks));
    let w = lang.words();
    let rates = [(Rate::MoIn, w.mo_in), (Rate::Answers, w.answers), (Rate::MtOut, w.mt_out)];
    Page {
        lang,
        w,
        l: lang.link_words(),
        signed_in: room.access.asks(),
        tryout: room.state.tryout.clone(),
        troubles,
        telcos: telcos(room, lang, now, &binds, BY_MINUTE),
        page: "console",
        reload: ordered::reload(board, lang),
        learned: findings(lang, learned(room).await).into_iter().map(|(of, text)| format!("{of} – {text}")).collect(),
        dead: dead(room, lang).await,
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
