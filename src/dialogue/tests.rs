//! The conversation's promises, on hand-made applications.
use super::*;
use crate::types::civic::*;
use crate::types::{RegistrationCode, Riel};
use proptest::prelude::*;

const CODE: &str = "120500-26-048193-7";

fn ctx(codes: &CodeRules) -> Ctx<'_> {
    Ctx {
        channel: Channel::Sms,
        now: UnixMs(0),
        language: None,
        default_language: Language::Km,
        codes,
        number_known: true,
        zone: zone(),
        dice: 37,
    }
}

fn zone() -> &'static jiff::tz::TimeZone {
    static ZONE: std::sync::OnceLock<jiff::tz::TimeZone> = std::sync::OnceLock::new();
    ZONE.get_or_init(crate::types::time::phnom_penh)
}

fn localized(text: &str) -> Localized {
    Localized { km: text.to_owned(), en: text.to_owned(), km_latn: None }
}

fn code() -> RegistrationCode {
    match CodeRules::recommended().read(CODE) {
        CodeVerdict::Good(code) => code,
        other => panic!("{other:?}"),
    }
}

/// Everything filled in, whatever the level says.
fn oversharing(disclosure: Disclosure, sensitive: bool) -> Application {
    let office = OfficeRef { id: "o".to_owned(), name: localized("office"), short: None };
    Application {
        code: code(),
        service: ServiceRef { id: Some("s".to_owned()), name: Some(localized("service")), sensitive },
        office: office.clone(),
        status: ApplicationStatus::ReadyForCollection,
        status_at: UnixMs(1),
        disclosure,
        timeline: vec![TimelineEntry { status: ApplicationStatus::Paid, at: UnixMs(0), office: None, comment: None }],
        fee: Some(ApplicationFee { amount: Riel(20_000), paid: false, bill_number: None }),
        expected_by: Some(jiff::civil::date(2026, 11, 30)),
        ready: Some(Ready { office, until: None }),
        next_action: Some(localized("come")),
        returned_documents: vec![ReturnedDocument { name: localized("photo"), reason: None }],
    }
}

#[test]
fn no_more_is_shown_than_the_lower_level_earns() {
    use Disclosure::{Contact, Public, Verified};
    for (sent, earnable, sensitive, service, timeline) in [
        (Public, Verified, false, true, false),
        (Public, Verified, true, false, false),
        (Verified, Public, true, false, false),
        (Verified, Public, false, true, false),
        (Contact, Contact, true, true, true),
        (Verified, Contact, true, true, true),
        (Verified, Verified, true, true, true),
    ] {
        let facts = disclosure::shown(code(), oversharing(sent, sensitive), earnable, None);
        let case = format!("{sent:?} {earnable:?} {sensitive}");
        assert_eq!(facts.disclosure, sent.min(earnable), "{case}");
        assert_eq!(facts.service.is_some(), service, "{case}");
        assert_eq!(facts.fee.is_some(), service, "{case}");
        assert_eq!(!facts.timeline.is_empty(), timeline, "{case}");
        assert_eq!(!facts.returned_documents.is_empty(), timeline, "{case}");
        assert!(facts.next_action.is_some() && facts.ready.is_some(), "{case}");
        assert!(facts.expected_by.is_some(), "{case}");
    }
    assert_eq!(disclosure::earnable(false, false), Public);
    assert_eq!(disclosure::earnable(true, false), Contact);
    assert_eq!(disclosure::earnable(false, true), Verified);
}

#[test]
fn a_number_alone_never_verifies() {
    let codes = CodeRules::recommended();
    let ctx = ctx(&codes);
    let asked = step(&Dialogue::default(), Input::Text(CODE.to_owned()), &ctx);
    let answer = Answer::Application(Ok(ApplicationAnswer {
        application: oversharing(Disclosure::Verified, true),
        as_of: None,
        office: None,
    }));
    let turn = step(&asked.next, Input::Answer(answer), &ctx);
    let [Effect::Show(View::Status(facts))] = turn.effects.as_slice() else { panic!("{turn:?}") };
    assert_eq!(facts.disclosure, Disclosure::Contact);
}

