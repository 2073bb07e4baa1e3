//! Answers that are pages, and those that are a line.
use crate::{
    ports::{StoreFault, spread::Spread},
    types::{UnixMs, time::phnom_penh},
};
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// A page.
pub(super) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        // Only a template that names an asset which is not there, and a test looks for those.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Why nothing was done, in one line for an operator.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{}\n", self.1)).into_response()
    }
}

impl From<StoreFault> for Refusal {
    fn from(fault: StoreFault) -> Self {
        Refusal(StatusCode::SERVICE_UNAVAILABLE, format!("{fault}; try again"))
    }
}

/// The time of day in Phnom Penh.
pub(super) fn time_of_day(now: UnixMs) -> String {
    let at = now.civil(&phnom_penh());
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// A duration of a resp, as people compare them: `0.8 ms`, `23 ms`, `4.1 s`.
pub(super) fn millis(spread: &Spread, share: f64) -> Option<String> {
    spread.quantile(share).map(|duration| in_millis(duration.as_secs_f64() * 1_000.0))
}

/// Milliseconds in words.
pub(super) fn in_millis(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1_000.0),
    }
}

/// A rate: two digits where they say something.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate < 0.005 => "0".to_owned(),
        rate if rate < 10.0 => format!("{rate:.2}"),
        rate if rate < 100.0 => format!("{rate:.1}"),
        rate => format!("{rate:.0}"),
    }
}
