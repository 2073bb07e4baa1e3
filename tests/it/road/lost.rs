//! 10,000 bookings, moves and cancellings (`CHRAK_ROAD=10000`) while each row of the table of errors, and lost answers, come again and again:
//! each is carried out once, and neither the security server's log nor our own, at its most talkative, tells of anybody.
use super::{clean, client, sandbox};
use crate::support::{
    app,
    desk::NOW,
    overheard::overheard,
    way::{Over, Way},
};
use chrak::{
    portal::PortalClient,
    ports::portal::{Asker, Portal as PortalPort},
    sandbox::{
        portal::{Portal, sample_applications},
        road::RoadConfig,
    },
    types::{
        Language, Msisdn,
        civic::{Answer, AppointmentStatus, Change, ChangeKind, PortalFault, Query, ServiceSearch, Slot},
        names::Channel,
    },
};
use futures_util::{StreamExt, stream};
use std::{collections::BTreeMap, time::Duration};

/// A citizen of the test below: books, moves and cancels, each until it is certain.
struct Citizen<'a> {
    way: &'a Way,
    client: PortalClient,
    number: Msisdn,
    next: u128,
}

impl Citizen<'_> {
    /// Repeats one intention with its key until the portal has said yes or no. The breaker's half minute is waited for by
    /// coming as another client.
    async fn until_certain(&mut self, what: ChangeKind) -> Answer {
        self.next += 1;
        // spread over all digits, as the portal may name what it makes after some of them
        let key = uuid::Uuid::from_u128(self.next.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        let query = Query::Change(Change { what, attempt: 0 });
        for _ in 0..500 {
            let deadline = Duration::from_secs(2);
            let asker = Asker { channel: Channel::Sms, number: Some(self.number), deadline, key: Some(key) };
            let answer = self.client.ask(&query, asker).await;
            match answer.fault() {
                Some(PortalFault::Away | PortalFault::Uncertain | PortalFault::Unusable) => {
                    self.client = client(self.way).0;
                }
                _ => return answer,
            }
        }
        panic!("{query:?} never was certain")
    }

    /// A place in the first of these slots that has one.
    async fn held(&mut self, slots: &[Slot]) -> String {
        for slot in slots {
            match self.until_certain(ChangeKind::Hold { slot: slot.id.clone() }).await {
                Answer::Held(Ok(hold)) => return hold.id,
                Answer::Held(Err(PortalFault::SlotTaken)) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("no place is left")
    }

    async fn books_moves_and_cancels(&mut self, slots: &[Slot], service: &str) {
        let hold = self.held(&slots[..20]).await;
        let book = ChangeKind::Book { hold, service: service.to_owned(), application: None, language: Language::En };
        let Answer::Appointment(Ok(booked)) = self.until_certain(book).await else { panic!("not booked") };
        let hold = self.held(&slots[20..]).await;
        let reference = booked.reference.clone();
        let moved = self.until_certain(ChangeKind::Move { reference: reference.clone(), hold }).await;
        let Answer::Appointment(Ok(moved)) = moved else { panic!("not moved: {moved:?}") };
        assert_eq!((&moved.reference, moved.status), (&reference, AppointmentStatus::Booked));
        assert_ne!(moved.start, booked.start);
        let cancelled = self.until_certain(ChangeKind::Cancel { reference, was: None }).await;
        let Answer::Appointment(Ok(cancelled)) = cancelled else { panic!("not cancelled: {cancelled:?}") };
        assert_eq!(cancelled.status, AppointmentStatus::Cancelled);
    }
}

/// Every row of the table of errors, and answers that are lost.
const FAULTS: [&str; 16] = [
    "lose-answer",
    "Client.BadRequest",
    "Server.ClientProxy.InvalidClientIdentifier",
    "Server.ClientProxy.UnknownMember",
    "Server.ClientProxy.SslAuthenticationFailed",
    "Server.ClientProxy.InvalidSecurityServer",
    "Server.ServerProxy.AccessDenied",
    "Server.ServerProxy.UnknownService",
    "Server.ServerProxy.ServiceMissingUrl",
    "Server.ServerProxy.ServiceDisabled",
    "Server.ServerProxy.MaintenanceMode",
    "Server.ClientProxy.OutdatedGlobalConf",
    "Server.ClientProxy.MalformedGlobalConf",
    "Server.ServerProxy.NetworkError",
    "Server.ServerProxy.ServiceFailed.HttpError",
    "Server.ServerProxy.LoggingFailed",
];

/// `CHRAK_ROAD=10000 cargo test --test it changes_whose_answers_are_lost` makes as many citizens.
fn citizens() -> usize {
    std::env::var("CHRAK_ROAD").ok().map_or(48, |text| text.parse().expect("CHRAK_ROAD is a number"))
}

async fn slots(portal: &Portal) -> (Vec<Slot>, String) {
    let (straight, _) = client(&Way::to(portal.addr(), Over::Straight).await);
    let deadline = Duration::from_secs(10);
    let asker = || Asker { channel: Channel::Sms, number: None, deadline, key: None };
    let (from, to) = ("2026-11-24".parse().expect("a day"), "2026-12-04".parse().expect("a day"));
    let Answer::Services(Ok(services)) = straight.ask(&Query::Services(ServiceSearch::default()), asker()).await else {
        panic!("no services")
    };
    for service in services.items {
        let query = Query::Slots { office: "owso-1205".to_owned(), service: service.id.clone(), from, to };
        if let Answer::Slots(Ok(slots)) = straight.ask(&query, asker()).await
            && slots.len() > 60
        {
            return (slots, service.id.clone());
        }
    }
    panic!("no service with many times")
}

/// The numbers of the citizens below (of 10,000, and no wider: ids have digits by chance), codes, and whatever only a call or its
/// answer holds: addresses, headers, bodies.
fn private() -> Vec<String> {
    let words = [r"(855|\b0)10200[0-9]{4}\b", r"/v1/[a-z-]+/", r"[?&]\w+=", r#"\\?"(pin|msisdn|reference)\\?""#];
    let heads = ["(?i)bearer", "(?i)authorization", "(?i)x-citizen", "(?i)idempotency-key"];
    let codes = sample_applications().into_iter().map(|sample| sample.code);
    words.into_iter().chain(heads).map(str::to_owned).chain(codes).collect()
}

#[test]
fn changes_whose_answers_are_lost_are_carried_out_once_each_and_no_log_tells_of_anybody() {
    let lines = overheard(&private(), changes_are_carried_out_once_each);
    assert!(lines > 1_000, "{lines} lines: it must have had a chance");
    println!("{lines} lines of log, none of which tells of anybody");
}

async fn changes_are_carried_out_once_each() {
    let portal = sandbox(Some(NOW)).await;
    let (slots, service) = slots(&portal).await;
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("messages.log");
    let faults = FAULTS.iter().map(|fault| format!("{fault}=5")).collect();
    let change = |config: &mut RoadConfig| {
        config.faults = faults;
        config.log = Some(log.clone());
    };
    let way = Way::with(portal.addr(), Over::Sandbox, change).await;
    let all = citizens();
    let number = |nth: usize| format!("855102{nth:06}");
    let lives = (0..all).map(|nth| {
        let (way, slots, service) = (&way, &slots, &service);
        async move {
            let number = Msisdn::parse_e164(&number(nth)).expect("a number");
            let next = (nth as u128 + 1) << 64;
            let mut citizen = Citizen { way, client: client(way).0, number, next };
            let first = nth * 7 % (slots.len() - 40);
            citizen.books_moves_and_cancels(&slots[first..first + 40], service).await;
        }
    });
    stream::iter(lives).buffer_unordered(8).collect::<Vec<()>>().await;
    let mut made = BTreeMap::<String, usize>::new();
    for (number, _) in portal.booked().await.expect("the ledger") {
        *made.entry(number.trim_start_matches('+').to_owned()).or_default() += 1;
    }
    assert_eq!(made.len(), all, "none is lost");
    assert!(made.values().all(|count| *count == 1), "none is doubled: {made:?}");
    let calls = way.road.as_ref().expect("a road").calls();
    // what nobody waits for any more is dealt with all the same
    let whole = || {
        let text = std::fs::read_to_string(&log).expect("the message log");
        (text.lines().count() as u64 >= calls).then_some(text)
    };
    let text = app::eventually(Duration::from_secs(10), whole).await.expect("a line for each call");
    way.road.expect("a road").stop().await;
    for fault in FAULTS {
        assert!(all < 40 || text.contains(fault), "{fault} never came");
    }
    clean(&text, &(0..all).map(number).collect::<Vec<_>>());
    println!("{all} citizens booked, moved and cancelled by {calls} calls");
    portal.stop().await;
}