#[test]
fn unknown_hidden_locked_and_wrong_pins_look_alike() {
    let codes = CodeRules::recommended();
    let ctx = ctx(&codes);
    let asked = step(&Dialogue::default(), Input::Text(CODE.to_owned()), &ctx);
    let shown = |fault| {
        let turn = step(&asked.next, Input::Answer(Answer::Application(Err(fault))), &ctx);
        turn.effects.into_iter().find(|effect| matches!(effect, Effect::Show(_)))
    };
    let unknown = shown(PortalFault::NotFound);
    assert!(matches!(unknown, Some(Effect::Show(View::Unknown { .. }))));
    for fault in [PortalFault::FactorWrong { attempts_left: Some(2) }, PortalFault::FactorRequired, PortalFault::Locked]
    {
        assert_eq!(shown(fault), unknown);
    }
    for fault in [PortalFault::Away, PortalFault::Unusable, PortalFault::Refused] {
        assert!(matches!(shown(fault), Some(Effect::Show(View::PortalAway { .. }))));
    }
}

#[test]
fn another_application_than_the_one_asked_for_is_not_shown() {
    let codes = CodeRules::recommended();
    let ctx = ctx(&codes);
    let other = "120500260481940";
    let digit = (0..10)
        .map(|last| format!("{}{last}", &other[..14]))
        .find(|typed| crate::types::code::damm(typed) == Some(0))
        .expect("one check digit fits");
    let asked = step(&Dialogue::default(), Input::Text(digit), &ctx);
    let mut application = oversharing(Disclosure::Public, false);
    application.code = code();
    let answer = Answer::Application(Ok(ApplicationAnswer { application, as_of: None, office: None }));
    let turn = step(&asked.next, Input::Answer(answer), &ctx);
    assert!(matches!(turn.effects.last(), Some(Effect::Show(View::PortalAway { .. }))));
}

#[test]
fn a_dialogue_survives_a_restart_and_hides_its_code() {
    let codes = CodeRules::recommended();
    let turn = step(&Dialogue::default(), Input::Text(CODE.to_owned()), &ctx(&codes));
    let bytes = turn.next.to_bytes();
    assert!(bytes.len() < 200);
    assert_eq!(Dialogue::from_bytes(&bytes), turn.next);
    assert_eq!(Dialogue::from_bytes(b"{\"v\":99}"), Dialogue::default());
    assert!(!format!("{:?}", turn.next).contains("0481"));
}

#[test]
fn the_language_follows_what_is_written() {
    let codes = CodeRules::recommended();
    let usual = Ctx { language: Some(Language::KmLatn), ..ctx(&codes) };
    for (text, language, news) in [
        (CODE, Language::KmLatn, None),
        ("status 120500-26-048193-7", Language::En, Some(Language::En)),
        ("១២០៥០០-២៦-០៤៨១៩៣-៧", Language::Km, Some(Language::Km)),
        ("tam dan 120500-26-048193-7", Language::KmLatn, None),
        ("hello there", Language::KmLatn, None),
        ("HELP", Language::KmLatn, None),
        ("សួស្តី", Language::Km, Some(Language::Km)),
        ("E", Language::En, Some(Language::En)),
    ] {
        let turn = step(&Dialogue::default(), Input::Text(text.to_owned()), &usual);
        assert_eq!((turn.language, turn.remember_language), (language, news), "{text}");
    }
    let turn = step(&Dialogue::default(), Input::Text(CODE.to_owned()), &ctx(&codes));
    assert_eq!(turn.language, Language::Km);
    let turn = step(&Dialogue::default(), Input::Text("HELP".to_owned()), &ctx(&codes));
    assert_eq!((turn.language, turn.remember_language), (Language::En, None));
}

proptest! {
    #[test]
    fn every_text_is_answered(texts in prop::collection::vec(".{0,200}", 1..5)) {
        let codes = CodeRules::recommended();
        let mut dialogue = Dialogue::default();
        for text in texts {
            let turn = step(&dialogue, Input::Text(text), &ctx(&codes));
            prop_assert!(turn.effects.iter().any(|e| matches!(e, Effect::Show(_) | Effect::Ask(_))));
            dialogue = Dialogue::from_bytes(&turn.next.to_bytes());
            prop_assert_eq!(&dialogue, &turn.next);
        }
    }
}
