//! What is spoken on a page: a clip for each message, recorded by a person; where there is none, the same words for a voice that the
//! device itself may have. Only messages that say nothing of a
//! visitor are spoken, so that a loudspeaker tells the room nothing.
use super::texts::Lang;
use crate::web::assets;

/// A message that a clip may speak.
struct Clipped {
    /// Its name, and that of its clip.
    id: &'static str,
    /// The headline of its page: by it a page knows its clip.
    title: fn(Lang) -> &'static str,
    /// What is said after the headline.
    more: fn(Lang) -> Vec<&'static str>,
}

const MESSAGES: [Clipped; 21] = [
    Clipped {
        id: "home",
        title: |lang| lang.words().home_title,
        more: |lang| {
            let (words, visit_words) = (lang.words(), lang.visit());
            vec![
                words.check.title,
                visit_words.ticket,
                visit_words.appointments_card.title,
                words.services_card.title,
                words.offices_card.title,
            ]
        },
    },
    Clipped { id: "code", title: |lang| lang.words().code_title, more: |lang| vec![lang.words().code_hint_free] },
    Clipped { id: "pin", title: |lang| lang.words().pin_title, more: |_| vec![] },
    Clipped {
        id: "unknown",
        title: |lang| lang.words().unknown.title,
        more: |lang| vec![lang.words().unknown.text, lang.words().unknown_steps[0], lang.words().unknown_steps[1]],
    },
    Clipped {
        id: "help",
        title: |lang| lang.words().help_title,
        more: |lang| lang.words().help_steps.iter().flat_map(|step| [step.title, step.text]).collect(),
    },
    Clipped { id: "services", title: |lang| lang.words().services_title, more: |lang| vec![lang.words().search_hint] },
    Clipped {
        id: "offices",
        title: |lang| lang.words().offices_title,
        more: |lang| vec![lang.words().offices_card.text],
    },
    Clipped { id: "feedback", title: |lang| lang.words().feedback_title, more: |_| vec![] },
    Clipped {
        id: "appointments",
        title: |lang| lang.visit().appointments_card.title,
        more: |lang| vec![lang.visit().appointments_card.text],
    },
    Clipped { id: "booked", title: |lang| lang.visit().booked.title, more: |lang| vec![lang.visit().booked.text] },
    Clipped { id: "ticket", title: |lang| lang.visit().ticket, more: |lang| vec![lang.visit().which_service] },
    Clipped { id: "phone", title: |lang| lang.visit().phone_title, more: |lang| vec![lang.visit().phone_hint] },
    Clipped { id: "once", title: |lang| lang.visit().once_title, more: |_| vec![] },
    Clipped { id: "send", title: |lang| lang.visit().send_title, more: |lang| vec![lang.visit().send_hint] },
    Clipped { id: "pay", title: |lang| lang.visit().pay_title, more: |lang| lang.visit().pay_steps.to_vec() },
    Clipped {
        id: "scan",
        title: |lang| lang.login().scan_title,
        more: |lang| lang.login().steps.into_iter().chain([lang.login().check_note]).collect(),
    },
    Clipped { id: "scan-denied", title: |lang| lang.login().denied.title, more: |lang| vec![lang.login().denied.text] },
    Clipped { id: "scan-over", title: |lang| lang.login().expired.title, more: |lang| vec![lang.login().expired.text] },
    Clipped { id: "signed-out", title: |lang| lang.login().ended.title, more: |lang| vec![lang.login().ended.text] },
    Clipped { id: "complain", title: |lang| lang.keep().subject_title, more: |lang| lang.keep().subjects.to_vec() },
    Clipped { id: "look", title: |lang| lang.device().look, more: |_| vec![] },
];

impl Clipped {
    fn text(&self, lang: Lang, between: &str) -> String {
        std::iter::once((self.title)(lang)).chain((self.more)(lang)).collect::<Vec<_>>().join(between)
    }
}

fn file(lang: Lang, id: &str) -> String {
    format!("audio/{}/{id}.ogg", lang.tag())
}

/// The address of the clip of the page with this headline; `None` where nothing was recorded.
pub fn clip(lang: Lang, title: &str) -> Option<String> {
    let message = MESSAGES.iter().find(|message| (message.title)(lang) == title)?;
    assets::asset(&file(lang, message.id))
}

/// What is to be spoken on the page with this headline, where nothing was recorded.
pub fn unrecorded(lang: Lang, title: &str) -> Option<String> {
    let message = MESSAGES.iter().find(|message| (message.title)(lang) == title)?;
    assets::asset(&file(lang, message.id)).is_none().then(|| message.text(lang, ". "))
}

/// Whether anything was recorded.
pub fn is_recorded() -> bool {
    clips().iter().any(|clip| clip.recorded)
}

/// One clip to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Where it belongs, below `kiosk-ui/assets`.
    pub file: String,
    /// What is said.
    pub text: String,
    /// Whether this program holds it.
    pub recorded: bool,
}

/// All clips, Khmer first.
pub fn clips() -> Vec<Clip> {
    let of = |lang: Lang| {
        MESSAGES.iter().map(move |message| {
            let file = file(lang, message.id);
            let recorded = assets::asset(&file).is_some();
            Clip { file, text: message.text(lang, " · "), recorded }
        })
    };
    of(Lang::Km).chain(of(Lang::En)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_clip_has_a_name_and_a_headline_of_its_own() {
        let all = clips();
        assert_eq!(all.len(), 2 * MESSAGES.len());
        assert_eq!(all.iter().map(|clip| &clip.file).collect::<BTreeSet<_>>().len(), all.len());
        for lang in [Lang::Km, Lang::En] {
            let titles: BTreeSet<_> = MESSAGES.iter().map(|message| (message.title)(lang)).collect();
            assert_eq!(titles.len(), MESSAGES.len());
        }
        assert!(all.iter().all(|clip| clip.text.chars().count() > 4));
    }

    #[test]
    fn what_a_visitor_is_told_about_an_application_is_never_spoken() {
        assert!(clip(Lang::Km, Lang::Km.words().status).is_none());
        assert_eq!(unrecorded(Lang::En, Lang::En.words().status), None);
        // nor whose list it is, though what to do for it is
        assert_eq!(unrecorded(Lang::En, Lang::En.login().tile.title), None);
        assert!(unrecorded(Lang::En, Lang::En.login().scan_title).is_some_and(|said| said.contains("do not agree")));
        let feedback = Lang::En.words().feedback_title;
        assert_eq!(unrecorded(Lang::En, feedback).as_deref(), Some(feedback));
    }
}
