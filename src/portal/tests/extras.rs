//! What a portal need not have: where it answers 404 there is nothing, and nothing is wrong; what was read once is kept.
use super::*;
use crate::types::civic::{Listing, Page};
use std::collections::BTreeMap;

const PAGE: &str = r#"{"id":"law","kind":"legal","title":{"km":"ក","en":"Law"},"number":"18","order":1,
    "updated_at":"2026-10-01T08:00:00+07:00","sections":[{"paragraphs":[{"km":"ខ","en":"It says so."}]}]}"#;

/// Answers by the beginning of a path; anything else is not there.
struct ByPath(Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>>);

impl ByPath {
    async fn start() -> (Self, PortalClient, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let table: Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>> = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answers, seen) = (Arc::clone(&table), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 4096];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let known =
                    lock(&answers).iter().rev().find(|(begin, _)| path.starts_with(**begin)).map(|(_, it)| it.clone());
                let answer = known.unwrap_or_else(|| http("404 Not Found", "", r#"{"code":"not_found"}"#));
                lock(&seen).push(path);
                drop(stream.write_all(&answer).await);
            }
        });
        let by_path = ByPath(table);
        for list in ["/v1/services?", "/v1/offices?", "/v1/ministries", "/v1/topics"] {
            by_path.says(list, r#"{"items":[],"next_cursor":null}"#);
        }
        let canned = Canned { url, requests: Arc::default(), served: Arc::default() };
        (by_path, client(&canned), asked)
    }

    fn says(&self, path: &'static str, body: &str) {
        lock(&self.0).insert(path, http("200 OK", "content-type: application/json\r\n", body));
    }

    fn fails(&self, path: &'static str) {
        lock(&self.0).insert(path, http("503 Unavailable", "", "{}"));
    }
}

async fn pages(client: &PortalClient) -> Listing<Page> {
    match client.ask(&Query::Pages, asker("85510000001")).await {
        Answer::Pages(Ok(pages)) => pages,
        other => panic!("{other:?}"),
    }
}

async fn page(client: &PortalClient) -> Result<Listing<Page>, PortalFault> {
    match client.ask(&Query::Page { id: "law".to_owned() }, asker("85510000001")).await {
        Answer::Page(said) => said,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_portal_that_has_none_of_it_is_no_worse_a_portal() {
    let (_portal, client, asked) = ByPath::start().await;
    assert_eq!(pages(&client).await, Listing { items: Vec::new(), as_of: None });
    for query in [Query::Groups, Query::Holidays] {
        let answer = client.ask(&query, asker("85510000001")).await;
        assert_eq!(answer.fault(), None, "{answer:?}");
    }
    assert_eq!(page(&client).await, Err(PortalFault::NotFound));
    assert!(!lock(&client.core.breaker).failing(), "a portal without pages is well");
    let asked = lock(&asked).clone();
    assert!(!asked.iter().any(|path| path == "/v1/pages/law"), "what is not listed is not asked for: {asked:?}");
}

#[tokio::test]
async fn a_page_that_was_read_is_kept_with_its_time() {
    let (portal, client, asked) = ByPath::start().await;
    let listed = PAGE.replace(r#","sections""#, r#","left_out""#);
    portal.says("/v1/pages?", &format!(r#"{{"items":[{listed}],"next_cursor":null}}"#));
    portal.says("/v1/pages/law", PAGE);
    assert_eq!(pages(&client).await.items.len(), 1);
    assert!(pages(&client).await.items[0].sections.is_empty());
    let read = page(&client).await.expect("a page");
    assert_eq!((read.items[0].sections.len(), read.as_of), (1, None));
    let before = lock(&asked).len();
    assert_eq!(page(&client).await.expect("the same").as_of, None);
    assert_eq!(lock(&asked).len(), before, "what has not changed is not read again");
    // it changes, and cannot be read
    let newer = listed.replace("2026-10-01", "2026-11-01");
    portal.says("/v1/pages?", &format!(r#"{{"items":[{newer}],"next_cursor":null}}"#));
    portal.fails("/v1/pages/law");
    client.forget_directory();
    let kept = page(&client).await.expect("what was kept");
    assert!(kept.as_of.is_some() && kept.items[0].sections.len() == 1);
}

#[tokio::test]
async fn what_cannot_be_read_anew_stays_as_it_was_known() {
    let (portal, client, _) = ByPath::start().await;
    portal.says(
        "/v1/holidays?year=",
        r#"{"items":[{"date":"2027-01-07","name":{"km":"ក","en":"A"}}],"next_cursor":null}"#,
    );
    let days = |answer| match answer {
        Answer::Holidays(Ok(days)) => (days.items.len(), days.as_of.is_some()),
        other => panic!("{other:?}"),
    };
    assert_eq!(days(client.ask(&Query::Holidays, asker("85510000001")).await), (2, false));
    portal.fails("/v1/holidays?year=");
    // its time has come, and it is read again
    let kept = lock(&client.core.kept_directory).take().expect("kept");
    let until = Instant::now() + Duration::from_millis(900);
    *lock(&client.core.kept_directory) = Some(kept);
    let again = client.core.read_extras(until).await;
    assert_eq!((again.holidays.items.len(), again.holidays.as_of.is_some()), (2, true));
}
