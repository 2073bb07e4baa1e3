//! Pages and holidays as the contract's JSON has them (1.1, optional). What cannot be read of an entry costs that entry, not the
//! list; what a page says is plain text, whatever came.
use super::{WireText, day, id, localized, number, paragraph};
use crate::types::{
    UnixMs,
    civic::{Holiday, Page, PageKind, PageSection},
    limits::{PORTAL_PAGE_OCTETS_MAX, PORTAL_SECTIONS_MAX, PORTAL_URL_OCTETS_MAX},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct WirePage {
    id: String,
    kind: String,
    title: WireText,
    summary: Option<WireText>,
    number: Option<String>,
    date: Option<String>,
    #[serde(default)]
    order: u32,
    updated_at: Option<String>,
    #[serde(default)]
    sections: Vec<WireSection>,
    qr_url: Option<String>,
    #[serde(default)]
    sample: bool,
}

#[derive(Deserialize)]
struct WireSection {
    heading: Option<WireText>,
    #[serde(default)]
    paragraphs: Vec<WireText>,
    #[serde(default)]
    items: Vec<WireText>,
}

#[derive(Deserialize)]
struct WireHoliday {
    date: String,
    name: WireText,
}

/// A page of the list of pages, and where the next one begins.
///
/// # Errors
/// Why it cannot be used.
pub fn pages(body: &[u8]) -> Result<(Vec<Page>, Option<String>), String> {
    super::directory::page(body, |item| serde_json::from_value(item).ok().and_then(page))
}

/// One page; it must be the one that was asked for.
///
/// # Errors
/// Why it cannot be used.
pub fn one_page(body: &[u8], asked: &str) -> Result<Page, String> {
    if body.len() > PORTAL_PAGE_OCTETS_MAX {
        return Err(format!("a page of {} octets, of {PORTAL_PAGE_OCTETS_MAX} at most", body.len()));
    }
    let wire: WirePage = serde_json::from_slice(body).map_err(|fault| format!("not a Page: {:?}", fault.classify()))?;
    if wire.id != asked {
        return Err("it is another page".to_owned());
    }
    page(wire).ok_or_else(|| "a page of no kind that is known".to_owned())
}

/// A page of holidays, and where the next one begins.
///
/// # Errors
/// Why it cannot be used.
pub fn holidays(body: &[u8]) -> Result<(Vec<Holiday>, Option<String>), String> {
    let read = |wire: WireHoliday| Some(Holiday { date: day(&wire.date)?, name: localized(wire.name) });
    super::directory::page(body, |item| serde_json::from_value(item).ok().and_then(read))
}

/// An entry of a list of holidays.
///
/// # Errors
/// Why it cannot be used.
pub fn holiday_of(item: serde_json::Value) -> Result<Holiday, String> {
    let wire: WireHoliday = serde_json::from_value(item).map_err(|fault| fault.to_string())?;
    Ok(Holiday { date: day(&wire.date).ok_or("date is no day")?, name: localized(wire.name) })
}

fn page(wire: WirePage) -> Option<Page> {
    Some(Page {
        id: Some(id(&wire.id)).filter(|id| !id.is_empty())?,
        kind: PageKind::from_wire(&wire.kind)?,
        title: localized(wire.title),
        summary: wire.summary.map(localized),
        number: wire.number.map(|text| number(&text)),
        date: wire.date.as_deref().and_then(day),
        order: wire.order,
        updated_at: wire.updated_at.as_deref().and_then(UnixMs::from_rfc3339),
        sections: wire.sections.into_iter().take(PORTAL_SECTIONS_MAX).map(section).collect(),
        qr_url: wire.qr_url.filter(|url| is_shown(url)),
        sample: wire.sample,
    })
}

fn section(wire: WireSection) -> PageSection {
    let all = |texts: Vec<WireText>| texts.into_iter().take(PORTAL_SECTIONS_MAX).map(paragraph).collect();
    PageSection { heading: wire.heading.map(localized), paragraphs: all(wire.paragraphs), items: all(wire.items) }
}

/// Whether an address may be drawn as a code: `https`, a host by its name that people can read, nothing that hides where it
/// leads (no user, no port, no foreign letters), and short enough to be scanned.
fn is_shown(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.starts_with("xn--")
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    url.len() <= PORTAL_URL_OCTETS_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\'))
        && labels.len() >= 2
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"id":"about","kind":"one_window","title":{"km":"ក","en":"A"},"order":2,"date":"2017-02-08",
        "number":"18","updated_at":"2026-10-01T08:00:00+07:00","qr_url":"https://owso.gov.kh/app",
        "sections":[{"heading":{"km":"ខ","en":"B"},"paragraphs":[{"km":"គ","en":"<b>C</b> see http://evil.example"}],
        "items":[{"km":"ឃ","en":"D"}]}],"new":1}"#;

    #[test]
    fn a_page_is_read_as_plain_text_without_links() {
        let page = one_page(GOOD.as_bytes(), "about").expect("a page");
        assert_eq!((page.kind, page.number.as_deref(), page.order), (PageKind::OneWindow, Some("18"), 2));
        assert_eq!(page.qr_url.as_deref(), Some("https://owso.gov.kh/app"));
        let said = &page.sections[0].paragraphs[0].en;
        assert!(said.starts_with("<b>C</b>") && !said.contains("http://evil.example"), "{said}");
        assert!(!page.sample);
    }

    #[test]
    fn a_page_that_is_not_as_agreed_is_refused() {
        let long = GOOD.replace("\"new\":1", &format!("\"new\":\"{}\"", "x".repeat(PORTAL_PAGE_OCTETS_MAX)));
        for (body, asked, why) in [
            (GOOD.to_owned(), "other", "another page"),
            (long, "about", "octets"),
            (GOOD.replace("one_window", "advert"), "about", "no kind"),
            (GOOD[..40].to_owned(), "about", "not a Page"),
        ] {
            let fault = one_page(body.as_bytes(), asked).expect_err(why);
            assert!(fault.contains(why), "{fault}");
        }
        let list = format!("{{\"items\":[{GOOD},{{\"id\":\"x\"}}],\"next_cursor\":null}}");
        assert_eq!(pages(list.as_bytes()).expect("a list").0.len(), 1, "what cannot be read costs its entry only");
    }

    #[test]
    fn an_address_is_drawn_only_when_people_can_see_where_it_leads() {
        for good in ["https://owso.gov.kh", "https://bakong.nbc.gov.kh/download?x=1", "https://a-b.gov.kh/#top"] {
            assert!(is_shown(good), "{good}");
        }
        let long = format!("https://owso.gov.kh/{}", "a".repeat(PORTAL_URL_OCTETS_MAX));
        for bad in [
            "http://owso.gov.kh",
            "javascript:alert(1)",
            "https://user@evil.example",
            "https://owso.gov.kh:8443/",
            "https://10.0.0.1/",
            "https://xn--80ak6aa92e.com",
            "https://ច្រក.kh",
            "https://localhost",
            "https://owso.gov.kh/a b",
            "https://owso.gov.kh/\u{202E}",
            &long,
        ] {
            assert!(!is_shown(bad), "{bad}");
        }
    }

    #[test]
    fn holidays_are_days_with_names() {
        let body = r#"{"items":[{"date":"2027-01-07","name":{"km":"ក","en":"A"}},{"date":"soon","name":{"km":"ក","en":"A"}}],
            "next_cursor":null}"#;
        let (all, _) = holidays(body.as_bytes()).expect("a list");
        assert_eq!(all.iter().map(|one| one.date.to_string()).collect::<Vec<_>>(), ["2027-01-07"]);
    }
}
