//! Pairing: nobody who only looks, or only asks, keeps a kiosk from being paired; what was seen before a pairing opens
//! nothing after it; what one kiosk sealed is of no use at another.
use crate::support::{
    forms::Visit,
    hall::{Hall, shown_digits},
    program,
};

async fn hall() -> Hall {
    Hall::with("pairing = \"required\"").await
}

/// Whether it is the first page of a paired kiosk: by day its welcome, outside its office's hours that it is closed.
fn is_a_kiosks(page: &str) -> bool {
    ["start", "closed"].iter().any(|name| page.contains(&format!(" data-page=\"{name}\"")))
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_and_twenty_looks_at_the_first_page_block_no_pairing() {
    let hall = hall().await;
    for nth in 0..520 {
        let cookie = if nth % 2 == 0 { String::new() } else { format!("chrak-device={nth:0>43}") };
        let (page, set) = hall.first_page(&cookie).await;
        assert_eq!((shown_digits(&page), set), (None, None), "who looks is given nothing to keep");
    }
    let (_, known) = hall.paired_device("owso-1205").await;
    assert!(is_a_kiosks(&hall.first_page(&known).await.0));
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_and_twenty_waiting_devices_make_room_for_the_next() {
    let hall = hall().await;
    let first = hall.touch_pair("").await;
    for _ in 0..520 {
        hall.touch_pair("").await;
    }
    assert_eq!(shown_digits(&hall.first_page(&first).await.0), None, "the oldest made room");
    let (_, known) = hall.paired_device("owso-1205").await;
    assert!(is_a_kiosks(&hall.first_page(&known).await.0));
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_seen_before_pairing_opens_nothing_after_it() {
    let hall = hall().await;
    // one that somebody planted is not taken over either
    let planted = format!("chrak-device={}", "A".repeat(43));
    assert_ne!(hall.touch_pair(&planted).await, planted);
    let (waiting, known) = hall.paired_device("owso-1205").await;
    assert_ne!(waiting, known);
    let client = program::client();
    let heartbeat = |cookie: &str| {
        let post = client.post(format!("{}/v1/kiosk/heartbeat", hall.http)).header("cookie", cookie);
        let heartbeat = serde_json::json!({ "page": "home", "build": "1", "printer": "none", "network_ms": 1 });
        let sent = post.json(&heartbeat).send();
        async move { sent.await.expect("an answer").status().as_u16() }
    };
    assert_eq!(heartbeat(&waiting).await, 401);
    assert!(is_a_kiosks(&hall.first_page(&known).await.0));
    assert_eq!(heartbeat(&known).await, 200);
    let (page, set) = hall.first_page(&waiting).await;
    assert!(page.contains("class=\"lang one pair\"") && set.is_none(), "it is a stranger's again: {page}");
    assert_eq!(heartbeat(&waiting).await, 401);
    assert_eq!(heartbeat(&known).await, 200);
    hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sealed_at_one_kiosk_is_over_at_another() {
    let hall = hall().await;
    let (_, one) = hall.paired_device("owso-1205").await;
    let (_, other) = hall.paired_device("owso-1205").await;
    let mut visit = Visit::at(&hall, &one);
    visit.press("appointments", "t1", &[]).await;
    let held = visit.field("held");
    assert!(!held.is_empty());
    let mut thief = Visit::at(&hall, &other);
    for (page, key) in [("appointments", "n1"), ("number", "try"), ("send", "go"), ("pay", "begin"), ("check", "ok")] {
        for held in [held.as_str(), &held[1..], "AAAA", "-"] {
            let status = thief.try_press(page, key, &[("held", held)]).await;
            assert_eq!(status, 410, "{page} {key}");
            assert!(thief.text.contains("This visit is over") && thief.text.contains("ចប់ហើយ"), "{}", thief.text);
        }
    }
    visit.press("number", "f0", &[("held", &held)]).await;
    hall.close().await;
}
