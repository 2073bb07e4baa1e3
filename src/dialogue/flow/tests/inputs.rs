//! What the citizen writes in a conversation of several steps, and what is chosen by it.
use super::*;

#[test]
fn an_option_is_chosen_by_its_number_and_the_first_by_a_yes() {
    let offices = || ["a", "b"].map(|id| Opt::Office { office: office(id), place: None }).to_vec();
    for (asking, more, text, wanted) in [
        (Asking::AnyOffice, true, "1", "office a"),
        (Asking::AnyOffice, true, "2", "office b"),
        (Asking::AnyOffice, true, "yes", "office a"),
        (Asking::AnyOffice, true, "3", "again"),
        (Asking::AnyOffice, true, "9", "offices 'x'"),
        (Asking::AnyOffice, false, "9", "again"),
        (Asking::AnyOffice, false, "qwertz", "offices 'qwertz'"),
        (Asking::Office, false, "qwertz", "offices 'qwertz'"),
        (Asking::AnyService, false, "qwertz", "services 'qwertz'"),
        (Asking::AnyService, false, "1002", "services '1002'"),
        (Asking::ServicesBy, false, "1002", "services '1002'"),
        (Asking::Audience, false, "1002", "services '1002'"),
        (Asking::Ministry, false, "1002", "services '1002'"),
        (Asking::AnyService, false, "100", "again"),
        (Asking::Place, false, "9902", "again"),
        (Asking::Place, false, "12", "offices in '12'"),
        (Asking::Place, false, "120", "again"),
        (Asking::Day, false, "qwertz", "again"),
        (Asking::AnyOffice, false, "12", "again"),
    ] {
        let mut before = Flow { options: offices(), more, ..flow(Task::Office, At::Choosing(asking)) };
        before.draft.words = Some("x".to_owned());
        let turn = with_ctx(Channel::Ussd, |ctx| before.read(&Dialogue::default(), text, ctx));
        let words = |words: &Option<String>| words.clone().unwrap_or_default();
        let seen = match &turn.effects[..] {
            [Effect::Ask(Query::Office { id })] => format!("office {id}"),
            [Effect::Ask(Query::Offices(OfficeSearch { within: Some(place), .. }))] => format!("offices in '{place}'"),
            [Effect::Ask(Query::Offices(search))] => format!("offices '{}'", words(&search.words)),
            [Effect::Ask(Query::Services(search))] => format!("services '{}'", words(&search.words)),
            [Effect::Show(View::Choose { again: Some(Again::NotOffered), .. })] => "again".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!((seen.as_str(), turn.advanced), (wanted, wanted != "again"), "{asking:?} {text}");
    }
}

#[test]
fn what_is_taken_leads_on_in_its_task() {
    let place = || Opt::Office { office: office("o"), place: None };
    let sheet = || Opt::Service { id: "s".to_owned(), code: "1002".to_owned(), name: name("s") };
    let hour = || Opt::Hour { slot: "a".to_owned(), start: UnixMs(HOUR) };
    for (task, option, wanted) in [
        (Task::Office, place(), Query::Office { id: "o".to_owned() }),
        (
            Task::Book,
            place(),
            Query::Services(ServiceSearch { office: Some("o".to_owned()), bookable: true, ..ServiceSearch::default() }),
        ),
        (Task::Info, sheet(), Query::Services(ServiceSearch { id: Some("s".to_owned()), ..ServiceSearch::default() })),
        (
            Task::Info,
            Opt::Audience(Audience::ALL[0]),
            Query::Services(ServiceSearch { audience: Some(Audience::ALL[0]), ..ServiceSearch::default() }),
        ),
        (
            Task::Info,
            Opt::Ministry { id: "m".to_owned(), name: name("m") },
            Query::Services(ServiceSearch { ministry: Some("m".to_owned()), ..ServiceSearch::default() }),
        ),
        (Task::Book, hour(), Query::Change(Change { what: ChangeKind::Hold { slot: "a".to_owned() }, attempt: 2 })),
    ] {
        let mut before = flow(task, At::Words);
        before.draft.words = Some("x".to_owned());
        before.draft.holds = 2;
        let turn = with_ctx(Channel::Ussd, |ctx| before.take(&Dialogue::default(), option, ctx));
        assert_eq!(asked(&turn), &wanted);
    }
    let mut before = flow(Task::Book, At::Words);
    before.draft.office = Some(office("o"));
    let turn = with_ctx(Channel::Ussd, |ctx| before.take(&Dialogue::default(), sheet(), ctx));
    let Query::Slots { office, service, from, to } = asked(&turn) else { panic!("{turn:?}") };
    assert_eq!((office.as_str(), service.as_str()), ("o", "s"));
    assert_eq!((*to - *from).get_days(), DAYS_AHEAD);
    // words that are typed are of what is looked for
    for (task, services) in [(Task::Info, true), (Task::Office, false), (Task::Book, false)] {
        let turn = with_ctx(Channel::Sms, |ctx| flow(task, At::Words).read(&Dialogue::default(), "qwertz", ctx));
        assert_eq!(matches!(asked(&turn), Query::Services(_)), services, "{task:?}");
    }
}

#[test]
fn a_code_agrees_only_to_the_booking_of_its_application() {
    const CODE: &str = "120500260481937";
    let canonical = CODE.to_owned();
    for (what, task, at, code, wanted) in [
        ("its code", Task::Book, At::Confirming, Some(canonical.clone()), "done"),
        ("another's", Task::Book, At::Confirming, Some("120500266000006".to_owned()), "looked up"),
        ("no application", Task::Book, At::Confirming, None, "looked up"),
        ("a move", Task::Move, At::Confirming, Some(canonical.clone()), "looked up"),
        ("nothing is asked", Task::Book, At::Choosing(Asking::Day), Some(canonical.clone()), "looked up"),
        ("an office is chosen", Task::Book, At::Choosing(Asking::Place), Some(canonical.clone()), "its office"),
        ("an office, not to book", Task::Office, At::Choosing(Asking::Place), Some(canonical), "looked up"),
    ] {
        let mut before = Flow { caps: caps(Channel::Sms), ..flow(task, at) };
        before.draft.code = code;
        before.draft.hold = Some("h".to_owned());
        before.draft.service = Some(("s".to_owned(), None));
        let turn = with_ctx(Channel::Sms, |ctx| before.read(&Dialogue::default(), CODE, ctx));
        let seen = match (&turn.effects[..], &turn.next.state) {
            ([Effect::Ask(Query::Change(Change { what: ChangeKind::Book { .. }, .. }))], _) => "done",
            ([Effect::Ask(Query::Application { .. })], DialogueState::Flow(_)) => "its office",
            ([Effect::Ask(Query::Application { .. })], DialogueState::AwaitingStatus(_)) => "looked up",
            _ => panic!("{what}: {turn:?}"),
        };
        assert_eq!(seen, wanted, "{what}");
    }
}

#[test]
fn a_question_wants_two_digits_where_the_sender_is_not_proven() {
    let codes = CodeRules::recommended();
    for (channel, dice, digits) in [
        (Channel::Sms, 0, Some(10)),
        (Channel::Sms, 89, Some(99)),
        (Channel::Sms, 90, Some(10)),
        (Channel::Ussd, 37, None),
    ] {
        let ctx = Ctx { channel, dice, ..promises::ctx(&codes) };
        let mut before = Flow { caps: caps(channel), ..flow(Task::Move, At::Words) };
        before.draft.appointment = Some(appointment("1", AppointmentStatus::Booked, HOUR));
        before.draft.slot = Some(("a".to_owned(), UnixMs(2 * HOUR)));
        before.draft.hold = Some("h".to_owned());
        let turn = before.clone().confirm(&Dialogue::default(), false, &ctx);
        assert!(
            matches!(told(&turn), View::ConfirmMove { digits: made, start: UnixMs(7_200_000), .. } if *made == digits)
        );
        let what = ChangeKind::Move { reference: "1".to_owned(), hold: "h".to_owned() };
        assert_eq!(before.change(), Some(Change { what, attempt: 0 }));
        // without digits nothing is asked that a forger could say yes to
        assert_eq!(before.question(false).is_some(), channel == Channel::Ussd);
    }
    for task in [Task::Menu, Task::List, Task::Info, Task::Office] {
        assert_eq!((flow(task, At::Words).change(), flow(task, At::Words).question(false)), (None, None), "{task:?}");
    }
}

#[test]
fn the_code_of_an_application_is_kept_only_where_the_number_is_its_contact() {
    for (sent, number_known, kept) in [
        (crate::types::civic::Disclosure::Public, true, false),
        (crate::types::civic::Disclosure::Contact, true, true),
        (crate::types::civic::Disclosure::Verified, true, true),
        (crate::types::civic::Disclosure::Contact, false, false),
    ] {
        let codes = CodeRules::recommended();
        let ctx = Ctx { number_known, ..promises::ctx(&codes) };
        let application = promises::oversharing(sent, false);
        let found = crate::types::civic::ApplicationAnswer { application, as_of: None, office: None };
        let before = flow(Task::Book, At::Awaiting(Awaited::OfficeOfCode));
        let turn = before.answered(&Dialogue::default(), Answer::Application(Ok(found)), &ctx);
        assert!(matches!(asked(&turn), Query::Services(search) if search.office.as_deref() == Some("o")));
        assert_eq!(of(turn).draft.code.is_some(), kept, "{sent:?} {number_known}");
    }
}
