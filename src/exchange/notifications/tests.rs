//! Unasked texts against a store in memory, in virtual time: when they are told, when not, and how often.
use super::*;
use crate::{
    exchange::testing::{
        Bench, CODE, Fails, MORNING, MtAt, NUMBER, application, change_telco, jump, number, office, pass, settings,
        settled,
    },
    exchange::{QuietHours, Settings},
    ports::{
        PortFuture,
        outbox::Class,
        portal::EventSource,
        pushes::{NewPush, PushKind},
    },
    render::ussd::Size,
    types::{
        Language, Msisdn,
        civic::{Answer, Change, ChangeKind, Event, EventPage, Notice, PortalFault, Query, Recipient},
        limits::{EVENT_PAGES_AT_ONCE, NOTICE_USE_MAX, NOTICES_A_DAY_MAX},
        lock,
    },
};
use std::sync::Mutex;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn ready() -> Notice {
    Notice::Ready { code: CODE.to_owned(), office: office(), until: None }
}

fn reminder(start: UnixMs) -> Notice {
    Notice::Reminder { reference: "A-1".to_owned(), office: office(), start }
}

fn to(digits: &str) -> Recipient {
    Recipient { number: number(digits), language: Language::En, not_after: None, urgent: false }
}

fn event(id: &str, recipient: Recipient, notice: Notice) -> Event {
    Event { id: id.to_owned(), at: MORNING, notice: Some((recipient, notice)), directory_changed: false }
}

/// A portal that says so of every application.
fn says(status: &'static str) -> impl Fn(&Query) -> Answer {
    move |query| match query {
        Query::Application { code, .. } => Answer::Application(Ok(application(code, status))),
        _ => unreachable!("nothing else is asked"),
    }
}

/// How the pushes ended that did.
fn ends(bench: &Bench) -> Vec<&'static str> {
    let word = |end: &PushEnd| match end {
        PushEnd::Queued(mts) if mts.is_empty() => "shown",
        PushEnd::Queued(_) => "queued",
        PushEnd::Dropped => "dropped",
        PushEnd::Refused(_) => "refused",
        PushEnd::Later(_) => "later",
    };
    bench.store.pushes().iter().map(|push| push.end.as_ref().map_or("waits", word)).collect()
}

async fn take(bench: &Bench, event: Event) -> Result<bool, StoreFault> {
    let taken = bench.exchange.notifications.take_event(event).await;
    settled().await;
    taken
}

#[tokio::test(start_paused = true)]
async fn an_event_is_told_once_and_only_when_it_is_stored() {
    let bench = Bench::with(settings(), says("ready_for_collection")).started().await;
    bench.store.fail("take_event", [Fails::Before(StoreFault::Busy)]);
    assert_eq!(take(&bench, event("e-1", to(NUMBER), ready())).await, Err(StoreFault::Busy));
    assert_eq!(take(&bench, event("e-1", to(NUMBER), ready())).await, Ok(true));
    assert_eq!(take(&bench, event("e-1", to(NUMBER), ready())).await, Ok(false));
    assert_eq!(ends(&bench), ["queued"]);
    let answers = bench.answers();
    assert!(answers.len() == 1 && answers[0].starts_with("120500-26-048193-7"), "{answers:?}");
    assert!(bench.portal.asked().is_empty(), "what is fresh needs no second look");
}

