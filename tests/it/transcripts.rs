//! Conversations as plain text files, run through the real step and the real templates with a scripted
//! portal. Format: `tests/transcripts/README`. `CHRAK_BLESS=1` writes the answers into the files.
use chrak::dialogue::{Ctx, Dialogue, Effect, Input, step};
use chrak::render::render_sms;
use chrak::types::civic::*;
use chrak::types::names::Channel;
use chrak::types::{CodeRules, CodeVerdict, Language, Riel, UnixMs, time};
use std::{collections::HashMap, fs, path::Path};

/// What the scripted portal says of one code.
type Portal = HashMap<String, Result<ApplicationAnswer, PortalFault>>;

struct Phone {
    codes: CodeRules,
    default_language: Language,
    language: Option<Language>,
    dialogue: Dialogue,
    portal: Portal,
}

fn localized(km: &str, en: &str, km_latn: &str) -> Localized {
    Localized { km: km.to_owned(), en: en.to_owned(), km_latn: Some(km_latn.to_owned()) }
}

fn dangkao() -> OfficeRef {
    OfficeRef {
        id: "owso-1205".to_owned(),
        name: localized("ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "OWSO Khan Dangkao", "Chrak chenh chol te muoy Khan Dangkao"),
        short: Some(localized("ច្រកចេញចូល ដង្កោ", "OWSO Dangkao", "Chrak Dangkao")),
    }
}

/// `portal CODE STATUS key=value …` or `portal CODE fault NAME`.
fn script(rules: &CodeRules, line: &str) -> (String, Result<ApplicationAnswer, PortalFault>) {
    let mut words = line.split_whitespace();
    let (typed, status) = (words.next().expect("a code"), words.next().expect("a status"));
    let CodeVerdict::Good(code) = rules.read(typed) else { panic!("not a good code: {typed}") };
    let key = code.canonical().to_owned();
    if status == "fault" {
        let fault = match words.next() {
            Some("not_found" | "hidden") => PortalFault::NotFound,
            Some("locked") => PortalFault::Locked,
            Some("away") => PortalFault::Away,
            Some("unusable") => PortalFault::Unusable,
            other => panic!("unknown fault {other:?}"),
        };
        return (key, Err(fault));
    }
    let office = dangkao();
    let mut application = Application {
        code,
        service: ServiceRef { id: None, name: None, sensitive: true },
        office: office.clone(),
        status: ApplicationStatus::from_wire(status),
        status_at: UnixMs::from_rfc3339("2026-11-20T14:05:00+07:00").expect("a time"),
        disclosure: Disclosure::Public,
        timeline: Vec::new(),
        fee: None,
        expected_by: None,
        ready: None,
        next_action: None,
        returned_documents: Vec::new(),
    };
    assert_eq!(application.status.as_str(), status, "a status of the contract");
    let mut as_of = None;
    for word in words {
        let (name, value) = word.split_once('=').expect("key=value");
        match name {
            "expected" => application.expected_by = Some(value.parse().expect("a day")),
            "ready" => {
                let until = Some(value.parse().expect("a day"));
                application.ready = Some(Ready { office: office.clone(), until });
            }
            "fee" => {
                let amount = Riel(value.parse().expect("riel"));
                application.fee = Some(ApplicationFee { amount, paid: false, bill_number: None });
                application.service.sensitive = false;
            }
            "kept" => as_of = Some(UnixMs::from_rfc3339(value).expect("a time")),
            other => panic!("unknown key {other}"),
        }
    }
    (key, Ok(ApplicationAnswer { application, as_of }))
}

impl Phone {
    fn send(&mut self, text: &str) -> Vec<String> {
        let mut input = Input::Text(text.to_owned());
        let mut shown = Vec::new();
        for _ in 0..4 {
            let ctx = Ctx {
                channel: Channel::Sms,
                now: UnixMs(0),
                language: self.language,
                default_language: self.default_language,
                codes: &self.codes,
                number_known: true,
            };
            let turn = step(&self.dialogue, input, &ctx);
            self.dialogue = Dialogue::from_bytes(&turn.next.to_bytes());
            self.language = turn.remember_language.or(self.language);
            let mut asked = None;
            for effect in turn.effects {
                match effect {
                    Effect::Show(view) => {
                        shown.push(render_sms(&view, turn.language, &time::phnom_penh()).text);
                    }
                    Effect::Ask(Query::Application { code, .. }) => {
                        let answer = self.portal.get(code.canonical()).cloned();
                        asked = Some(answer.unwrap_or(Err(PortalFault::NotFound)));
                    }
                    Effect::SetStopped(stop) => shown.push(format!("(stopped: {stop})")),
                    Effect::LookupFailed(why) => shown.push(format!("(failed: {})", why.as_str())),
                    Effect::Close => shown.push("(close)".to_owned()),
                }
            }
            match asked {
                Some(answer) => input = Input::Answer(Answer::Application(answer)),
                None => return shown,
            }
        }
        panic!("a turn does not end: {text}")
    }
}

/// Plays one file and gives it back with the answers that came.
fn play(file: &str) -> String {
    let mut phone = Phone {
        codes: CodeRules::recommended(),
        default_language: Language::Km,
        language: None,
        dialogue: Dialogue::default(),
        portal: Portal::new(),
    };
    let mut out = String::new();
    for line in file.lines().filter(|line| !line.starts_with("< ")) {
        out.push_str(line);
        out.push('\n');
        if let Some(text) = line.strip_prefix("> ") {
            for answer in phone.send(text) {
                out.push_str(&format!("< {answer}\n"));
            }
        } else if let Some(tag) = line.strip_prefix("language ") {
            phone.default_language = Language::from_tag(tag).expect("km, km-Latn or en");
        } else if let Some(entry) = line.strip_prefix("portal ") {
            let (code, answer) = script(&phone.codes, entry);
            phone.portal.insert(code, answer);
        } else if line == "new conversation" {
            phone.dialogue = Dialogue::default();
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "unknown line: {line}");
        }
    }
    out
}

#[test]
fn conversations_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut played = 0;
    for entry in fs::read_dir(folder).expect("tests/transcripts") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ext| ext != "txt") {
            continue;
        }
        let written = fs::read_to_string(&path).expect("a transcript");
        let came = play(&written);
        if std::env::var_os("CHRAK_BLESS").is_some() {
            fs::write(&path, &came).expect("writing the transcript");
        } else {
            assert_eq!(came, written, "{}", path.display());
        }
        played += 1;
    }
    assert!(played >= 10, "only {played} transcripts");
}
