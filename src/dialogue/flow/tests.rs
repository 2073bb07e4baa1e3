//! Conversations of several steps, one step at a time: what is listed, what every answer of the portal leads to, and the
//! way back from every question.
mod inputs;
mod narrowing;

use super::*;
use crate::dialogue::{LookupFailure, tests as promises};
use crate::types::civic::{
    Answer, AppointmentStatus, Hold, Listing, Localized, Ministry, Office, OfficeHit, Service, ServiceRef, Slot,
};
use crate::types::{CodeRules, names::Channel};
use std::sync::Arc;

const HOUR: i64 = 3_600_000;

fn name(text: &str) -> Localized {
    Localized { km: text.to_owned(), en: text.to_owned(), km_latn: None }
}

fn office(id: &str) -> OfficeRef {
    OfficeRef { id: id.to_owned(), name: name(id), short: None }
}

fn hit(id: &str, division: &str) -> Arc<OfficeHit> {
    let office = Office {
        id: id.to_owned(),
        name: name(id),
        short: None,
        division: division.to_owned(),
        address: name("street"),
        phones: vec![],
        hours: vec![],
        closures: vec![],
        services: vec![],
        queue_length: None,
        sample: false,
    };
    Arc::new(OfficeHit { office: Arc::new(office), place: None })
}

fn service(id: &str) -> Arc<Service> {
    Arc::new(Service {
        id: id.to_owned(),
        code: "1002".to_owned(),
        name: name(id),
        purpose: name("purpose"),
        fees: vec![],
        max_working_days: None,
        documents: vec![],
        sensitive: false,
        bookable: true,
        popular: false,
        audiences: vec![],
        ministry: "m".to_owned(),
        topics: vec![],
        steps: vec![],
        legal_basis: vec![],
        groups: Vec::new(),
        popular_for: Vec::new(),
        sample: false,
    })
}

fn appointment(reference: &str, status: AppointmentStatus, start: i64) -> Appointment {
    let service = ServiceRef { id: Some("s".to_owned()), name: Some(name("s")), sensitive: false };
    Appointment {
        reference: reference.to_owned(),
        status,
        office: office("o"),
        service,
        start: UnixMs(start),
        pin: None,
    }
}

fn slot(id: &str, start: i64, free: u32) -> Slot {
    Slot { id: id.to_owned(), start: UnixMs(start), free }
}

fn listing<T>(items: Vec<Arc<T>>) -> Listing<T> {
    Listing { items, as_of: None }
}

/// At a telephone with keys only, or in texts.
fn caps(channel: Channel) -> Caps {
    Caps::of(channel)
}

fn flow(task: Task, at: At) -> Flow {
    Flow {
        task,
        at,
        language: Language::En,
        draft: Draft::default(),
        options: vec![],
        page: 0,
        more: false,
        wrong: 0,
        shown: None,
        caps: caps(Channel::Ussd),
    }
}

fn told(turn: &Turn) -> &View {
    match turn.effects.iter().find_map(|effect| if let Effect::Show(view) = effect { Some(view) } else { None }) {
        Some(view) => view,
        None => panic!("nothing is shown: {turn:?}"),
    }
}

fn asked(turn: &Turn) -> &Query {
    match &turn.effects[..] {
        [Effect::Ask(query)] => query,
        other => panic!("nothing is asked: {other:?}"),
    }
}

fn of(turn: Turn) -> Flow {
    match turn.next.state {
        DialogueState::Flow(flow) => *flow,
        _ => panic!("it is over"),
    }
}

/// What a list asks for, how many it offers, and whether there are more.
fn list(turn: &Turn) -> (Asking, usize, bool) {
    match told(turn) {
        View::Choose { asking, options, more, .. } => (*asking, options.len(), *more),
        other => panic!("no list: {other:?}"),
    }
}

fn with_ctx<T>(channel: Channel, work: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let codes = CodeRules::recommended();
    work(&Ctx { channel, ..promises::ctx(&codes) })
}

fn answered(flow: Flow, answer: Answer) -> Turn {
    with_ctx(Channel::Ussd, |ctx| flow.answered(&Dialogue::default(), answer, ctx))
}