#[tokio::test(start_paused = true)]
async fn what_happened_before_a_restore_is_told_to_nobody() {
    let settings = Settings { events_after: MORNING, ..settings() };
    let bench = Bench::with(settings, says("in_review")).started().await;
    for (id, at) in [("before", MORNING), ("after", MORNING.plus_ms(1))] {
        let event = Event { at, ..event(id, to(NUMBER), ready()) };
        assert_eq!(take(&bench, event).await, Ok(true), "{id}");
    }
    pass(Duration::from_secs(1)).await;
    assert_eq!(bench.store.pushes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_are_kept_and_not_told_where_the_operator_wants_none() {
    let bench = Bench::with(Settings { push_enabled: false, ..settings() }, says("in_review")).started().await;
    assert_eq!(take(&bench, event("e-1", to(NUMBER), ready())).await, Ok(true));
    assert!(bench.store.pushes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_said_stop_and_who_is_of_another_country_or_no_telco_is_told_nothing() {
    let mut settings = settings();
    change_telco(&mut settings, |telco| telco.prefixes = vec!["12".to_owned()]);
    let bench = Bench::with(settings, says("in_review")).started().await;
    let stopped = CitizenRecord { stopped: true, ..CitizenRecord::default() };
    bench.store.put_record(number("85512000001"), stopped);
    for (id, digits) in [("e-1", "85512000001"), ("e-2", "66812345678"), ("e-3", "85598765432"), ("e-4", NUMBER)] {
        assert_eq!(take(&bench, event(id, to(digits), ready())).await, Ok(true), "{digits}");
    }
    assert_eq!(ends(&bench), ["dropped", "dropped", "dropped", "queued"]);
}

#[tokio::test(start_paused = true)]
async fn a_notice_waits_for_the_morning_unless_it_is_urgent() {
    let clock = |text: &str| text.parse().expect("a time");
    // it is 9 in the morning
    let quiet = Some(QuietHours { from: clock("21:00"), until: clock("09:30") });
    let bench = Bench::with(Settings { quiet, ..settings() }, says("ready_for_collection")).started().await;
    let urgent = Recipient { urgent: true, ..to("85512000002") };
    take(&bench, event("e-1", to(NUMBER), ready())).await.expect("stored");
    take(&bench, event("e-2", urgent, ready())).await.expect("stored");
    assert_eq!(ends(&bench), ["waits", "queued"]);
    assert_eq!(bench.store.pushes()[0].stored.push.due, MORNING.plus_ms(30 * 60_000));
    pass(29 * MINUTE).await;
    assert_eq!(ends(&bench)[0], "waits");
    pass(2 * MINUTE).await;
    assert_eq!(ends(&bench)[0], "queued");
}

#[tokio::test(start_paused = true)]
async fn what_waited_is_looked_up_once_more_and_not_told_when_it_is_over() {
    for (now, end) in [("ready_for_collection", "queued"), ("collected", "dropped")] {
        let bench = Bench::with(settings(), says(now)).started().await;
        bench.store.fail("citizen", [Fails::Before(StoreFault::Busy); 150]);
        take(&bench, event("e-1", to(NUMBER), ready())).await.expect("stored");
        pass(9 * MINUTE).await;
        assert_eq!((ends(&bench), bench.portal.asked().len()), (vec!["waits"], 0));
        pass(6 * MINUTE).await;
        assert_eq!((ends(&bench), bench.portal.asked().len()), (vec![end], 1), "{now}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_of_no_use_any_more_is_dropped() {
    let bench = Bench::with(settings(), says("in_review")).started().await;
    let over = Recipient { not_after: Some(bench.now()), ..to(NUMBER) };
    take(&bench, event("e-1", over, ready())).await.expect("stored");
    take(&bench, event("e-2", to(NUMBER), reminder(bench.now()))).await.expect("stored");
    assert_eq!(ends(&bench), ["dropped", "dropped"]);
    // and the portal cannot keep one for a year
    let year = Recipient { not_after: Some(bench.now().plus_ms(365 * 86_400_000)), ..to(NUMBER) };
    take(&bench, event("e-3", year, ready())).await.expect("stored");
    let kept = bench.store.pushes()[2].stored.push.not_after.since_ms(bench.now());
    assert_eq!(kept, NOTICE_USE_MAX.as_millis() as i64);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_events_reaches_a_telephone_so_often_a_day_and_no_more() {
    let bench = Bench::with(settings(), says("in_review")).started().await;
    for at in 0..NOTICES_A_DAY_MAX + 3 {
        take(&bench, event(&format!("e-{at}"), to(NUMBER), ready())).await.expect("stored");
    }
    let queued = |bench: &Bench| ends(bench).iter().filter(|end| **end == "queued").count();
    assert_eq!(queued(&bench), NOTICES_A_DAY_MAX as usize);
    jump(24 * HOUR).await;
    take(&bench, event("tomorrow", to(NUMBER), ready())).await.expect("stored");
    assert_eq!(queued(&bench), NOTICES_A_DAY_MAX as usize + 1);
}

#[tokio::test(start_paused = true)]
async fn a_reminder_is_shown_where_that_can_be_and_texted_when_the_telephone_does_not_confirm() {
    for confirmed in [true, false] {
        let mut settings = settings();
        change_telco(&mut settings, |telco| telco.notices = Some(Size { gsm7: 160, ucs2: 70 }));
        let bench = Bench::with(settings, says("in_review")).started().await;
        let at = bench.now().plus_ms(86_400_000);
        take(&bench, event("e-1", to(NUMBER), reminder(at))).await.expect("stored");
        let notice = bench.exchange.notifications.next_ussd_notice(&"smart".into()).await.expect("a notice");
        assert!(notice.number == number(NUMBER) && notice.text.contains("A-1"), "{}", notice.text);
        assert_eq!((ends(&bench), bench.answers().len()), (vec!["waits"], 0));
        if confirmed {
            let call = bench.call(1, crate::exchange::UssdSignal::Confirmed);
            assert!(bench.exchange.ussd.answer(call).await.is_none());
        }
        pass(Duration::from_secs(25)).await;
        let (end, texts) = if confirmed { ("shown", 0) } else { ("queued", 1) };
        assert_eq!((ends(&bench), bench.answers().len()), (vec![end], texts));
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_whose_end_is_refused_for_good_holds_up_no_other() {
    let bench = Bench::with(settings(), says("in_review")).started().await;
    bench.store.fail("end_push", [Fails::Before(StoreFault::Rejected)]);
    take(&bench, event("e-1", to(NUMBER), ready())).await.expect("stored");
    take(&bench, event("e-2", to(NUMBER), ready())).await.expect("stored");
    assert_eq!(ends(&bench), ["dropped", "queued"]);
    // one that cannot be stored now is tried again
    bench.store.fail("end_push", [Fails::Before(StoreFault::Busy)]);
    take(&bench, event("e-3", to(NUMBER), ready())).await.expect("stored");
    pass(Duration::from_secs(3)).await;
    assert_eq!(ends(&bench)[2], "queued");
}

/// Pages of events, one after the other; whether the place in them was too old.
struct Pages {
    pages: Mutex<Vec<Result<EventPage, PortalFault>>>,
    asked: Mutex<Vec<Option<String>>>,
}

impl EventSource for Pages {
    fn events(&self, after: Option<String>) -> PortFuture<'_, Result<EventPage, PortalFault>> {
        lock(&self.asked).push(after);
        let mut pages = lock(&self.pages);
        let page = if pages.is_empty() { Err(PortalFault::Away) } else { pages.remove(0) };
        Box::pin(async move { page })
    }

    fn forget_directory(&self) {}
}

#[tokio::test(start_paused = true)]
async fn the_place_in_the_events_moves_only_behind_what_is_stored() {
    let page = |id: &str, next: &str| {
        let events = vec![event(id, to(NUMBER), ready())];
        Ok(EventPage { events, next_after: Some(next.to_owned()), more: false })
    };
    let pages = [page("e-1", "1"), page("e-1", "1"), Err(PortalFault::HoldExpired), page("e-2", "2")];
    let source = Arc::new(Pages { pages: Mutex::new(pages.into()), asked: Mutex::default() });
    let bench = Bench::with(settings(), says("in_review")).started().await;
    bench.store.fail("take_event", [Fails::Before(StoreFault::Busy)]);
    let stop = CancellationToken::new();
    tokio::spawn(bench.exchange.notifications.clone().poll_events(source.clone(), MINUTE, stop.clone()));
    pass(4 * MINUTE + Duration::from_secs(1)).await;
    stop.cancel();
    let at = |place: &str| Some(place.to_owned());
    assert_eq!(lock(&source.asked)[..5], [None, None, at("1"), None, at("2")]);
    assert_eq!(ends(&bench), ["queued", "queued"]);
}

#[tokio::test(start_paused = true)]
async fn pages_of_events_are_read_one_after_the_other_and_no_more_than_some_at_once() {
    let page = |n: u32, more: bool| {
        let events = vec![event(&format!("e-{n}"), to(NUMBER), ready())];
        Ok(EventPage { events, next_after: Some(n.to_string()), more })
    };
    for (pages, at_once) in [
        (vec![page(0, false), page(1, false)], 1),
        (vec![page(0, true), page(1, true), page(2, false), page(3, false)], 3),
        ((0..2 * EVENT_PAGES_AT_ONCE).map(|n| page(n, true)).collect(), EVENT_PAGES_AT_ONCE as usize),
        // who says that there is more and does not move would be asked for ever
        (vec![page(0, true), page(0, true), page(0, true)], 2),
    ] {
        let source = Arc::new(Pages { pages: Mutex::new(pages), asked: Mutex::default() });
        let bench = Bench::with(settings(), says("in_review")).started().await;
        let stop = CancellationToken::new();
        let polls = bench.exchange.notifications.clone().poll_events(source.clone(), MINUTE, stop.clone());
        let polls = tokio::spawn(polls);
        pass(MINUTE / 2).await;
        assert_eq!(lock(&source.asked).len(), at_once);
        pass(MINUTE).await;
        assert!(lock(&source.asked).len() > at_once, "a minute later they are asked for again");
        stop.cancel();
        polls.await.expect("it ends");
    }
}

fn cancelled() -> Change {
    Change { what: ChangeKind::Cancel { reference: "A-1".to_owned(), was: None }, attempt: 0 }
}

/// The work that finds out what became of a change.
fn asked_for(now: UnixMs) -> NewPush {
    let cause = CauseId(uuid::Uuid::from_u128(77));
    let asked = follow_up::Asked {
        cause,
        number: number(NUMBER),
        smsc: &"smart".into(),
        source: "1212",
        language: Language::En,
    };
    asked.to_be_found_out(cancelled(), now)
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_change_is_asked_for_under_one_name_until_the_truth_is_known_and_told() {
    for truth in [PortalFault::TooLate, PortalFault::NotFound] {
        let tries = Mutex::new(0);
        let bench = Bench::with(settings(), move |_| {
            let mut tries = lock(&tries);
            *tries += 1;
            Answer::Appointment(Err(if *tries <= 3 { PortalFault::Uncertain } else { truth }))
        })
        .started()
        .await;
        bench.store.put_push(asked_for(bench.now()), bench.now());
        pass(Duration::from_secs(29)).await;
        assert!(bench.portal.asked().is_empty(), "the portal is given a moment");
        pass(Duration::from_secs(100)).await;
        let asked = bench.portal.asked();
        assert_eq!((asked.len(), ends(&bench)), (4, vec!["queued"]));
        let keys: std::collections::HashSet<_> = asked.iter().map(|(_, asker)| asker.key).collect();
        assert!(keys.len() == 1 && !keys.contains(&None), "one name for all of them");
        let answers = bench.answers();
        assert!(answers.len() == 1 && answers[0].starts_with("Sorry, the appointment"), "{answers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_nobody_can_tell_of_is_given_up_after_a_day_and_asked_about_less_and_less() {
    let bench = Bench::with(settings(), |_| Answer::Appointment(Err(PortalFault::Away))).started().await;
    bench.store.put_push(asked_for(bench.now()), bench.now());
    pass(HOUR).await;
    let first = bench.portal.asked().len();
    assert!((60..=64).contains(&first), "{first}: every half minute, then every ten");
    for _ in 0..24 * 6 {
        jump(10 * MINUTE).await;
    }
    let all = bench.portal.asked().len();
    assert!((190..=205).contains(&all), "{all}");
    assert_eq!((ends(&bench), bench.store.mts().len()), (vec!["dropped"], 0));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_dropped_and_what_is_frozen_is_on_its_way() {
    let bench = Bench::with(settings(), says("in_review")).started().await;
    let push = |id, payload: &[u8], number: Msisdn| NewPush {
        id: CauseId(uuid::Uuid::from_u128(id)),
        kind: PushKind::Message,
        class: Class::Bulk,
        number,
        payload: payload.to_vec(),
        due: MORNING,
        not_after: MORNING.plus_ms(3_600_000),
    };
    let words = Payload::Message { text: "Your card is here".to_owned(), notice: false }.to_bytes();
    let mut feed = bench.bind(4);
    bench.store.put_push(push(1, b"{", number(NUMBER)), MORNING);
    bench.store.put_push(push(2, &words, number(NUMBER)), MORNING);
    pass(Duration::from_secs(2)).await;
    assert_eq!(ends(&bench), ["dropped", "queued"]);
    assert_eq!(
        feed.try_next().map(|one| crate::exchange::testing::text_of(&one.mt)).as_deref(),
        Some("Your card is here")
    );
    assert_eq!(bench.store.mts()[0].1, MtAt::Submitting);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_a_notice_respects_stop_and_sleep_and_one_that_is_none_does_not() {
    let clock = |text: &str| text.parse().expect("a time");
    let quiet = Some(QuietHours { from: clock("08:00"), until: clock("10:00") });
    let bench = Bench::with(Settings { quiet, ..settings() }, says("in_review")).started().await;
    let stopped = CitizenRecord { stopped: true, ..CitizenRecord::default() };
    bench.store.put_record(number("85512000001"), stopped);
    for (id, digits, notice) in [(1, "85512000001", true), (2, NUMBER, true), (3, "85512000001", false)] {
        let payload = Payload::Message { text: "words".to_owned(), notice }.to_bytes();
        let push = NewPush {
            id: CauseId(uuid::Uuid::from_u128(id)),
            kind: PushKind::Message,
            class: Class::Bulk,
            number: number(digits),
            payload,
            due: MORNING,
            not_after: MORNING.plus_ms(7_200_000),
        };
        bench.store.put_push(push, MORNING);
    }
    pass(Duration::from_secs(2)).await;
    assert_eq!(ends(&bench), ["refused", "waits", "queued"]);
    pass(HOUR).await;
    assert_eq!(ends(&bench), ["refused", "queued", "queued"]);
}

#[test]
fn the_longest_prefix_takes_a_number_and_what_nobody_named_goes_to_who_named_none() {
    use crate::exchange::TelcoRules;
    let telco = |name: &str, prefixes: &[&str]| TelcoRules {
        name: name.into(),
        family: name.into(),
        short_codes: vec![format!("{name} code")],
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
        ..settings().telcos.all()[0].clone()
    };
    let telcos = vec![telco("a", &["12", "9"]), telco("b", &["97", "128"]), telco("c", &[]), telco("d", &[])];
    let some = Settings { telcos: telcos.into(), ..settings() };
    for (digits, name) in
        [(NUMBER, "a"), ("85512812345", "b"), ("855971234567", "b"), ("85592123456", "a"), ("85510123456", "c")]
    {
        let (smsc, source) = crate::exchange::routing::way_to(&some, number(digits)).expect("a way");
        assert_eq!((smsc.as_str(), source), (name, format!("{name} code")), "{digits}");
    }
    assert_eq!(
        crate::exchange::routing::way_to(&some, number("66812345678")),
        Err(crate::exchange::routing::NoWay::Country)
    );
    let named = Settings { telcos: some.telcos.all()[..2].to_vec().into(), ..some };
    assert_eq!(
        crate::exchange::routing::way_to(&named, number("85510123456")),
        Err(crate::exchange::routing::NoWay::Telco)
    );
}

#[test]
fn quiet_hours_end_in_the_morning_also_over_midnight() {
    let clock = |text: &str| text.parse().expect("a time");
    let at = |text: &str| UnixMs::from_rfc3339(text).expect("a time");
    let hours =
        |from, until| Settings { quiet: Some(QuietHours { from: clock(from), until: clock(until) }), ..settings() };
    let (night, noon) = (hours("21:00", "07:00"), hours("12:00", "14:00"));
    for (settings, now, end) in [
        (&night, "2026-11-23T20:59:59+07:00", None),
        (&night, "2026-11-23T21:00:00+07:00", Some("2026-11-24T07:00:00+07:00")),
        (&night, "2026-12-31T23:59:59+07:00", Some("2027-01-01T07:00:00+07:00")),
        (&night, "2026-11-24T00:00:00+07:00", Some("2026-11-24T07:00:00+07:00")),
        (&night, "2026-11-24T06:59:59+07:00", Some("2026-11-24T07:00:00+07:00")),
        (&night, "2026-11-24T07:00:00+07:00", None),
        (&noon, "2026-11-23T11:59:59+07:00", None),
        (&noon, "2026-11-23T12:00:00+07:00", Some("2026-11-23T14:00:00+07:00")),
        (&noon, "2026-11-23T14:00:00+07:00", None),
    ] {
        assert_eq!(crate::exchange::routing::quiet_until(settings, at(now)), end.map(at), "{now}");
    }
    assert_eq!(
        crate::exchange::routing::quiet_until(&settings(), at("2026-11-24T03:00:00+07:00")),
        None,
        "where none are wanted"
    );
}
