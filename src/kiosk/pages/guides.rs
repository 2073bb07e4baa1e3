//! A guide on the screen, with the days that a law counts. It must not know what a guide says.
use crate::{
    kiosk::{
        context::PageContext,
        errors,
        guides::{self, Span},
        parts::{
            frame::{Back, Frame},
            tiles::{Group, Look, service_tile},
        },
        respond::page,
        state::KioskState,
        texts::Lang,
    },
    render::words as shared,
    types::{
        civic::{Answer, Query, ServiceSearch},
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::{ToSpan, civil::Date};

/// A step as it is shown.
struct Shown {
    title: &'static str,
    text: &'static str,
    /// Label and day of an end that is counted from today.
    until: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    frame: Frame,
    title: &'static str,
    lead: &'static str,
    steps: Vec<Shown>,
    group: Group,
}

/// `GET /kiosk/{lang}/guide/{id}`
pub async fn guide(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let Some(guide) = guides::find(&id) else { return errors::no_such_page().await };
    let lang = context.lang;
    let today = state.backend.now().civil(&phnom_penh()).date();
    let mut tiles = Vec::new();
    if let Answer::Services(Ok(found)) = state.backend.look_around(&Query::Services(ServiceSearch::default())).await {
        let known = |code: &String| found.items.iter().find(|service| service.code == *code);
        tiles = guide.services.iter().filter_map(known).map(|service| service_tile(lang, service)).collect();
    }
    let steps = guide.steps.iter().map(|step| Shown {
        title: step.title.get(lang),
        text: step.text.get(lang),
        until: step.span.map(|span| ends(lang, span, today)).unwrap_or_default(),
    });
    let template = GuidePage {
        frame: context.frame(guide.title.get(lang), format!("guide/{id}"), Back::In("services".into())),
        title: guide.title.get(lang),
        lead: guide.lead.get(lang),
        steps: steps.collect(),
        group: Group::of(context.words.services_title, tiles),
    };
    page(StatusCode::OK, &template)
}

/// The end of a span that begins today, and for a notice the first day after it.
fn ends(lang: Lang, span: Span, today: Date) -> Vec<(&'static str, String)> {
    let visit_words = lang.visit();
    let day = |ahead: i32| {
        let date = today.checked_add(ahead.days()).unwrap_or(today);
        shared::date_long(date, lang.language())
    };
    match span {
        Span::Notice(days) => vec![(visit_words.notice_from, day(days)), (visit_words.notice_until, day(days + 1))],
        Span::Within(days) => vec![(visit_words.within_until, day(days))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_notice_is_counted_from_the_day_of_the_request() {
        let shown = ends(Lang::En, Span::Notice(10), date(2026, 11, 23));
        assert_eq!(shown[0].1, "Thursday 3 December 2026");
        assert_eq!(shown[1].1, "Friday 4 December 2026");
    }

    #[test]
    fn a_time_to_keep_ends_on_its_last_day() {
        let shown = ends(Lang::En, Span::Within(30), date(2026, 11, 23));
        assert_eq!(shown, [(Lang::En.visit().within_until, "Wednesday 23 December 2026".to_owned())]);
    }
}