#[test]
fn a_list_shows_a_page_and_says_whether_there_are_more() {
    for (channel, asking, page) in [
        (Channel::Sms, Asking::Task, 4),
        (Channel::Sms, Asking::Office, 4),
        (Channel::Sms, Asking::AnyOffice, 4),
        (Channel::Sms, Asking::Service, 4),
        (Channel::Sms, Asking::AnyService, 4),
        (Channel::Sms, Asking::ServicesBy, 4),
        (Channel::Sms, Asking::Audience, 4),
        (Channel::Sms, Asking::Ministry, 6),
        (Channel::Sms, Asking::Place, 6),
        (Channel::Sms, Asking::Day, 5),
        (Channel::Sms, Asking::Hour, 8),
        (Channel::Sms, Asking::Appointment, 3),
        (Channel::Ussd, Asking::Appointment, 8),
        (Channel::Kiosk, Asking::Day, 8),
    ] {
        let offered = |at_page: u16, count: usize| {
            let begun = Flow { page: at_page, caps: caps(channel), ..flow(Task::Office, At::Words) };
            let all: Vec<Opt> = (0..count).map(|n| Opt::Place(format!("{n:02}"))).collect();
            let turn = begun.offer(&Dialogue::default(), asking, all, None);
            assert_eq!(list(&turn).0, asking);
            let seen = (list(&turn).1, list(&turn).2);
            let kept = of(turn);
            assert_eq!((kept.at, kept.shown), (At::Choosing(asking), Some(asking)));
            (seen, kept.options.first().cloned(), kept.page)
        };
        let first = |n: usize| Some(Opt::Place(format!("{n:02}")));
        assert_eq!(offered(0, page), ((page, false), first(0), 0), "{asking:?} whole");
        assert_eq!(offered(0, page + 1), ((page, true), first(0), 0), "{asking:?} and one");
        assert_eq!(offered(1, page + 1), ((1, true), first(page), 1), "{asking:?}, its second page");
        assert_eq!(offered(2, 2 * page + 1), ((1, true), first(2 * page), 2), "{asking:?}, its third page");
        assert_eq!(offered(1, page), ((page, false), first(0), 0), "{asking:?} has become shorter");
    }
}

#[test]
fn a_fault_of_the_portal_ends_it_with_what_is_true() {
    let book = flow(Task::Book, At::Words);
    for (fault, view) in [
        (PortalFault::SlotTaken, View::CannotChange),
        (PortalFault::HoldExpired, View::CannotChange),
        (PortalFault::TooLate, View::CannotChange),
        (PortalFault::NotFound, View::NoSuchOffice),
        (PortalFault::Away, View::PortalAway { code: None }),
        (PortalFault::Unusable, View::PortalAway { code: None }),
        (PortalFault::Refused, View::PortalAway { code: None }),
        (PortalFault::Uncertain, View::PortalAway { code: None }),
    ] {
        assert_eq!(told(&book.clone().failed(&Dialogue::default(), fault)), &view, "{fault:?}");
    }
    // of whatever was asked
    with_ctx(Channel::Ussd, |ctx| {
        let away = PortalFault::Away;
        for (awaited, answer) in [
            (Awaited::Offices, Answer::Offices(Err(away))),
            (Awaited::OfficeDetail, Answer::Office(Err(away))),
            (Awaited::Ministries, Answer::Ministries(Err(away))),
            (Awaited::Services, Answer::Services(Err(away))),
            (Awaited::Days, Answer::Slots(Err(away))),
            (Awaited::Appointments, Answer::Appointments(Err(away))),
            (Awaited::Hold, Answer::Held(Err(away))),
            (Awaited::Changed, Answer::Appointment(Err(away))),
            (Awaited::OfficeOfCode, Answer::Application(Err(away))),
        ] {
            let turn = flow(Task::Book, At::Awaiting(awaited)).answered(&Dialogue::default(), answer, ctx);
            assert_eq!(told(&turn), &View::PortalAway { code: None }, "{awaited:?}");
        }
        // an answer to another question, or to none
        for at in [At::Awaiting(Awaited::Days), At::Words, At::Confirming, At::Choosing(Asking::Day)] {
            let turn = flow(Task::Book, at).answered(&Dialogue::default(), Answer::Appointments(Ok(vec![])), ctx);
            assert_eq!(told(&turn), &View::AskAgain, "{at:?}");
        }
    });
}

