//! The file into which the trace is written: begun and ended from the trace page or by a program, and what is said of it.
//! What is begun here has numbers and texts covered, always. It must not know how a file is written.
use super::{
    access::{self, Asker},
    console::Asked,
    kiosks::is_browser,
    operator::Operator,
    respond::Refusal,
    state::Ops,
    words::Lang,
};
use crate::{
    ports::trace_file::{NotBegun, OCTETS_MAX, Over, TraceFileState, WITHIN_MAX},
    types::{UnixMs, time::phnom_penh},
};
use axum::{
    Json,
    extract::{Form, Query, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Minutes for which one is written where nothing else is asked for.
const MINUTES: u64 = 60;
/// Those that the page offers.
const CHOICES: [u64; 4] = [15, MINUTES, 8 * 60, 24 * 60];

/// An order.
#[derive(Deserialize)]
pub struct Ordered {
    order: String,
    minutes: Option<u64>,
}

/// `GET /trace/file`: where it stands.
pub async fn show(State(room): State<Ops>, asker: Asker, headers: HeaderMap) -> Response {
    if let Err(why) = room.access.admits(&headers, asker) {
        return access::refused(why);
    }
    let state = room.state.trace_file.as_ref().and_then(|files| files.state());
    Json(told(state.as_ref())).into_response()
}

/// `POST /trace/file`: `order` `begin` (with `minutes`, 60 where they are left out) or `end`.
pub async fn order(
    _: Operator,
    State(room): State<Ops>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    form: Result<Form<Ordered>, FormRejection>,
) -> Response {
    let refused = |status, text: &str| Refusal(status, text.to_owned()).into_response();
    let Some(files) = &room.state.trace_file else {
        return refused(StatusCode::NOT_FOUND, "this server writes no trace file");
    };
    let Ok(Form(Ordered { order, minutes })) = form else {
        return refused(StatusCode::BAD_REQUEST, "order is needed, and minutes are a number");
    };
    let within = Duration::from_secs(minutes.unwrap_or(MINUTES).saturating_mul(60));
    let done = match order.as_str() {
        "begin" if within.is_zero() || within > WITHIN_MAX => {
            return refused(StatusCode::UNPROCESSABLE_ENTITY, "minutes are 1 to 1440");
        }
        "begin" => files.begin(within),
        "end" if !files.end() => return refused(StatusCode::CONFLICT, "no trace file is being written"),
        "end" => Ok(()),
        _ => return refused(StatusCode::UNPROCESSABLE_ENTITY, "order is begin or end"),
    };
    match done {
        Err(fault @ NotBegun::Running) => refused(StatusCode::CONFLICT, &fault.to_string()),
        Err(fault @ NotBegun::Failed(_)) => refused(StatusCode::INTERNAL_SERVER_ERROR, &fault.to_string()),
        Ok(()) if is_browser(&headers) => {
            Redirect::to(&format!("/trace/live?lang={}#file", asked.lang(&headers).tag())).into_response()
        }
        Ok(()) => Json(told(files.state().as_ref())).into_response(),
    }
}

/// As programs are told it; times with the offset of Phnom Penh.
fn told(state: Option<&TraceFileState>) -> Value {
    let Some(state) = state else { return json!({ "running": false }) };
    let time = |at: UnixMs| format!("{}+07:00", at.civil(&phnom_penh()));
    json!({
        "running": state.over.is_none(),
        "file": state.path,
        "unmasked": state.unmasked,
        "begun": time(state.begun),
        "until": state.until.map(time),
        "octets": state.octets,
        "ended": state.over.as_ref().map(|(_, at)| time(*at)),
    })
}

/// What the trace page says of it.
pub(super) struct FileView {
    pub(super) title: &'static str,
    pub(super) runs: bool,
    pub(super) lines: Vec<String>,
    pub(super) within: &'static str,
    pub(super) choices: Vec<(u64, String)>,
    pub(super) button: &'static str,
}

impl FileView {
    pub(super) fn of(state: Option<&TraceFileState>, lang: Lang) -> Self {
        let runs = state.is_some_and(|state| state.over.is_none());
        let button = match runs {
            true => lang.pick("ឈប់កត់ត្រា", "Stop writing"),
            false => lang.pick("ចាប់ផ្តើមកត់ត្រា", "Begin writing"),
        };
        let mut lines: Vec<String> = state.map(|state| stands(state, lang)).into_iter().collect();
        if state.is_some_and(|state| state.unmasked) {
            let bare = lang.pick(
                "លេខទូរស័ព្ទ និងអត្ថបទក្នុងឯកសារនេះមិនបានបិទបាំងទេ។ សូមលុបឯកសារពេលប្រើរួច។",
                "Numbers and texts stand in this file as they are. Please delete it when it has been used.",
            );
            lines.push(bare.to_owned());
        }
        if !runs {
            let what = lang.pick(
                "PDU ទាំងអស់អាចកត់ត្រាទុកក្នុងឯកសារ។ លេខទូរស័ព្ទ អត្ថបទ និងលេខសម្ងាត់ត្រូវបានបិទបាំង។",
                "All PDUs can be written into a file. Numbers, texts and passwords are covered in it.",
            );
            lines.push(what.to_owned());
        }
        FileView {
            title: lang.pick("ឯកសារកត់ត្រា PDU", "Trace file"),
            runs,
            lines,
            within: lang.pick("រយៈពេល", "For"),
            choices: CHOICES.map(|minutes| (minutes, lang.duration(minutes as i64 * 60_000))).into(),
            button,
        }
    }
}

/// Where it stands, with its path and size.
fn stands(state: &TraceFileState, lang: Lang) -> String {
    let (path, begun, size) = (&state.path, clock(state.begun), mib(state.octets));
    let most = OCTETS_MAX >> 20;
    match (&state.over, state.until.map(clock), lang) {
        (None, Some(until), Lang::En) => {
            format!("Written to {path} since {begun}: {size} so far. It ends by itself at {until}, or at {most} MiB.")
        }
        (None, Some(until), Lang::Km) => {
            format!("កំពុងកត់ត្រាទៅ {path} ចាប់ពីម៉ោង {begun}៖ {size}។ នឹងឈប់ដោយស្វ័យប្រវត្តិនៅម៉ោង {until} ឬពេលដល់ {most} MiB។")
        }
        (None, None, Lang::En) => {
            format!("Written to {path} since {begun}, as --trace-file says: {size} so far. The last 64 MiB are kept.")
        }
        (None, None, Lang::Km) => {
            format!("កំពុងកត់ត្រាទៅ {path} ចាប់ពីម៉ោង {begun} តាម --trace-file៖ {size}។ រក្សាទុកតែ 64 MiB ចុងក្រោយ។")
        }
        (Some((over, at)), _, Lang::En) => {
            format!("Written to {path} from {begun} to {}: {size}. {}", clock(*at), why(over, lang))
        }
        (Some((over, at)), _, Lang::Km) => {
            format!("បានកត់ត្រាទៅ {path} ពីម៉ោង {begun} ដល់ {}៖ {size}។ {}", clock(*at), why(over, lang))
        }
    }
}

fn why(over: &Over, lang: Lang) -> String {
    match over {
        Over::Ordered => lang.pick("បានបញ្ឈប់តាមបញ្ជា។", "It was stopped.").to_owned(),
        Over::Time => lang.pick("អស់ពេលដែលបានកំណត់។", "Its time was over.").to_owned(),
        Over::Full => lang.pick("ឯកសារពេញ។", "It was full.").to_owned(),
        Over::Broken(fault) => format!("{} {fault}", lang.pick("ថាសមានបញ្ហា៖", "The disk failed:")),
    }
}

/// Day and time in Phnom Penh.
fn clock(at: UnixMs) -> String {
    let at = at.civil(&phnom_penh());
    format!("{} {:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second())
}

fn mib(octets: u64) -> String {
    format!("{:.1} MiB", octets as f64 / f64::from(1 << 20))
}
