//! The guides of `kiosk-ui/guides.toml`: events of a life that take several services in their order. It must not know what a
//! service asks for, nor a page.
use super::texts::Lang;
use std::{collections::BTreeSet, sync::LazyLock};

/// The file, as the start has read it.
static GUIDES: LazyLock<Result<Vec<Guide>, String>> =
    LazyLock::new(|| read(include_str!("../../kiosk-ui/guides.toml")));

/// Longest span that is counted, in days.
const SPAN_MAX: i32 = 366;

/// An event of a life.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Part of its address.
    pub id: String,
    /// Its name.
    pub title: Both,
    /// One sentence on what it leads to.
    pub lead: Both,
    /// Codes of the services that it takes, in their order.
    pub services: Vec<String>,
    /// What to do, in its order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What to do.
    pub title: Both,
    /// How.
    pub text: Both,
    /// Days that a law counts.
    pub span: Option<Span>,
}

/// Days that are counted from the day on which somebody reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// A notice ends after so many days; on the day after it one may go on.
    Notice(i32),
    /// It is to be done within so many days.
    Within(i32),
}

/// A text in the languages of the screens.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Both {
    km: String,
    en: String,
}

impl Both {
    /// In this language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Km => &self.km,
            Lang::En => &self.en,
        }
    }

    fn is_said(&self) -> bool {
        [&self.km, &self.en].iter().all(|text| !text.trim().is_empty())
    }
}

/// All of them, in their order.
pub fn all() -> &'static [Guide] {
    GUIDES.as_deref().expect("the start has read the guides")
}

/// The one with this part of an address.
pub fn find(id: &str) -> Option<&'static Guide> {
    all().iter().find(|guide| guide.id == id)
}

/// Whether the guides can be read.
///
/// # Errors
/// What is wrong in the file.
pub fn check() -> Result<(), String> {
    GUIDES.as_ref().map(drop).map_err(Clone::clone)
}

fn read(text: &str) -> Result<Vec<Guide>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        guide: Vec<Guide>,
    }
    let file: File = toml::from_str(text).map_err(|fault| format!("kiosk-ui/guides.toml: {fault}"))?;
    let mut seen = BTreeSet::new();
    for guide in &file.guide {
        let wrong = |what: &str| Err(format!("kiosk-ui/guides.toml: guide \"{}\": {what}", guide.id));
        if guide.id.is_empty() || !guide.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            return wrong("its id has other signs than a to z and -");
        }
        if !seen.insert(&guide.id) {
            return wrong("it stands there twice");
        }
        let texts = guide.steps.iter().flat_map(|step| [&step.title, &step.text]);
        if guide.steps.is_empty() || ![&guide.title, &guide.lead].into_iter().chain(texts).all(Both::is_said) {
            return wrong("a text or its steps are missing");
        }
        let is_code = |code: &String| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        if guide.services.is_empty() || !guide.services.iter().all(is_code) {
            return wrong("codes of services have four digits, and it needs one");
        }
        let days =
            guide.steps.iter().filter_map(|step| step.span).map(|(Span::Notice(days) | Span::Within(days))| days);
        if days.into_iter().any(|days| !(1..=SPAN_MAX).contains(&days)) {
            return wrong("a span is a number of days from 1 to 366");
        }
    }
    Ok(file.guide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_of_a_guide_is_in_the_directory() {
        let directory = std::fs::read_to_string("src/sandbox/portal/directory.json").expect("the sandbox's directory");
        let directory: serde_json::Value = serde_json::from_str(&directory).expect("JSON");
        let services = directory["services"].as_array().expect("services");
        let known: BTreeSet<&str> = services.iter().filter_map(|service| service["code"].as_str()).collect();
        assert!(known.len() > 20);
        for guide in all() {
            for code in &guide.services {
                assert!(known.contains(code.as_str()), "guide \"{}\": there is no service {code}", guide.id);
            }
        }
    }

    #[test]
    fn what_is_wrong_in_the_file_is_named() {
        let guide = |id: &str, services: &str, title: &str, span: &str| {
            format!(
                "[[guide]]\nid = \"{id}\"\ntitle = {{ km = \"ក\", en = \"a\" }}\nlead = {{ km = \"ក\", en = \"a\" }}\n\
                 services = [{services}]\n[[guide.step]]\ntitle = {{ km = \"{title}\", en = \"a\" }}\n\
                 text = {{ km = \"ក\", en = \"a\" }}\n{span}\n"
            )
        };
        let good = guide("birth", "\"2001\"", "ក", "span.within = 30");
        assert_eq!(read(&good).expect("it is good")[0].steps[0].span, Some(Span::Within(30)));
        for (text, wrong) in [
            (guide("Birth", "\"2001\"", "ក", ""), "a to z"),
            (format!("{good}{good}"), "twice"),
            (guide("birth", "", "ក", ""), "four digits"),
            (guide("birth", "\"201\"", "ក", ""), "four digits"),
            (guide("birth", "\"2001\"", " ", ""), "missing"),
            (guide("birth", "\"2001\"", "ក", "span.within = 0"), "366"),
            (guide("birth", "\"2001\"", "ក", "span.until = 3"), "unknown variant"),
            (good.replace("lead = { km = \"ក\", en = \"a\" }\n", ""), "missing field"),
            (good.replace(", en = \"a\" }\nlead", " }\nlead"), "missing field"),
        ] {
            let said = read(&text).expect_err(wrong);
            assert!(said.contains(wrong) && said.contains("guides.toml"), "{said}");
        }
    }
}
