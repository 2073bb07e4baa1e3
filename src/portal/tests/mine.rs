//! What is one's own comes page by page: no list ends at the first of them, and none goes on for ever.
use super::*;
use crate::types::{
    civic::{CitizenToken, Mine},
    limits::{MINE_MAX, MINE_PAGES_MAX},
};

fn page(item: &str, from: usize, count: usize, next: Option<&str>) -> Vec<u8> {
    let items: Vec<String> = (from..from + count).map(|nth| item.replace("NTH", &format!("{nth:04}"))).collect();
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    http("200 OK", "", &format!(r#"{{"items":[{}],"next_cursor":{next}}}"#, items.join(",")))
}

const APPOINTMENT: &str = r#"{"reference":"4071NTH","status":"booked","office":{"id":"o","name":{"km":"ក","en":"A"}},
    "service":{"sensitive":false},"start":"2026-11-24T07:30:00+07:00"}"#;
const APPLICATION: &str = r#"{"code":"12050026NTH","service":{"sensitive":true},"office":{"id":"o","name":{"km":"ក","en":"A"}},
    "status":"in_review","status_at":"2026-11-20T14:05:00+07:00"}"#;

/// What the portal is asked of one list, and how long the list is.
async fn asked(what: Mine, pages: Vec<Vec<u8>>) -> (Result<usize, PortalFault>, Vec<String>) {
    let canned = canned(pages).await;
    let token = CitizenToken::parse("token-of-a-citizen").expect("a token");
    let answer = client(&canned).ask(&Query::Mine { what, token }, asker("85510000001")).await;
    let count = match answer {
        Answer::MyApplications(all) => all.map(|all| all.len()),
        Answer::Appointments(all) => all.map(|all| all.len()),
        other => panic!("{other:?}"),
    };
    let requests = canned.requests.lock().expect("requests").clone();
    assert!(requests.iter().all(|request| request.contains("x-citizen-token: token-of-a-citizen\r\n")), "{requests:?}");
    let paths = requests.iter().map(|request| request.split(' ').nth(1).expect("a path").to_owned()).collect();
    (count, paths)
}

#[tokio::test]
async fn lists_of_ones_own_go_on_where_the_portal_says() {
    for (what, item, path) in [
        (Mine::Appointments, APPOINTMENT, "/v1/my/appointments?limit=50"),
        (Mine::Applications, APPLICATION, "/v1/my/applications?limit=50"),
    ] {
        let two = vec![page(item, 0, 2, Some("a/b c")), page(item, 2, 3, None)];
        let (count, paths) = asked(what.clone(), two).await;
        assert_eq!((count, paths), (Ok(5), vec![path.to_owned(), format!("{path}&cursor=a%2Fb%20c")]));
        // a page that names itself, or one after the other without an end
        let (count, paths) = asked(what.clone(), vec![page(item, 0, 1, Some("x"))]).await;
        assert_eq!((count, paths.len()), (Ok(2), 2));
        let endless = (0..9).map(|nth| page(item, nth, 1, Some(&format!("{nth}")))).collect();
        let (count, paths) = asked(what.clone(), endless).await;
        assert_eq!((count, paths.len()), (Ok(MINE_PAGES_MAX), MINE_PAGES_MAX));
        let much = vec![page(item, 0, 40, Some("2")), page(item, 40, 40, Some("3"))];
        let (count, paths) = asked(what.clone(), much).await;
        assert_eq!((count, paths.len()), (Ok(MINE_MAX), 2));
        // half a list is none
        let (count, _) = asked(what, vec![page(item, 0, 1, Some("2")), http("200 OK", "", "<html>")]).await;
        assert_eq!(count, Err(PortalFault::Unusable));
    }
}
