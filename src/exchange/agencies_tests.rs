//! Messages of agencies against a store in memory, in virtual time.
use super::*;
use crate::{
    exchange::Settings,
    exchange::testing::{Bench, Fails, NUMBER, change_telco, jump, pass, settings, settled, text_of},
    types::{
        civic::{Answer, PortalFault},
        limits::SEND_AHEAD_MAX,
    },
};
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;

fn agency(per_day: u32) -> Agency {
    Agency { name: "moi".to_owned(), free_text: true, per_day }
}

fn plain(to: &str, text: &str) -> Outgoing {
    Outgoing {
        to: to.to_owned(),
        content: Content::Plain(text.to_owned()),
        reference: None,
        notice: false,
        valid_for_s: 3_600,
        send_at: None,
        fingerprint: [0; 32],
    }
}

fn bench() -> Bench {
    Bench::with(settings(), |_| Answer::Offices(Err(PortalFault::Away)))
}

async fn call(bench: &Bench, agency: &Agency, messages: Vec<Outgoing>) -> Result<CallEnd, StoreFault> {
    let call = AgencyCall { agency, key: None, label: String::new(), messages };
    let end = bench.exchange.agencies.take_call(call).await;
    settled().await;
    end
}

/// What each message of a call was refused for.
fn refused(end: Result<CallEnd, StoreFault>) -> Vec<Option<Refusal>> {
    match end {
        Ok(CallEnd::Done { items, .. }) => items.into_iter().map(|item| item.refused).collect(),
        other => panic!("not judged: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_sent_when_its_call_is_stored_and_not_before() {
    let bench = bench().started().await;
    let mut feed = bench.bind(4);
    bench.store.fail("accept_call", [Fails::Before(StoreFault::Busy)]);
    let words = || vec![plain("+855 12 345 678", "Your card is here")];
    assert_eq!(call(&bench, &agency(0), words()).await, Err(StoreFault::Busy));
    assert!(feed.try_next().is_none());
    assert_eq!(refused(call(&bench, &agency(0), words()).await), [None]);
    let due = feed.try_next().expect("woken by the call").mt;
    assert_eq!((due.destination.digits(), text_of(&due).as_str()), (NUMBER, "Your card is here"));
}

#[tokio::test(start_paused = true)]
async fn each_message_is_judged_by_itself() {
    let mut some = settings();
    change_telco(&mut some, |telco| telco.prefixes = vec!["12".to_owned()]);
    let bench = Bench::with(some, |_| Answer::Offices(Err(PortalFault::Away)));
    let stopped = CitizenRecord { stopped: true, ..CitizenRecord::default() };
    bench.store.put_record(Msisdn::parse_e164("85512000001").expect("a number"), stopped);
    let at = |ms| Some(bench.now().plus_ms(ms));
    let ahead = SEND_AHEAD_MAX.as_millis() as i64;
    let template = |name: &str| Content::Template { name: name.to_owned(), values: BTreeMap::new() };
    let cases = [
        (plain(NUMBER, "words"), None),
        (plain("12", "words"), Some(Refusal::BadNumber)),
        (plain("85523123456", "words"), Some(Refusal::BadNumber)),
        (plain("66812345678", "words"), Some(Refusal::CountryNotAllowed)),
        (plain("85598765432", "words"), Some(Refusal::Unroutable)),
        (plain(NUMBER, "see https://evil.example"), Some(Refusal::LinkNotAllowed)),
        (plain(NUMBER, &"long ".repeat(250)), Some(Refusal::TooLong)),
        (Outgoing { send_at: at(ahead), ..plain(NUMBER, "words") }, None),
        (Outgoing { send_at: at(ahead + 1), ..plain(NUMBER, "words") }, Some(Refusal::BadSendAt)),
        (Outgoing { notice: true, ..plain("85512000001", "words") }, Some(Refusal::OptedOut)),
        (plain("85512000001", "words"), None),
        (Outgoing { content: template("none such"), ..plain(NUMBER, "") }, Some(Refusal::UnknownTemplate)),
        (Outgoing { content: template("document-ready"), ..plain(NUMBER, "") }, Some(Refusal::BadValues)),
    ];
    let (messages, wanted): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    assert_eq!(refused(call(&bench, &agency(0), messages).await), wanted);
    let bound = Agency { free_text: false, ..agency(0) };
    let free = refused(call(&bench, &bound, vec![plain(NUMBER, "words")]).await);
    assert_eq!(free, [Some(Refusal::FreeTextNotAllowed)]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_of_the_day_where_the_offices_are() {
    let bench = bench();
    let some = |count| (0..count).map(|_| plain(NUMBER, "words")).collect::<Vec<_>>();
    assert_eq!(refused(call(&bench, &agency(3), some(2)).await), [None, None]);
    assert_eq!(call(&bench, &agency(3), some(2)).await, Ok(CallEnd::Quota { left: 1 }));
    // it is 9 in the morning
    assert_eq!(bench.exchange.agencies.seconds_to_midnight(), 15 * 3_600);
    tokio::time::sleep(Duration::from_secs(15 * 3_600 - 1)).await;
    assert_eq!(call(&bench, &agency(3), some(2)).await, Ok(CallEnd::Quota { left: 1 }));
    assert_eq!(bench.exchange.agencies.seconds_to_midnight(), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(refused(call(&bench, &agency(3), some(2)).await), [None, None]);
    let days: Vec<_> = bench.store.calls().into_iter().map(|call| call.day).collect();
    assert_eq!(days, ["2026-11-23", "2026-11-24"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_when_it_is_wanted_and_its_use_is_counted_from_then() {
    let bench = bench().started().await;
    let at = bench.now().plus_ms(2 * DAY_MS);
    let later = Outgoing { send_at: Some(at), ..plain(NUMBER, "words") };
    let past = Outgoing { send_at: Some(bench.now().plus_ms(-DAY_MS)), ..plain(NUMBER, "at once") };
    assert_eq!(refused(call(&bench, &agency(0), vec![later, past]).await), [None, None]);
    let ends: Vec<_> = bench.store.calls()[0].messages.iter().map(|one| one.expires_at.since_ms(bench.now())).collect();
    assert_eq!(ends, [2 * DAY_MS + 3_600_000, 3_600_000]);
    assert_eq!(bench.answers(), ["at once"]);
    jump(Duration::from_secs(2 * 86_400 - 60)).await;
    assert_eq!(bench.answers().len(), 1);
    pass(Duration::from_secs(62)).await;
    assert_eq!(bench.answers(), ["at once", "words"]);
}

#[tokio::test(start_paused = true)]
async fn words_are_in_the_language_of_who_reads_them_and_their_cost_is_told() {
    let bench = Bench::with(Settings { default_language: Language::Km, ..settings() }, |_| {
        Answer::Offices(Err(PortalFault::Away))
    })
    .started()
    .await;
    let english = CitizenRecord { language: Some(Language::En), ..CitizenRecord::default() };
    bench.store.put_record(Msisdn::parse_e164("85512000001").expect("a number"), english);
    let text = Localized { km: "សូមមកទទួល".to_owned(), en: "Please come".to_owned(), km_latn: None };
    let to = |number: &str| Outgoing { content: Content::Localized(text.clone()), ..plain(number, "") };
    let end = call(&bench, &agency(0), vec![to("85512000001"), to(NUMBER)]).await.expect("stored");
    let CallEnd::Done { items, .. } = end else { panic!("not judged") };
    let costs: Vec<_> = items.iter().filter_map(|item| item.cost).map(|cost| (cost.segments, cost.ucs2)).collect();
    assert_eq!(costs, [(1, false), (1, true)]);
    assert_eq!(bench.answers(), ["Please come", "សូមមកទទួល"]);
    // nobody can guess one, and no number is shown whole
    let messages = bench.store.calls().remove(0).messages;
    assert!(messages.iter().all(|one| one.id.len() == 28 && !one.masked.contains("345678")), "{messages:?}");
    assert_ne!(messages[0].id, messages[1].id);
}

#[tokio::test(start_paused = true)]
async fn a_message_costs_its_segments_in_its_alphabet() {
    // 160 characters of GSM 7-bit or 70 of UCS-2 are one segment; of a longer text a segment holds 153 or 67
    let bench = bench();
    let cases = [
        ("words".to_owned(), 1, false),
        ("a".repeat(160), 1, false),
        ("a".repeat(161), 2, false),
        ("ក".repeat(70), 1, true),
        ("ក".repeat(71), 2, true),
        ("ក".repeat(135), 3, true),
    ];
    let words = cases.iter().map(|(text, ..)| plain(NUMBER, text)).collect();
    call(&bench, &agency(0), words).await.expect("judged");
    let costs: Vec<_> = bench.store.calls()[0].messages.iter().map(|one| one.cost.expect("a cost")).collect();
    for ((text, segments, ucs2), cost) in cases.iter().zip(costs) {
        assert_eq!((cost.segments, cost.ucs2), (*segments, *ucs2), "{text}");
    }
}
