//! A portal that hangs at first, and one that is only slow: what every kind of question makes of them, with the
//! deadline of each window.
use super::*;
use crate::types::{
    Language,
    civic::{Change, ChangeKind, CitizenToken, Mine, OfficeSearch, ServiceSearch},
};
use futures_util::future::join_all;
use uuid::Uuid;

const DEADLINES: [u64; 3] = [800, 2_000, 10_000];

/// What the first connection does.
#[derive(Clone, Copy, Debug)]
enum First {
    /// It is taken, and nothing is read from it.
    Unread,
    /// The request is read, and no answer comes.
    Unanswered,
    /// Every answer takes so long, of the first as of the others.
    After(Duration),
}

/// Answers applications, lists with nothing in them, and 404 to everything else.
async fn portal(first: First) -> Canned {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let canned = Canned { url, requests: Arc::default(), served: Arc::default() };
    let (requests, served) = (Arc::clone(&canned.requests), Arc::clone(&canned.served));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (requests, index) = (Arc::clone(&requests), served.fetch_add(1, Ordering::SeqCst));
            tokio::spawn(async move {
                if index == 0 && matches!(first, First::Unread) {
                    return tokio::time::sleep(Duration::from_secs(30)).await;
                }
                let mut buffer = vec![0; 4096];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let answer = answer(&request);
                requests.lock().expect("requests").push(request);
                match first {
                    First::Unanswered if index == 0 => tokio::time::sleep(Duration::from_secs(30)).await,
                    First::After(pause) => tokio::time::sleep(pause).await,
                    First::Unread | First::Unanswered => {}
                }
                drop(stream.write_all(&answer).await);
            });
        }
    });
    canned
}

