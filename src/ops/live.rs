//! `/trace/live`: what goes over the binds as it goes, covered as it is remembered. The page stands without a script, as of
//! when it was made; with one it is fed by `/trace/events` (server-sent events). No link waits for a reader: one that is too
//! slow is told how many PDUs it missed.
use super::{
    access::{self, Asker},
    asked::Asked,
    filter::Filter,
    gate::admit,
    link_words::LinkWords,
    pdu_rows::PduRow,
    respond::page,
    state::{Ops, Room},
    trace_file::FileView,
    words::{Lang, Words},
};
use crate::{
    ports::trace::{Followed, Follower},
    smpp::trace::Seen,
    types::percent::percent,
    web::filters,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use std::{collections::VecDeque, convert::Infallible, time::Duration};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// PDUs on the page when it is made.
const SHOWN: usize = 100;
/// How often a reader is looked at again: whoever has signed out reads no more. It also keeps proxies from closing the line.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// Kinds of PDUs that are offered.
const COMMANDS: [&str; 8] = [
    "submit_sm",
    "deliver_sm",
    "data_sm",
    "enquire_link",
    "bind_transceiver",
    "bind_transmitter",
    "bind_receiver",
    "unbind",
];

#[derive(Template)]
#[template(path = "live.html")]
struct Page {
    lang: Lang,
    w: &'static Words,
    l: &'static LinkWords,
    signed_in: bool,
    /// The other language's address.
    other: String,
    filter: Filter,
    telcos: Vec<String>,
    commands: [&'static str; 8],
    pdus: Vec<PduRow>,
    file: Option<FileView>,
}

/// `GET /trace/live`
pub(super) async fn show(
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    Query(filter): Query<Filter>,
    asker: Asker,
    headers: HeaderMap,
) -> Response {
    let lang = asked.lang(&headers);
    if let Err(refused) = admit(&room, lang, &headers, asker) {
        return *refused;
    }
    page(&Page {
        lang,
        w: lang.words(),
        l: lang.link_words(),
        signed_in: room.access.asks(),
        other: format!("/trace/live?lang={}&{}", lang.other().tag(), query(&filter)),
        telcos: room.state.board.telcos.all().into_iter().map(|(smsc, _)| smsc.as_str().to_owned()).collect(),
        commands: COMMANDS,
        pdus: last(&room.state.trace.all(), &filter, lang, SHOWN),
        file: room.state.trace_file.as_ref().map(|files| FileView::of(files.state().as_ref(), lang)),
        filter,
    })
}

/// The last PDUs that are wanted, the newest first.
pub(super) fn last(all: &[Seen], filter: &Filter, lang: Lang, most: usize) -> Vec<PduRow> {
    let wanted = all.iter().rev().filter_map(|seen| filter.reads(seen).map(|read| PduRow::of(seen, read, lang)));
    wanted.take(most).collect()
}

/// The filter as it stands in an address.
fn query(filter: &Filter) -> String {
    let Filter { smsc, bind, command, refused, number } = filter;
    let all = [("smsc", smsc), ("bind", bind), ("command", command), ("refused", refused), ("number", number)];
    let given = all.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(key, value)| format!("{key}={}", percent(value))).collect::<Vec<_>>().join("&")
}

/// As what PDUs are told.
#[derive(Deserialize)]
pub(super) struct Form {
    /// `lines`: as a trace has them; else as the page shows them.
    #[serde(default, rename = "as")]
    form: String,
}

/// `GET /trace/events`: the last PDUs, oldest first, and each that comes, as `event: pdu`; `event: missed` with how many went
/// by unseen.
pub(super) async fn events(
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    Query(filter): Query<Filter>,
    Query(form): Query<Form>,
    asker: Asker,
    headers: HeaderMap,
) -> Response {
    if let Err(why) = room.access.admits(&headers, asker) {
        return access::refused(why);
    }
    let Some((before, follower)) = room.state.trace.follow() else {
        let text = "too many follow the trace already; try again when one has gone\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "15")], text).into_response();
    };
    let mut looks = interval(LOOK_AGAIN);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.reset();
    let mut reader =
        Reader { lang: asked.lang(&headers), lines: form.form == "lines", filter, waiting: VecDeque::new() };
    let mut wanted: Vec<Event> = before.iter().rev().filter_map(|seen| reader.event(seen)).take(SHOWN).collect();
    wanted.reverse();
    reader.waiting = wanted.into();
    let feed = Feed { room, headers, asker, follower, looks, reader };
    Sse::new(stream::unfold(feed, async |mut feed| feed.next().await.map(|event| (Ok::<_, Infallible>(event), feed))))
        .into_response()
}

/// What one reader wants, and in which form.
struct Reader {
    lang: Lang,
    lines: bool,
    filter: Filter,
    /// What was there before it came.
    waiting: VecDeque<Event>,
}

impl Reader {
    fn event(&self, seen: &Seen) -> Option<Event> {
        let read = self.filter.reads(seen)?;
        let event = Event::default().event("pdu");
        if self.lines {
            return Some(event.data(seen.line()));
        }
        // only a template that names an asset which is not there, and a test looks for those
        PduRow::of(seen, read, self.lang).render().ok().map(|row| event.data(row))
    }
}

/// One reader's stream.
struct Feed {
    room: Ops,
    headers: HeaderMap,
    asker: Asker,
    follower: Follower,
    looks: Interval,
    reader: Reader,
}

impl Feed {
    /// `None` at its end: the server stops, or the reader may look no more.
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.reader.waiting.pop_front() {
            return Some(event);
        }
        let room: &Room = &self.room;
        loop {
            let followed = tokio::select! {
                () = room.state.stop.cancelled() => return None,
                _ = self.looks.tick() => {
                    room.access.admits(&self.headers, self.asker).ok()?;
                    return Some(Event::default().comment("here"));
                }
                followed = self.follower.next() => followed?,
            };
            match followed {
                Followed::Pdu(seen) => {
                    if let Some(event) = self.reader.event(&seen) {
                        return Some(event);
                    }
                }
                Followed::Missed(missed) => return Some(Event::default().event("missed").data(missed.to_string())),
            }
        }
    }
}
