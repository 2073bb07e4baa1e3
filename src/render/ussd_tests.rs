//! Screens: their sizes, their keys, and that nothing is lost between them.
use super::*;
use proptest::prelude::*;

fn size(gsm7: usize, ucs2: usize) -> Size {
    Size { gsm7, ucs2 }
}

#[test]
fn the_first_menu_is_one_screen_in_every_language() {
    for language in Language::ALL {
        for note in [None, Some(Note::NotUnderstood), Some(Note::Lost)] {
            let text = render_ussd(&View::Menu, note, language, &TimeZone::UTC, size(160, 70));
            assert_eq!(text.pages.len(), 1, "{:?}", text.pages);
            assert!(!text.end && !text.as_text);
        }
    }
}

#[test]
fn screens_that_end_a_session_are_one_screen_and_have_no_keys() {
    for language in Language::ALL {
        for view in [View::SlowDown, View::AskAgain, View::Apology] {
            let text = render_ussd(&view, None, language, &TimeZone::UTC, size(160, 70));
            assert!(text.end && text.pages.len() == 1 && !text.pages[0].contains("00"), "{:?}", text.pages);
        }
        assert!(units(&late(language), language) <= size(160, 70).of(language));
    }
}

#[test]
fn khmer_letters_only_where_they_were_asked_for_and_can_be_shown() {
    for (language, asked, ucs2, expected) in [
        (Language::Km, true, 70, Language::Km),
        (Language::Km, false, 70, Language::KmLatn),
        (Language::Km, true, 0, Language::KmLatn),
        (Language::En, false, 70, Language::En),
    ] {
        assert_eq!(screen_language(language, asked, size(160, ucs2)), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::text::property_cases()))]

    #[test]
    fn no_page_is_too_large_and_nothing_is_lost(
        lines in prop::collection::vec("[ក-អា-់្ a-z។]{0,90}", 0..9),
        most in 60usize..90, more in prop::bool::ANY, text in prop::bool::ANY,
    ) {
        let lines: Vec<String> = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty()).collect();
        let kind = Kind::Answer { text };
        let pages = cut(&lines, kind, more, Language::Km, most);
        let (with, without) = (keys(kind, true, Language::Km), keys(kind, more, Language::Km));
        let mut read = String::new();
        for (at, page) in pages.iter().enumerate() {
            prop_assert!(units(page, Language::Km) <= most && page.lines().count() <= LINES_MAX, "{page}");
            let keys = if at + 1 == pages.len() && pages.len() < PAGES_MAX { &without } else { &with };
            let body = page.strip_suffix(keys.as_str()).or_else(|| page.strip_suffix(without.as_str()));
            prop_assert!(body.is_some(), "{page}");
            read.push_str(body.unwrap_or_default());
        }
        let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let whole = plain(&lines.concat());
        if pages.len() < PAGES_MAX {
            prop_assert_eq!(plain(&read), whole);
        } else {
            prop_assert!(whole.starts_with(&plain(&read)));
        }
    }
}
