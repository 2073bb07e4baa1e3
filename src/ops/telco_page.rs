//! `/telcos/{name}`: everything about one telco on one page.
use super::{
    access::Asker,
    asked::Asked,
    filter::Filter,
    gate::admit,
    learned::findings,
    link_rows::{BY_STEP, TelcoRow, telco},
    link_words::LinkWords,
    live::last,
    metrics::learned,
    pdu_rows::PduRow,
    respond::{page, time_of_day},
    state::{Ops, Room},
    words::{Lang, Words},
};
use crate::{types::names::SmscName, web::filters};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

/// PDUs on the page.
const PDUS: usize = 20;
/// Characters of a name that nobody knows that are shown.
const NAME_CHARS: usize = 40;

#[derive(Template)]
#[template(path = "telco.html")]
struct Page {
    lang: Lang,
    w: &'static Words,
    l: &'static LinkWords,
    signed_in: bool,
    /// The other language's address.
    other: String,
    at: String,
    known: bool,
    /// Where its orders lead back to.
    page: &'static str,
    telco: TelcoRow,
    settings: Vec<Setting>,
    learned: Vec<String>,
    pdus: Vec<PduRow>,
}

/// One key of its configuration.
struct Setting {
    what: &'static str,
    key: &'static str,
    value: String,
}

/// `GET /telcos/{name}`
pub(super) async fn show(
    State(room): State<Ops>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    asker: Asker,
    headers: HeaderMap,
) -> Response {
    let lang = asked.lang(&headers);
    if let Err(refused) = admit(&room, lang, &headers, asker) {
        return *refused;
    }
    let composed = compose(&room, lang, &SmscName::from(name.as_str())).await;
    let mut answer = page(&composed);
    if !composed.known {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    answer
}

async fn compose(room: &Room, lang: Lang, smsc: &SmscName) -> Page {
    let (board, now) = (&room.state.board, room.state.clock.now());
    let shown = board.telcos.get(smsc);
    let binds = board.binds();
    let known = shown.is_some() || binds.iter().any(|bind| bind.smsc == *smsc);
    let setting = |(key, value): (&'static str, String)| Setting { what: lang.setting(key), key, value };
    let of_family = findings(lang, learned(room).await)
        .into_iter()
        .filter(|(family, _)| shown.as_ref().is_some_and(|shown| shown.family == *family));
    let filter = Filter { smsc: smsc.as_str().to_owned(), ..Filter::default() };
    let mut telco = telco(room, lang, now, smsc, &binds, BY_STEP);
    telco.smsc = telco.smsc.chars().take(NAME_CHARS).collect();
    Page {
        lang,
        w: lang.words(),
        l: lang.link_words(),
        signed_in: room.access.asks(),
        other: format!("/telcos/{}?lang={}", telco.segment, lang.other().tag()),
        at: time_of_day(now),
        known,
        page: "telco",
        telco,
        settings: shown.iter().flat_map(|shown| shown.settings.iter().cloned()).map(setting).collect(),
        learned: of_family.map(|(_, text)| text).collect(),
        pdus: last(&room.state.trace.of(smsc), &filter, lang, PDUS),
    }
}
