//! The conversation's promises, on hand-made applications.
use super::*;
use crate::types::civic::*;
use crate::types::{RegistrationCode, Riel};
use proptest::prelude::*;

const CODE: &str = "120500-26-048193-7";

pub(super) fn ctx(codes: &CodeRules) -> Ctx<'_> {
    Ctx {
        channel: Channel::Sms,
        now: UnixMs(0),
        language: None,
        default_language: Language::Km,
        codes,
        abilities: Abilities::ALL,
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
pub(super) fn oversharing(disclosure: Disclosure, sensitive: bool) -> Application {
    let office = OfficeRef { id: "o".to_owned(), name: localized("office"), short: None };
    Application {
        code: code(),
        service: ServiceRef { id: Some("s".to_owned()), name: Some(localized("service")), sensitive },
        office: office.clone(),
        status: ApplicationStatus::ReadyForCollection,
        status_at: Some(UnixMs(1)),
        registered_at: None,
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
        ("status 120500-26-048193-7", Language::En, None),
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
    assert_eq!((turn.language, turn.remember_language), (Language::Km, None), "our Khmer texts say HELP too");
}

#[test]
fn an_english_keyword_of_a_poster_holds_for_its_conversation_only() {
    let codes = CodeRules::recommended();
    let never_chose = ctx(&codes);
    let turn = step(&Dialogue::default(), Input::Text("STATUS".to_owned()), &never_chose);
    assert_eq!((turn.language, turn.remember_language), (Language::En, None));
    let turn = step(&turn.next, Input::Text(CODE.to_owned()), &never_chose);
    assert_eq!(turn.language, Language::En, "the code answers our English question");
    let khmer = Ctx { language: Some(Language::Km), ..never_chose };
    let turn = step(&Dialogue::default(), Input::Text("FEE 1002".to_owned()), &khmer);
    assert_eq!((turn.language, turn.remember_language), (Language::En, None));
    let turn = step(&Dialogue::default(), Input::Text(CODE.to_owned()), &khmer);
    assert_eq!(turn.language, Language::Km);
}

/// Every place of the country, as it is written in both scripts, with its unit and without.
fn place_names() -> impl Iterator<Item = String> {
    crate::types::gazetteer::all().iter().flat_map(|place| {
        let bare = [place.name_km.to_owned(), place.name_latin.to_owned()];
        bare.into_iter().chain([place.said(Language::Km), place.said(Language::KmLatn)])
    })
}

#[test]
fn no_place_of_the_country_is_a_command_where_a_place_is_asked_for() {
    let codes = CodeRules::recommended();
    let ctx = ctx(&codes);
    let asked = step(&Dialogue::default(), Input::Text("O".to_owned()), &ctx);
    assert!(matches!(asked.effects.as_slice(), [Effect::Show(View::AskOffice)]));
    for name in place_names() {
        let turn = step(&asked.next, Input::Text(name.clone()), &ctx);
        let [Effect::Ask(Query::Offices(search))] = turn.effects.as_slice() else { panic!("{name}: {turn:?}") };
        assert_eq!(search.words.as_deref(), Some(name.as_str()));
    }
}

#[test]
fn no_place_of_the_country_files_a_complaint_or_ends_notices_anywhere() {
    let codes = CodeRules::recommended();
    let ctx = ctx(&codes);
    for name in place_names() {
        let turn = step(&Dialogue::default(), Input::Text(name.clone()), &ctx);
        let harm = turn.effects.iter().any(|effect| {
            matches!(effect, Effect::Ask(Query::Change(_)) | Effect::SetStopped(_) | Effect::Show(View::AskComplaint))
        });
        assert!(!harm, "{name}: {turn:?}");
    }
}

#[test]
fn words_are_taken_where_a_grade_a_yes_or_a_no_is_wanted() {
    let codes = CodeRules::recommended();
    let ctx = ctx(&codes);
    let asked = step(&Dialogue::default(), Input::Text("C".to_owned()), &ctx);
    for (text, grade) in [("on", 2), ("laor nas", 5), ("អន់ណាស់", 1), ("good", 4)] {
        let turn = step(&asked.next, Input::Text(text.to_owned()), &ctx);
        let [Effect::Ask(Query::Change(change))] = turn.effects.as_slice() else { panic!("{text}: {turn:?}") };
        assert!(matches!(change.what, ChangeKind::Feedback { rating, .. } if rating == grade), "{text}");
    }
    for text in ["no", "ទេ", "ot te"] {
        let turn = step(&asked.next, Input::Text(text.to_owned()), &ctx);
        assert!(matches!(turn.effects.as_slice(), [Effect::Show(View::Menu)]), "{text}");
    }
    let turn = step(&Dialogue::default(), Input::Text("អរគុណ".to_owned()), &ctx);
    assert!(matches!(turn.effects.as_slice(), [Effect::Show(View::Welcome)]));
    let turn = step(&Dialogue::default(), Input::Text("តាមដាន 5520718064".to_owned()), &ctx);
    assert!(
        matches!(turn.effects.as_slice(), [Effect::Ask(Query::Complaint { .. })]),
        "as our text on a complaint says"
    );
}

fn said(dialogue: &Dialogue, text: &str, channel: Channel) -> Turn {
    let codes = CodeRules::recommended();
    step(dialogue, Input::Text(text.to_owned()), &Ctx { channel, ..ctx(&codes) })
}

/// The numbers of the menu, and words that come to the same.
#[test]
fn every_number_of_the_menu_leads_to_what_its_word_leads_to() {
    let at_rest = Dialogue::default();
    for (number, word) in [
        ("0", "menu"),
        ("1", "status"),
        ("2", "appointment"),
        ("3", "info"),
        ("4", "office"),
        ("5", "comment"),
        ("9", "language"),
    ] {
        for channel in [Channel::Sms, Channel::Ussd] {
            let (by_number, by_word) = (said(&at_rest, number, channel), said(&at_rest, word, channel));
            assert_eq!(by_number.effects.len(), 1, "{number}");
            // a word tells a language, a number none
            let (one, other) = (format!("{:?}", by_number.effects), format!("{:?}", by_word.effects));
            assert_eq!(one, other, "{number} {word}");
        }
    }
    // what is on no menu is no choice; where only keys are there, that is said
    for (channel, advanced) in [(Channel::Sms, true), (Channel::Ussd, false)] {
        let turn = said(&at_rest, "6", channel);
        assert_eq!((turn.effects.as_slice(), turn.advanced), (&[Effect::Show(View::Menu)][..], advanced));
        let again = said(&turn.next, "qwertzuiop", channel);
        let shown = if advanced { View::EnterCode } else { View::Menu };
        assert_eq!((again.effects.as_slice(), again.advanced), (&[Effect::Show(shown)][..], advanced), "{channel:?}");
    }
    // in texts a code is asked for, and everything is understood; with keys only a code is
    for (channel, shown, advanced) in [(Channel::Sms, View::Help, true), (Channel::Ussd, View::EnterCode, false)] {
        let asks = said(&at_rest, "1", channel);
        let turn = said(&asks.next, "help", channel);
        assert_eq!((turn.effects.as_slice(), turn.advanced), (&[Effect::Show(shown)][..], advanced), "{channel:?}");
    }
}

#[test]
fn a_word_behind_appointment_says_what_about_it() {
    let at_rest = Dialogue::default();
    for (text, same) in [
        ("appointment list", "list"),
        ("appointment move 40719359", "move 40719359"),
        ("appointment cancel 40719359", "cancel 40719359"),
    ] {
        let (long, short) = (said(&at_rest, text, Channel::Sms), said(&at_rest, same, Channel::Sms));
        assert_eq!(long.effects, short.effects, "{text}");
        assert_eq!(long.next.to_bytes(), short.next.to_bytes(), "{text}");
    }
}

#[test]
fn a_language_is_chosen_by_its_number_and_by_nothing_else() {
    let asks = said(&Dialogue::default(), "9", Channel::Ussd);
    for (number, language) in ["1", "2", "3"].into_iter().zip(Language::ALL) {
        let turn = said(&asks.next, number, Channel::Ussd);
        // where only keys are there, the menu in that language says it
        assert_eq!((turn.effects.as_slice(), turn.language), (&[Effect::Show(View::Menu)][..], language), "{number}");
        let turn = said(&said(&Dialogue::default(), "9", Channel::Sms).next, number, Channel::Sms);
        assert_eq!(turn.effects, [Effect::Show(View::LanguageSet(language))], "{number}");
    }
    for other in ["4", "x"] {
        let turn = said(&asks.next, other, Channel::Ussd);
        assert_eq!((turn.effects.last(), turn.advanced), (Some(&Effect::Show(View::ChooseLanguage)), false));
        assert!(turn.next.state == asks.next.state, "it is still asked");
    }
}

#[test]
fn a_yes_is_one_however_it_is_parted_and_a_number_is_short() {
    for text in ["yes", "Yes!", "ok", "OK.", "បាទ", "ចាស", "យល់ព្រម", "យល់ ព្រម"]
    {
        let reading = keyword::read(text);
        assert!(reading.yes && reading.number.is_none() && reading.command.is_none(), "{text}");
    }
    for text in ["1", "no", "yes we do not", ""] {
        assert!(!keyword::read(text).yes, "{text}");
    }
    for (text, number) in [("7", Some(7)), ("៧", Some(7)), ("123456", Some(123_456)), ("1234567", None), ("1 2", None)]
    {
        assert_eq!(keyword::read(text).number, number, "{text}");
    }
}

#[test]
fn what_a_log_and_a_metric_say_of_a_conversation_is_no_secret_and_not_nothing() {
    let at_rest = Dialogue::default();
    for (dialogue, told) in [
        (at_rest.clone(), "home"),
        (said(&at_rest, "1", Channel::Sms).next, "entering code"),
        (said(&at_rest, CODE, Channel::Sms).next, "awaiting status"),
        (said(&at_rest, "9", Channel::Sms).next, "choosing a language"),
        (said(&at_rest, "2", Channel::Sms).next, "several steps"),
        (said(&at_rest, "5", Channel::Sms).next, "feedback"),
    ] {
        assert_eq!(format!("{dialogue:?}"), format!("Dialogue({told})"));
    }
    use LookupFailure::{Factor, Locked, Mistyped, NotFound, PortalAway, PortalRefused, PortalUnusable};
    for (failure, label, may_be_guess) in [
        (Mistyped, "mistyped", false),
        (NotFound, "not_found", true),
        (Factor, "factor", true),
        (Locked, "locked", true),
        (PortalAway, "portal_away", false),
        (PortalUnusable, "portal_unusable", false),
        (PortalRefused, "portal_refused", false),
    ] {
        assert_eq!((failure.as_str(), failure.may_be_guess()), (label, may_be_guess));
    }
}

fn answered(asked: &Turn, answer: Answer) -> Effect {
    let codes = CodeRules::recommended();
    let turn = step(&asked.next, Input::Answer(answer), &ctx(&codes));
    turn.effects.last().cloned().expect("something is said")
}

#[test]
fn a_rating_is_a_grade_and_the_words_around_it() {
    let rated = |rating, text: Option<&str>| {
        let what = ChangeKind::Feedback { rating, text: text.map(str::to_owned) };
        Effect::Ask(Query::Change(Change { what, attempt: 0 }))
    };
    let again = Effect::Show(View::AskRating);
    for (texts, effect, advanced) in [
        (&["comment 5"][..], rated(5, None), true),
        (&["comment 1 very bad"], rated(1, Some("very bad")), true),
        (&["comment very good 5"], rated(5, Some("very good")), true),
        (&["comment good", "4"], rated(4, Some("good")), true),
        (&["comment good", "really", "4!"], rated(4, Some("good really")), true),
        (&["comment"], again.clone(), true),
        (&["comment", "so so"], again.clone(), true),
        (&["comment", "7"], again.clone(), false),
        (&["comment", "0 7"], again.clone(), false),
        (&["comment", "e"], again.clone(), true),
        (&["comment", "help"], Effect::Show(View::Help), true),
        (&["comment", "0"], Effect::Show(View::Menu), true),
    ] {
        let first = said(&Dialogue::default(), texts[0], Channel::Sms);
        let last = texts[1..].iter().fold(first, |turn, text| said(&turn.next, text, Channel::Sms));
        assert_eq!((last.effects.as_slice(), last.advanced), (&[effect][..], advanced), "{texts:?}");
    }
    let asked = said(&Dialogue::default(), "comment 5", Channel::Sms);
    let away = Effect::Show(View::PortalAway { code: None });
    assert_eq!(answered(&asked, Answer::Filed(Ok(Filed::Passed(None)))), Effect::Show(View::Thanks));
    assert_eq!(answered(&asked, Answer::Filed(Err(PortalFault::Away))), away);
    assert_eq!(answered(&asked, Answer::Appointments(Ok(vec![]))), Effect::Show(View::AskAgain));
}

#[test]
fn a_complaint_is_words_and_a_number_of_eight_digits_is_an_earlier_one() {
    for (texts, wanted) in [
        (&["complaint 12345678"][..], "asks 12345678"),
        (&["complaint 1234-5678 9"], "asks 123456789"),
        (&["complaint 1234567"], "complains 1234567"),
        (&["complaint 12345678 riel were asked"], "complains 12345678 riel were asked"),
        (&["complaint"], "again"),
        (&["complaint", "ab"], "again"),
        (&["complaint", "a b c"], "complains a b c"),
        (&["complaint", "e"], "again"),
        (&["complaint", "help"], "help"),
        (&["complaint", "help was refused"], "complains help was refused"),
    ] {
        let first = said(&Dialogue::default(), texts[0], Channel::Sms);
        let last = texts[1..].iter().fold(first, |turn, text| said(&turn.next, text, Channel::Sms));
        let seen = match &last.effects[..] {
            [Effect::Ask(Query::Complaint { reference })] => format!("asks {reference}"),
            [Effect::Ask(Query::Change(Change { what: ChangeKind::Complain { text, .. }, .. }))] => {
                format!("complains {text}")
            }
            [Effect::Show(View::AskComplaint)] => "again".to_owned(),
            [Effect::Show(View::Help)] => "help".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(seen, wanted, "{texts:?}");
    }
    let asked = said(&Dialogue::default(), "complaint they were rude", Channel::Sms);
    let filed = View::ComplaintFiled { reference: "12345678".to_owned() };
    assert_eq!(answered(&asked, Answer::Filed(Ok(Filed::Passed(Some("12345678".to_owned()))))), Effect::Show(filed));
    let asked = said(&Dialogue::default(), "complaint 12345678", Channel::Sms);
    let complaint = Complaint {
        reference: "12345678".to_owned(),
        status: ComplaintStatus::Open,
        status_at: UnixMs(0),
        answer: None,
    };
    let told = Effect::Show(View::Complaint(Box::new(complaint.clone())));
    assert_eq!(answered(&asked, Answer::Complaint(Ok(complaint))), told);
    assert_eq!(answered(&asked, Answer::Complaint(Err(PortalFault::NotFound))), Effect::Show(View::NoSuchComplaint));
    let away = Effect::Show(View::PortalAway { code: None });
    assert_eq!(answered(&asked, Answer::Complaint(Err(PortalFault::Away))), away);
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
