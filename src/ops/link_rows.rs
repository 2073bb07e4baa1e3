//! Telcos and their binds as operators see them: where each stands, what it carries, what is held back and why. It must not
//! know a page.
use super::{
    plot::{Hour, hour},
    respond::{millis, rate, time_of_day},
    state::Room,
    words::Lang,
};
use crate::{
    ports::{
        figures::Refusal,
        status::{BindState, BindStatus},
        telcos::TelcoBoard,
    },
    smpp::{esme::Allowed, status::name},
    types::{UnixMs, names::SmscName, percent::percent},
};
use std::{collections::BTreeSet, sync::Arc};

/// Refusals that came so lately are why a telco is looked at.
const LATELY_MS: i64 = 60_000;
/// Points of a drawing on the console: one a minute.
pub(super) const BY_MINUTE: usize = 6;
/// On the page of a telco: one in ten seconds.
pub(super) const BY_STEP: usize = 1;

/// One bind.
pub(super) struct BindRow {
    pub(super) bind: String,
    pub(super) tone: &'static str,
    pub(super) state: &'static str,
    pub(super) since: String,
    /// The other node that has it.
    pub(super) node: Option<String>,
    pub(super) peer: Option<String>,
    pub(super) in_flight: usize,
    pub(super) window: usize,
    /// A second, in the last minute.
    pub(super) came: String,
    pub(super) went: String,
    /// Half of them, and 99 of 100.
    pub(super) trip: Option<String>,
    pub(super) error: Option<ErrorRow>,
    pub(super) again: Option<String>,
}

/// What went wrong last.
pub(super) struct ErrorRow {
    pub(super) words: String,
    /// The time of day, and how long ago.
    pub(super) at: String,
}

/// A kind of refusal.
pub(super) struct RefusalRow {
    pub(super) status: String,
    pub(super) count: u64,
    pub(super) ago: String,
}

/// One telco.
pub(super) struct TelcoRow {
    pub(super) smsc: String,
    /// Its name in an address.
    pub(super) segment: String,
    /// Whether all is well with it, something is to be looked at, or no bind is up.
    pub(super) tone: &'static str,
    pub(super) up: usize,
    pub(super) binds: Vec<BindRow>,
    /// What an operator has ordered.
    pub(super) paused: bool,
    pub(super) drained: bool,
    pub(super) rate: Option<String>,
    /// It says that it is too fast, or refused something just now.
    pub(super) held: bool,
    pub(super) refusals: Vec<RefusalRow>,
    pub(super) hour: Option<Hour>,
}

/// All telcos, those that need a look first. `merged`: so many steps of ten seconds are one point of a drawing.
pub(super) fn telcos(room: &Room, lang: Lang, now: UnixMs, binds: &[BindStatus], merged: usize) -> Vec<TelcoRow> {
    let board = &room.state.board;
    let mut names: BTreeSet<SmscName> = binds.iter().map(|bind| bind.smsc.clone()).collect();
    names.extend(board.orders.all().into_iter().map(|(smsc, _)| smsc));
    names.extend(board.telcos.all().into_iter().map(|(smsc, _)| smsc));
    let mut rows: Vec<TelcoRow> = names.into_iter().map(|smsc| telco(room, lang, now, &smsc, binds, merged)).collect();
    rows.sort_by_key(|row| match row.tone {
        "bad" => 0,
        "busy" => 1,
        _ => 2,
    });
    rows
}

/// One of them; it may be of a name that nobody knows.
pub(super) fn telco(
    room: &Room,
    lang: Lang,
    now: UnixMs,
    smsc: &SmscName,
    binds: &[BindStatus],
    merged: usize,
) -> TelcoRow {
    let board = &room.state.board;
    let shown = board.telcos.get(smsc);
    let of_it: Vec<&BindStatus> = binds.iter().filter(|bind| bind.smsc == *smsc).collect();
    let up = of_it.iter().filter(|bind| bind.state.is_up()).count();
    let allowed = shown.as_ref().map(|shown| shown.pace.allowed());
    let refusals = shown.as_ref().map(|shown| shown.figures.refusals()).unwrap_or_default();
    let lately = refusals.iter().any(|refusal| now.since_ms(refusal.at) < LATELY_MS);
    let held = lately || allowed.is_some_and(|allowed| !matches!(allowed, Allowed::Configured(_)));
    let order = board.orders.all().into_iter().find(|(name, _)| name == smsc).map(|(_, order)| order);
    let order = order.unwrap_or_default();
    TelcoRow {
        segment: percent(smsc.as_str()),
        tone: match up {
            0 => "bad",
            up if up < of_it.len() || held || order.paused || order.drained => "busy",
            _ => "good",
        },
        up,
        paused: order.paused,
        drained: order.drained,
        held,
        rate: allowed.map(|allowed| lang.allowed(allowed)),
        refusals: refusals.into_iter().map(|refusal| refusal_row(refusal, lang, now)).collect(),
        hour: shown
            .as_ref()
            .map(|shown| hour(&shown.figures.hour(now), merged, room.state.started, now, lang.link_words())),
        binds: of_it.into_iter().map(|bind| bind_row(bind, shown.as_ref(), lang, (room.state.started, now))).collect(),
        smsc: smsc.as_str().to_owned(),
    }
}

fn refusal_row(refusal: Refusal, lang: Lang, now: UnixMs) -> RefusalRow {
    RefusalRow { status: name(refusal.status), count: refusal.count, ago: lang.ago(refusal.at, now) }
}

fn bind_row(
    bind: &BindStatus,
    shown: Option<&Arc<TelcoBoard>>,
    lang: Lang,
    (started, now): (UnixMs, UnixMs),
) -> BindRow {
    let minute = shown.map(|shown| shown.figures.minute_of(&bind.bind, now)).unwrap_or_default();
    let trips = &minute.tally.trips;
    // just started, it has not carried anything for a minute
    let seconds = minute.seconds.min(now.since_ms(started) as f64 / 1_000.0).max(1.0);
    let a_second = |count: u64| rate(count as f64 / seconds);
    BindRow {
        tone: tone(bind.state),
        state: lang.bind_state(bind.state),
        since: lang.duration(now.since_ms(bind.since)),
        node: bind.node.clone(),
        peer: bind.peer.clone(),
        in_flight: bind.in_flight,
        window: bind.window,
        came: a_second(minute.tally.came),
        went: a_second(minute.tally.went),
        trip: millis(trips, 0.5).zip(millis(trips, 0.99)).map(|(half, most)| format!("{half} · {most}")),
        error: bind.last_error.as_ref().map(|error| ErrorRow {
            words: error.words.clone(),
            at: format!("{} · {}", time_of_day(error.at), lang.ago(error.at, now)),
        }),
        again: bind.again_at.filter(|at| *at > now).map(|at| lang.again(at, now)),
        bind: bind.bind.clone(),
    }
}

fn tone(state: BindState) -> &'static str {
    match state {
        BindState::Bound | BindState::Elsewhere => "good",
        BindState::Connecting | BindState::Binding | BindState::Unbinding | BindState::ElsewhereDown => "busy",
        BindState::Waiting | BindState::Closed => "bad",
    }
}