#[test]
fn a_code_of_which_nothing_is_known_leaves_the_list_as_it_was() {
    with_ctx(Channel::Ussd, |ctx| {
        for fault in [PortalFault::NotFound, PortalFault::Locked, PortalFault::FactorRequired] {
            let at = At::Awaiting(Awaited::OfficeOfCode);
            let before =
                Flow { shown: Some(Asking::Place), options: vec![Opt::Place("12".to_owned())], ..flow(Task::Book, at) };
            let turn = before.answered(&Dialogue::default(), Answer::Application(Err(fault)), ctx);
            assert_eq!(turn.effects[0], Effect::LookupFailed(LookupFailure::NotFound), "{fault:?}");
            let View::Choose { asking, again, options, .. } = told(&turn) else { panic!("{turn:?}") };
            assert_eq!((*asking, *again, options.len()), (Asking::Place, Some(Again::NotFound), 1), "{fault:?}");
        }
    });
}

#[test]
fn offices_are_listed_with_the_parts_that_have_some_each_once() {
    let found = listing(vec![hit("a", "12"), hit("b", "1201"), hit("c", "1201"), hit("d", "1202"), hit("e", "120203")]);
    for (place, wanted) in
        [("", vec!["12"]), ("12", vec!["a", "1201", "1202"]), ("1202", vec!["a", "b", "c", "d", "120203"])]
    {
        let mut before = flow(Task::Office, At::Awaiting(Awaited::Places));
        before.draft.place = Some(place.to_owned());
        let turn = answered(before, Answer::Offices(Ok(found.clone())));
        let View::Choose { options, .. } = told(&turn) else { panic!("{turn:?}") };
        let seen: Vec<&str> = options
            .iter()
            .map(|option| match option {
                Opt::Place(code) => code.as_str(),
                Opt::Office { office, .. } => office.id.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, wanted, "in {place:?}");
    }
    let turn = answered(flow(Task::Office, At::Awaiting(Awaited::Places)), Answer::Offices(Ok(listing(vec![]))));
    assert_eq!(told(&turn), &View::NoSuchOffice);
}

#[test]
fn what_was_looked_for_is_found_or_said_not_to_be() {
    with_ctx(Channel::Sms, |ctx| {
        let sms = |task, words: Option<&str>| {
            let mut before = Flow { caps: caps(Channel::Sms), ..flow(task, At::Awaiting(Awaited::Offices)) };
            before.draft.words = words.map(str::to_owned);
            before
        };
        let answer = |before: Flow, items: Vec<Arc<OfficeHit>>| {
            before.answered(&Dialogue::default(), Answer::Offices(Ok(listing(items))), ctx)
        };
        // one that was named is taken; one of a whole list is not
        let two = || vec![hit("a", "12"), hit("b", "12")];
        let one = || vec![hit("a", "12")];
        assert_eq!(asked(&answer(sms(Task::Office, Some("x")), one())), &Query::Office { id: "a".to_owned() });
        assert!(
            matches!(asked(&answer(sms(Task::Book, Some("x")), one())), Query::Services(search) if search.office.as_deref() == Some("a"))
        );
        assert_eq!(list(&answer(sms(Task::Book, None), one())), (Asking::Office, 1, false));
        assert_eq!(
            list(&answer(Flow { page: 1, ..sms(Task::Office, Some("x")) }, one())),
            (Asking::AnyOffice, 1, false)
        );
        assert_eq!(list(&answer(sms(Task::Office, Some("x")), two())), (Asking::AnyOffice, 2, false));
        // who books is shown all offices, and told; who asks may look again
        let turn = answer(sms(Task::Book, Some("x")), vec![]);
        assert!(matches!(asked(&turn), Query::Offices(search) if search.words.is_none() && search.bookable));
        let View::Choose { again, .. } = told(&answer(of(turn), two())).clone() else { panic!("a list") };
        assert_eq!(again, Some(Again::NotFound));
        assert_eq!(told(&answer(sms(Task::Book, None), vec![])), &View::NoSuchOffice);
        assert_eq!(told(&answer(sms(Task::Office, Some("x")), vec![])), &View::NoSuchOffice);
    });
}

#[test]
fn services_are_listed_and_one_that_was_named_is_told_about() {
    for (channel, task, words, found, wanted) in [
        (Channel::Sms, Task::Info, Some("x"), 1, "sheet"),
        (Channel::Sms, Task::Info, Some("x"), 2, "list"),
        (Channel::Sms, Task::Book, None, 1, "list"),
        (Channel::Sms, Task::Info, Some("x"), 0, "none, again"),
        (Channel::Ussd, Task::Info, Some("x"), 0, "none, again"),
        (Channel::Ussd, Task::Info, None, 0, "none"),
        (Channel::Sms, Task::Book, None, 0, "nothing free"),
    ] {
        let mut before = Flow { caps: caps(channel), ..flow(task, At::Awaiting(Awaited::Services)) };
        before.draft.words = words.map(str::to_owned);
        before.draft.office = Some(office("o"));
        let all = (0..found).map(|n| service(&n.to_string())).collect();
        let turn =
            with_ctx(channel, |ctx| before.answered(&Dialogue::default(), Answer::Services(Ok(listing(all))), ctx));
        let stays = matches!(turn.next.state, DialogueState::Flow(_));
        let seen = match told(&turn) {
            View::Service(facts) if facts.service.id == "0" => "sheet",
            View::Choose { asking: Asking::Service | Asking::AnyService, options, .. } if options.len() == found => {
                "list"
            }
            View::NoSuchService if stays => "none, again",
            View::NoSuchService => "none",
            View::NothingFree { office } if office.id == "o" => "nothing free",
            other => panic!("{other:?}"),
        };
        assert_eq!(seen, wanted, "{channel:?} {task:?} {words:?} {found}");
    }
    let ministries = listing(vec![Arc::new(Ministry { id: "m".to_owned(), name: name("m") })]);
    let asking = || flow(Task::Info, At::Awaiting(Awaited::Ministries));
    let turn = answered(asking(), Answer::Ministries(Ok(ministries)));
    assert_eq!(list(&turn), (Asking::Ministry, 1, false));
    let turn = answered(asking(), Answer::Ministries(Ok(listing(vec![]))));
    assert_eq!(told(&turn), &View::PortalAway { code: None });
}

#[test]
fn only_what_is_free_and_to_come_is_offered_and_the_nearest_first_when_one_is_gone() {
    with_ctx(Channel::Sms, |ctx| {
        let day = 24 * HOUR;
        let slots = || {
            vec![
                slot("past", 0, 1),
                slot("full", HOUR, 0),
                slot("a", 2 * HOUR, 1),
                slot("b", 3 * HOUR, 1),
                slot("c", day + HOUR, 1),
            ]
        };
        let mut before = flow(Task::Book, At::Awaiting(Awaited::Days));
        before.draft.office = Some(office("o"));
        before.draft.service = Some(("s".to_owned(), None));
        let turn = before.clone().answered(&Dialogue::default(), Answer::Slots(Ok(slots())), ctx);
        assert_eq!(list(&turn), (Asking::Day, 2, false), "two days, each once");
        let full = || vec![slot("past", 0, 1), slot("full", HOUR, 0)];
        let turn = before.clone().answered(&Dialogue::default(), Answer::Slots(Ok(full())), ctx);
        assert_eq!(told(&turn), &View::NothingFree { office: office("o") });
        // hours
        before.at = At::Awaiting(Awaited::Hours);
        let ids = |turn: &Turn| -> Vec<String> {
            let View::Choose { options, .. } = told(turn) else { panic!("{turn:?}") };
            options
                .iter()
                .map(|one| if let Opt::Hour { slot, .. } = one { slot.clone() } else { panic!("{one:?}") })
                .collect()
        };
        let turn = before.clone().answered(&Dialogue::default(), Answer::Slots(Ok(slots())), ctx);
        assert_eq!(ids(&turn), ["a", "b", "c"]);
        assert!(matches!(told(&turn), View::Choose { again: None, .. }));
        before.draft.slot = Some(("b".to_owned(), UnixMs(3 * HOUR)));
        before.draft.day = Some(ctx.today());
        let more = [slots(), vec![slot("d", 5 * HOUR, 1), slot("e", 3 * HOUR + 1, 1)]].concat();
        let turn = before.clone().answered(&Dialogue::default(), Answer::Slots(Ok(more)), ctx);
        assert_eq!(ids(&turn), ["e", "a", "d", "c"], "as far before as behind");
        assert!(matches!(told(&turn), View::Choose { again: Some(Again::SlotTaken), .. }));
        // no hour is left: other days
        let turn = before.answered(&Dialogue::default(), Answer::Slots(Ok(full())), ctx);
        assert!(matches!(asked(&turn), Query::Slots { from, to, .. } if from < to), "{turn:?}");
        let next = of(turn);
        assert_eq!((next.draft.day, next.draft.slot), (None, None));
    });
}

#[test]
fn a_place_is_held_asked_about_and_booked() {
    with_ctx(Channel::Sms, |ctx| {
        let mut before = Flow { caps: caps(Channel::Sms), ..flow(Task::Book, At::Awaiting(Awaited::Hold)) };
        before.draft.office = Some(office("o"));
        before.draft.service = Some(("s".to_owned(), None));
        before.draft.slot = Some(("a".to_owned(), UnixMs(HOUR)));
        before.draft.holds = 1;
        let hold = || Hold { id: "h".to_owned(), slot: slot("a", HOUR, 1), expires_at: Some(UnixMs(2 * HOUR)) };
        let turn = before.clone().answered(&Dialogue::default(), Answer::Held(Ok(hold())), ctx);
        // 10 + 37 of the dice
        assert!(matches!(told(&turn), View::ConfirmBooking { digits: Some(47), again: false, .. }), "{turn:?}");
        let agreed = Flow { draft: Draft { agreed: true, ..before.draft.clone() }, ..before.clone() };
        let turn = agreed.answered(&Dialogue::default(), Answer::Held(Ok(hold())), ctx);
        let Query::Change(change) = asked(&turn) else { panic!("{turn:?}") };
        let book = ChangeKind::Book {
            hold: "h".to_owned(),
            service: "s".to_owned(),
            application: None,
            language: Language::En,
        };
        assert_eq!((&change.what, change.attempt), (&book, 1));
        for fault in [PortalFault::SlotTaken, PortalFault::NotFound, PortalFault::HoldExpired, PortalFault::TooLate] {
            let turn = before.clone().answered(&Dialogue::default(), Answer::Held(Err(fault)), ctx);
            assert!(matches!(asked(&turn), Query::Slots { .. }), "{fault:?}");
        }
        // what became of the change
        let mut changing = before;
        changing.at = At::Awaiting(Awaited::Changed);
        changing.draft.hold = Some("h".to_owned());
        let booked = appointment("40719359", AppointmentStatus::Booked, HOUR);
        let answered = |task, answer: Result<Appointment, PortalFault>| {
            let mut flow = Flow { task, ..changing.clone() };
            flow.draft.appointment = Some(appointment("40719359", AppointmentStatus::Booked, HOUR));
            flow.answered(&Dialogue::default(), Answer::Appointment(answer), ctx)
        };
        for (task, view) in [
            (Task::Book, View::Booked(booked.clone())),
            (Task::Move, View::Moved(booked.clone())),
            (Task::Cancel, View::Cancelled(booked.clone())),
        ] {
            assert_eq!(told(&answered(task, Ok(booked.clone()))), &view);
        }
        assert!(matches!(
            asked(&answered(Task::Book, Err(PortalFault::HoldExpired))),
            Query::Change(Change { what: ChangeKind::Hold { .. }, attempt: 1 })
        ));
        assert!(matches!(asked(&answered(Task::Book, Err(PortalFault::SlotTaken))), Query::Slots { .. }));
        let unsure = answered(Task::Cancel, Err(PortalFault::Uncertain));
        let [Effect::Show(View::Uncertain), Effect::FollowUp(change)] = &unsure.effects[..] else {
            panic!("{unsure:?}")
        };
        let ChangeKind::Cancel { reference, was: Some(was) } = &change.what else { panic!("{change:?}") };
        assert_eq!((reference.as_str(), was.reference.as_str()), ("40719359", "40719359"));
        assert_eq!(told(&answered(Task::Move, Err(PortalFault::TooLate))), &View::CannotChange);
        changing.draft.holds = WRONG_MAX;
        let turn =
            changing.clone().answered(&Dialogue::default(), Answer::Appointment(Err(PortalFault::HoldExpired)), ctx);
        assert!(matches!(asked(&turn), Query::Slots { .. }), "it is not held for ever");
        assert_eq!(of(turn).draft.digits, None);
    });
}

#[test]
fn only_appointments_that_are_to_come_and_hold_are_listed() {
    use AppointmentStatus::{Arrived, Booked, Cancelled, NoShow, Pending, WaitList};
    let all = || {
        let some = [Pending, Booked, WaitList, Arrived, Cancelled, NoShow];
        let mut all: Vec<Appointment> =
            some.iter().enumerate().map(|(n, status)| appointment(&format!("10000{n}"), *status, HOUR)).collect();
        all.push(appointment("200000", Booked, 0));
        all
    };
    for (channel, task, named, wanted) in [
        (Channel::Sms, Task::List, None, vec!["100000", "100001", "100002"]),
        (Channel::Sms, Task::Cancel, None, vec!["100000", "100001", "100002"]),
        (Channel::Ussd, Task::List, Some("100001"), vec!["100001"]),
        (Channel::Ussd, Task::Cancel, Some("100001"), vec!["100001"]),
        (Channel::Ussd, Task::Cancel, Some("100004"), vec![]),
    ] {
        let mut before = Flow { caps: caps(channel), ..flow(task, At::Awaiting(Awaited::Appointments)) };
        before.draft.reference = named.map(str::to_owned);
        let turn = with_ctx(channel, |ctx| before.answered(&Dialogue::default(), Answer::Appointments(Ok(all())), ctx));
        let references = match told(&turn) {
            View::Appointments(all) => all.iter().map(|one| one.reference.clone()).collect(),
            View::Choose { options, .. } => options
                .iter()
                .map(|one| if let Opt::Appointment(one) = one { one.reference.clone() } else { panic!("{one:?}") })
                .collect(),
            View::ConfirmCancel { appointment, .. } => vec![appointment.reference.clone()],
            View::NoAppointments => Vec::new(),
            other => panic!("{other:?}"),
        };
        assert_eq!(references, wanted, "{channel:?} {task:?} {named:?}");
    }
    // a page of them and no more
    for (channel, most) in [(Channel::Sms, 3), (Channel::Ussd, 8)] {
        let before = Flow { caps: caps(channel), ..flow(Task::List, At::Awaiting(Awaited::Appointments)) };
        let many = (0..12).map(|n| appointment(&n.to_string(), Booked, HOUR)).collect();
        let turn = with_ctx(channel, |ctx| before.answered(&Dialogue::default(), Answer::Appointments(Ok(many)), ctx));
        assert!(matches!(told(&turn), View::Appointments(all) if all.len() == most), "{channel:?}");
    }
    // the only one is taken at once, but not where a list was gone back to
    let at = At::Awaiting(Awaited::Appointments);
    for (shown, taken) in [(None, true), (Some(Asking::Task), true), (Some(Asking::Appointment), false)] {
        let before = Flow { shown, ..flow(Task::Cancel, at) };
        let one = vec![appointment("1", Booked, HOUR)];
        let turn =
            with_ctx(Channel::Ussd, |ctx| before.answered(&Dialogue::default(), Answer::Appointments(Ok(one)), ctx));
        assert_eq!(matches!(told(&turn), View::ConfirmCancel { .. }), taken, "{shown:?}");
    }
}

/// A list that is open, in a flow that has come as far as a service.
fn choosing(task: Task, asking: Asking, change: fn(&mut Flow)) -> Flow {
    let mut flow = flow(task, At::Choosing(asking));
    flow.draft.office = Some(office("o"));
    flow.draft.service = Some(("s".to_owned(), None));
    change(&mut flow);
    flow
}

/// Judges where back leads to from each of these.
fn lead_back(from: Vec<(&str, Flow, &str)>) {
    for (what, before, wanted) in from {
        let turn = with_ctx(Channel::Ussd, |ctx| before.back(&Dialogue::default(), ctx));
        let seen = match &turn.effects[..] {
            [Effect::Show(View::Menu)] => "menu".to_owned(),
            [Effect::Show(View::Choose { asking, .. })] => format!("list {asking:?}"),
            [Effect::Ask(Query::Ministries)] => "ask ministries".to_owned(),
            [Effect::Ask(Query::Appointments)] => "ask appointments".to_owned(),
            [Effect::Ask(Query::Services(search))] => {
                format!("ask services of {}", search.office.as_deref().unwrap_or("none"))
            }
            [Effect::Ask(Query::Offices(search))] => {
                format!("ask offices in '{}'", search.within.as_deref().unwrap_or("none"))
            }
            [Effect::Ask(Query::Slots { from, to, .. })] => {
                if from == to { "ask hours" } else { "ask days" }.to_owned()
            }
            other => format!("{other:?}"),
        };
        assert_eq!(seen, wanted, "{what}");
    }
}

#[test]
fn every_list_knows_the_question_it_came_from() {
    let nothing: fn(&mut Flow) = |_| {};
    lead_back(vec![
        ("a task", choosing(Task::Menu, Asking::Task, nothing), "menu"),
        ("ways to a service", choosing(Task::Info, Asking::ServicesBy, nothing), "menu"),
        ("an audience", choosing(Task::Info, Asking::Audience, nothing), "list ServicesBy"),
        ("a ministry", choosing(Task::Info, Asking::Ministry, nothing), "list ServicesBy"),
        (
            "services of an audience",
            choosing(Task::Info, Asking::AnyService, |flow| flow.draft.audience = Some(Audience::ALL[0])),
            "list Audience",
        ),
        (
            "services of a ministry",
            choosing(Task::Info, Asking::AnyService, |flow| flow.draft.ministry = Some("m".to_owned())),
            "ask ministries",
        ),
        ("services by words", choosing(Task::Info, Asking::AnyService, nothing), "list ServicesBy"),
        ("the country", choosing(Task::Book, Asking::Place, nothing), "list Task"),
        ("the country, not to book", choosing(Task::Office, Asking::Place, nothing), "menu"),
        (
            "a province",
            choosing(Task::Book, Asking::Place, |flow| flow.draft.place = Some("12".to_owned())),
            "ask offices in ''",
        ),
        (
            "a district",
            choosing(Task::Office, Asking::Place, |flow| flow.draft.place = Some("1201".to_owned())),
            "ask offices in '12'",
        ),
        ("an office", choosing(Task::Book, Asking::Office, nothing), "list Task"),
        ("any office", choosing(Task::Office, Asking::AnyOffice, nothing), "menu"),
    ]);
}

#[test]
fn every_step_of_a_booking_knows_the_one_before() {
    let nothing: fn(&mut Flow) = |_| {};
    lead_back(vec![
        (
            "a service",
            choosing(Task::Book, Asking::Service, |flow| flow.draft.place = Some("12".to_owned())),
            "ask offices in '12'",
        ),
        ("a day", choosing(Task::Book, Asking::Day, nothing), "ask services of o"),
        (
            "a day to move to",
            choosing(Task::Move, Asking::Day, |flow| flow.shown = Some(Asking::Appointment)),
            "ask appointments",
        ),
        ("a day to move the only one to", choosing(Task::Move, Asking::Day, nothing), "list Task"),
        (
            "an hour",
            choosing(Task::Book, Asking::Hour, |flow| flow.draft.day = Some(jiff::civil::date(1970, 1, 5))),
            "ask days",
        ),
        ("an appointment", choosing(Task::Cancel, Asking::Appointment, nothing), "list Task"),
        (
            "a second page",
            choosing(Task::Office, Asking::Place, |flow| (flow.page, flow.draft.place) = (1, Some("12".to_owned()))),
            "ask offices in '12'",
        ),
        ("words of a service", flow(Task::Info, At::Words), "list ServicesBy"),
        ("words of an office", flow(Task::Office, At::Words), "menu"),
        (
            "a yes to an hour",
            choosing(Task::Book, Asking::Hour, |flow| {
                (flow.at, flow.draft.day) = (At::Confirming, Some(jiff::civil::date(1970, 1, 5)))
            }),
            "ask hours",
        ),
        ("a yes without a day", choosing(Task::Book, Asking::Hour, |flow| flow.at = At::Confirming), "ask days"),
        ("a yes to cancel", choosing(Task::Cancel, Asking::Task, |flow| flow.at = At::Confirming), "list Task"),
    ]);
}

#[test]
fn an_answer_leads_back_to_its_list_where_a_key_goes_back_and_nothing_was_done() {
    let booked = || appointment("1", AppointmentStatus::Booked, HOUR);
    for (channel, view, leads) in [
        (Channel::Ussd, View::NoSuchOffice, true),
        (Channel::Sms, View::NoSuchOffice, false),
        (Channel::Ussd, View::Booked(booked()), false),
        (Channel::Ussd, View::Moved(booked()), false),
        (Channel::Ussd, View::Cancelled(booked()), false),
        (Channel::Ussd, View::Uncertain, false),
        (Channel::Ussd, View::Menu, false),
    ] {
        let mut before = Flow {
            shown: Some(Asking::Hour),
            page: 2,
            wrong: 2,
            caps: caps(channel),
            ..flow(Task::Book, At::Confirming)
        };
        before.draft = Draft {
            slot: Some(("a".to_owned(), UnixMs(1))),
            hold: Some("h".to_owned()),
            digits: Some(47),
            agreed: true,
            ..Draft::default()
        };
        let behind = before.list_behind(&view);
        assert_eq!(behind.is_some(), leads, "{channel:?} {view:?}");
        if let Some(DialogueState::Flow(flow)) = behind.as_deref() {
            assert_eq!((flow.at, flow.page, flow.wrong), (At::Choosing(Asking::Hour), 0, 0));
            assert_eq!(flow.draft, Draft::default(), "what was held is given up");
        }
    }
    assert!(flow(Task::Book, At::Words).list_behind(&View::NoSuchOffice).is_none(), "no list was shown");
}

#[test]
fn a_yes_is_what_was_asked_for_and_nothing_else() {
    for (channel, digits, text, wanted) in [
        (Channel::Ussd, None, "1", "done"),
        (Channel::Ussd, None, "yes", "done"),
        (Channel::Ussd, None, "2", "again"),
        (Channel::Sms, Some(47), "47", "done"),
        (Channel::Sms, Some(47), "1", "wrong digits"),
        (Channel::Sms, Some(47), "48", "wrong digits"),
        (Channel::Sms, Some(47), "yes", "again"),
    ] {
        let mut before = Flow { caps: caps(channel), ..flow(Task::Cancel, At::Confirming) };
        before.draft.appointment = Some(appointment("1", AppointmentStatus::Booked, HOUR));
        before.draft.digits = digits;
        let turn = with_ctx(channel, |ctx| before.read(&Dialogue::default(), text, ctx));
        let seen = match &turn.effects[..] {
            [Effect::Ask(Query::Change(Change { what: ChangeKind::Cancel { .. }, .. }))] => "done",
            [Effect::Show(View::ConfirmCancel { again: true, .. })] => "again",
            [Effect::Show(View::ConfirmCancel { again: true, .. }), Effect::DigitsWrong] => "wrong digits",
            other => panic!("{other:?}"),
        };
        assert_eq!((seen, turn.advanced), (wanted, wanted == "done"), "{channel:?} {digits:?} {text}");
    }
    // three wrong answers in a row lead home
    let mut turn = with_ctx(Channel::Ussd, |ctx| {
        let begun = flow(Task::Menu, At::Words).offer(&Dialogue::default(), Asking::Task, Opt::TASKS.to_vec(), None);
        of(begun).read(&Dialogue::default(), "7", ctx)
    });
    assert!(matches!(told(&turn), View::Choose { again: Some(Again::NotOffered), .. }));
    for last in [false, true] {
        turn = with_ctx(Channel::Ussd, |ctx| of(turn.clone()).read(&Dialogue::default(), "7", ctx));
        assert_eq!(told(&turn) == &View::Menu, last);
    }
}

#[test]
fn who_books_is_shown_only_offices_where_one_can() {
    for (task, bookable) in [(Task::Book, true), (Task::Office, false)] {
        let turn = flow(task, At::Choosing(Asking::Office)).search_offices(&Dialogue::default(), "ដង្កោ");
        let Query::Offices(search) = asked(&turn) else { panic!("offices are looked for") };
        assert_eq!((search.words.as_deref(), search.bookable), (Some("ដង្កោ"), bookable));
    }
}
