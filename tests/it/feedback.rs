//! What is said while the portal is away: the program that ships, over its own sockets, killed in between. It is told
//! truthfully, and the portal hears each thing once.
use crate::support::{app::eventually, hall::Hall, program::client};
use std::time::Duration;

const FIRST: &str = "85510000001";
const SECOND: &str = "85510000002";
/// How it is said that a complaint is kept, and that the portal has it.
const KEPT: &str = "Your complaint is kept here.";
const FILED: &str = "Your complaint was received. Its number is 55";

/// A rating by a face at the kiosk; the page that comes.
async fn rate(hall: &Hall, intent: &str) -> String {
    let url = format!("{}/kiosk/en/feedback", hall.http);
    let sent = client().post(url).header("content-type", "application/x-www-form-urlencoded");
    let answer = sent.body(format!("rating=4&intent={intent}")).send().await.expect("answered");
    answer.text().await.expect("a page")
}

/// The texts of a number that begin so, once there is one. What was in flight at a kill may come twice.
async fn texts(hall: &Hall, to: &str, beginning: &str, within: Duration) -> Vec<String> {
    let all = || {
        let seen = hall.telco.snapshot().mt.into_iter().filter(|mt| mt.to == to && mt.text.starts_with(beginning));
        let texts: Vec<String> = seen.map(|mt| mt.text).collect();
        (!texts.is_empty()).then_some(texts)
    };
    let found = eventually(within, all).await;
    found.unwrap_or_else(|| panic!("no \"{beginning}\" to {to}: {:#?}", hall.telco.snapshot()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_while_the_portal_was_away_arrives_once_although_the_server_was_killed() {
    let soon = Duration::from_secs(15);
    // who runs this at night is told all the same
    let mut hall = Hall::with("pairing = \"off\"\n[push]\nquiet_hours = []").await;
    hall.portal_goes().await;
    hall.portal_comes().await;
    hall.telco.bound().await;

    // carried out, and the answer is lost: nobody knows
    hall.portal().break_answers(true);
    hall.telco.send_mo(FIRST, "1212", "COMPLAINT the counter was closed at ten").expect("taken");
    let told = texts(&hall, FIRST, KEPT, soon).await;
    assert!(told[0].contains("text you its number"), "{told:?}");
    assert_eq!(hall.portal().heard().await.expect("read"), (1, 0));
    hall.go_away();

    // nobody is there at all
    hall.portal_goes().await;
    hall.come_back();
    hall.telco.bound().await;
    hall.telco.send_mo(SECOND, "1212", "COMPLAINT nobody came").expect("taken");
    texts(&hall, SECOND, KEPT, soon).await;
    for _ in 0..2 {
        let page = rate(&hall, "0197a2b4-0000-7000-8000-000000000001").await;
        assert!(page.contains("Your answer is kept"), "{page}");
    }
    hall.go_away();

    hall.portal_comes().await;
    hall.come_back();
    for to in [FIRST, SECOND] {
        texts(&hall, to, FILED, Duration::from_secs(60)).await;
    }
    let heard = async || hall.portal().heard().await.expect("read");
    for _ in 0..60 {
        if heard().await.1 > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // long enough for anything that would come a second time
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(heard().await, (2, 1));
    for to in [FIRST, SECOND] {
        assert_eq!(texts(&hall, to, FILED, soon).await.len(), 1);
    }
}