fn answer(request: &str) -> Vec<u8> {
    let path = request.split(' ').nth(1).unwrap_or_default();
    let lists = ["/v1/services?", "/v1/offices?", "/v1/ministries", "/v1/topics", "/v1/appointments?", "/v1/events?"];
    if path.starts_with("/v1/applications/") {
        good("in_review", "public")
    } else if request.starts_with("GET")
        && (lists.iter().any(|list| path.starts_with(list)) || path.contains("/slots?"))
    {
        http("200 OK", "content-type: application/json\r\n", r#"{"items":[]}"#)
    } else {
        http("404 Not Found", "", "{}")
    }
}

/// Every kind of question, by its name; what is of the directory is several calls.
fn questions() -> Vec<(&'static str, Query)> {
    let day = "2026-11-23".parse().expect("a day");
    let text = || "x".to_owned();
    let change = |what| Query::Change(Change { what, attempt: 0 });
    let mine = |what| Query::Mine { what, token: CitizenToken::parse("x").expect("a token") };
    vec![
        ("application", query(None)),
        ("services", Query::Services(ServiceSearch::default())),
        ("offices", Query::Offices(OfficeSearch::default())),
        ("ministries", Query::Ministries),
        ("topics", Query::Topics),
        ("groups", Query::Groups),
        ("pages", Query::Pages),
        ("holidays", Query::Holidays),
        ("office", Query::Office { id: text() }),
        ("slots", Query::Slots { office: text(), service: text(), from: day, to: day }),
        ("appointments", Query::Appointments),
        ("complaint", Query::Complaint { reference: text() }),
        ("payment", Query::Payment { id: text() }),
        ("my applications", mine(Mine::Applications)),
        ("my appointments", mine(Mine::Appointments)),
        ("hold", change(ChangeKind::Hold { slot: text() })),
        ("book", change(ChangeKind::Book { hold: text(), service: text(), application: None, language: Language::Km })),
        ("move", change(ChangeKind::Move { reference: text(), hold: text() })),
        ("cancel", change(ChangeKind::Cancel { reference: text(), was: None })),
        ("feedback", change(ChangeKind::Feedback { rating: 5, text: None })),
        ("pay", change(ChangeKind::Pay { application: text(), office: None, pin: None, token: None })),
        ("ticket", change(ChangeKind::Ticket { office: text(), service: None, appointment: None })),
        ("complain", change(ChangeKind::Complain { text: text(), language: Language::Km })),
    ]
}

fn with(deadline: u64, key: Uuid) -> Asker {
    Asker { deadline: Duration::from_millis(deadline), key: Some(key), ..asker("85510000001") }
}

/// The portal has said something certain: a list, an application, or that there is no such thing.
fn is_certain(answer: &Answer) -> bool {
    let shown = format!("{answer:?}");
    shown.contains("Ok(") || shown.contains("NotFound")
}

/// A question with a deadline, its portal and its client. They are made before any is asked: making clients takes
/// time that is not the portal's.
struct Case {
    what: &'static str,
    query: Query,
    deadline: u64,
    portal: Canned,
    client: PortalClient,
}

impl Case {
    async fn new(what: &'static str, query: Query, deadline: u64, first: First) -> Self {
        let portal = portal(first).await;
        Case { what, query, deadline, client: client(&portal), portal }
    }

    /// Asks; the answer must be certain, and in time.
    async fn ask(self) -> Self {
        let asker = with(self.deadline, KEY);
        let started = Instant::now();
        let answer = self.client.ask(&self.query, asker).await;
        let took = started.elapsed();
        let what = format!("{} within {} ms, after {took:?}", self.what, self.deadline);
        assert!(is_certain(&answer), "{what}: {answer:?}");
        assert!(took < asker.deadline, "{what}");
        assert!(!lock(&self.client.core.breaker).failing(), "{what}: it counts as answered");
        self
    }
}

const KEY: Uuid = Uuid::from_u128(7);

/// Asks all of them at once.
async fn ask_all(cases: Vec<Case>) -> Vec<Case> {
    let asked = join_all(cases.into_iter().map(|case| tokio::spawn(case.ask()))).await;
    asked.into_iter().map(|case| case.expect("an answer")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_try_that_hangs_costs_no_question_its_answer() {
    for first in [First::Unread, First::Unanswered] {
        let mut cases = Vec::new();
        for deadline in DEADLINES {
            for (what, query) in questions() {
                cases.push(Case::new(what, query, deadline, first).await);
            }
        }
        for case in ask_all(cases).await {
            let requests = case.portal.requests.lock().expect("requests").clone();
            assert!(!requests.is_empty() && case.portal.served.load(Ordering::SeqCst) > 1, "{}", case.what);
            if matches!(case.query, Query::Change(_)) {
                let named = |request: &String| request.contains(&format!("idempotency-key: {KEY}"));
                assert!(requests.iter().all(named), "{}: one intention has one key, in every try", case.what);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_asked_for_again_while_the_first_question_hangs() {
    let portal = portal(First::Unanswered).await;
    let started = Instant::now();
    client(&portal).events(None).await.expect("a page");
    assert!(started.elapsed() < EVENTS_WITHIN);
    assert_eq!(portal.requests.lock().expect("requests").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_portal_that_is_slower_than_one_share_is_still_heard() {
    let mut cases = Vec::new();
    for deadline in DEADLINES {
        let of_several_calls = ["services", "offices", "ministries", "topics", "groups", "pages", "holidays"];
        for (what, query) in questions().into_iter().filter(|(what, _)| !of_several_calls.contains(what)) {
            let first = First::After(Duration::from_millis(deadline * 7 / 10));
            cases.push(Case::new(what, query, deadline, first).await);
        }
    }
    for case in ask_all(cases).await {
        assert!(case.portal.served.load(Ordering::SeqCst) <= 3, "{}: it is not stormed", case.what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_answers_within_half_the_time_is_asked_once() {
    for (what, query) in questions().into_iter().filter(|(what, _)| matches!(*what, "application" | "slots" | "book")) {
        let portal = portal(First::After(Duration::from_millis(300))).await;
        assert!(is_certain(&client(&portal).ask(&query, with(2_000, KEY)).await), "{what}");
        assert_eq!(portal.served.load(Ordering::SeqCst), 1, "{what}");
    }
}

/// Whether it was done is not known as long as one of its tries may still be under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_with_a_try_that_hangs_is_never_said_not_to_be_done() {
    let canned = canned(vec![b"slow".to_vec(), http("503 U", "retry-after: 60\r\n", "")]).await;
    let cancel = Query::Change(Change { what: ChangeKind::Cancel { reference: "x".into(), was: None }, attempt: 0 });
    let answer = client(&canned).ask(&cancel, with(800, KEY)).await;
    assert_eq!(answer, Answer::Appointment(Err(PortalFault::Uncertain)));
}

/// The directory is read by the server itself with seconds to spare; a screen that wants it has less.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_the_directory_does_not_wait_for_the_reading_of_another() {
    let canned = canned(vec![b"slow".to_vec()]).await;
    let client = client(&canned);
    let reading = { client.core.clone() };
    let reader = tokio::spawn(async move { reading.directory(Instant::now() + EVENTS_WITHIN).await.is_ok() });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    let answer = client.ask(&Query::Topics, with(800, KEY)).await;
    assert_eq!(answer, Answer::Topics(Err(PortalFault::Away)));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    reader.abort();
}
