//! Who asks, where a proxy stands in front: only those that are configured are believed about it.
use crate::support::doors::{Doors, Got, ask, connect, get, post};
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep},
};

const TOKEN: (&str, &str) = ("CHRAK__OPS__TOKEN", "an operator's token");
const RIGHT: &str = "Authorization: Bearer an operator's token";
const WRONG: &str = "Authorization: Bearer a guess";
/// The tests' own connections come from there.
const BELIEVED: (&str, &str) = ("CHRAK__HTTP__PROXIES", "[\"127.0.0.1\"]");

async fn metrics(doors: &Doors, more: &[&str]) -> Got {
    ask(doors.ops, &get("/metrics", &doors.ops.to_string(), more)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_forwarded_makes_no_other_client_of_one() {
    let doors = Doors::open(&[TOKEN]).await;
    let mut seen = Vec::new();
    for nth in 0..12 {
        let forged = [
            format!("Forwarded: for=192.0.2.{nth};proto=https"),
            format!("X-Forwarded-For: 192.0.2.{nth}"),
            format!("X-Real-IP: 192.0.2.{nth}"),
        ];
        seen.push(metrics(&doors, &[WRONG, &forged[nth % 3]]).await.status);
    }
    assert_eq!((&seen[..5], &seen[5..]), (&[401; 5][..], &[429; 7][..]));
    // nor a line of TLS: neither of the promises that go with one is made
    let secure = ["Forwarded: for=192.0.2.9;proto=https", "X-Forwarded-Proto: https"];
    let page = ask(doors.http, &get("/kiosk/en/home", &doors.http.to_string(), &secure)).await;
    assert_eq!((page.status, page.header("strict-transport-security")), (200, None));
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_believed_proxy_each_client_is_one_and_a_network_of_ipv6_too() {
    let doors = Doors::open(&[TOKEN, BELIEVED]).await;
    let guess = async |forwarded: &str| metrics(&doors, &[WRONG, forwarded]).await.status;
    for host in 1..=5 {
        assert_eq!(guess(&format!("Forwarded: for=\"[2001:db8:0:1::{host}]:4711\"")).await, 401);
    }
    assert_eq!(guess("Forwarded: for=\"[2001:db8:0:1::99]\"").await, 429, "the same network");
    assert_eq!(guess("Forwarded: for=\"[2001:db8:0:2::1]\"").await, 401, "another one");
    assert_eq!(metrics(&doors, &[RIGHT, "Forwarded: for=192.0.2.7"]).await.status, 200, "nobody else is locked out");
    // what the client itself wrote stands before what the proxy adds
    for nth in 0..5 {
        assert_eq!(guess(&format!("Forwarded: for=192.0.2.1{nth}, for=203.0.113.9")).await, 401);
    }
    assert_eq!(guess("Forwarded: for=192.0.2.20, for=203.0.113.9").await, 429);
    assert_eq!(guess("X-Forwarded-For: 192.0.2.21, 203.0.113.9").await, 429, "in either way of saying it");
    let told = ["Forwarded: for=192.0.2.9;proto=https"];
    let page = ask(doors.http, &get("/kiosk/en/home", &doors.http.to_string(), &told)).await;
    assert!(page.header("strict-transport-security").is_some());
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_behind_a_proxy_holds_its_share_of_places_and_no_more() {
    let doors = Doors::open(&[BELIEVED]).await;
    let host = doors.http.to_string();
    let mut held = Vec::new();
    for nth in 0..64 {
        let mut stream = connect([127, 0, 0, 1], doors.http).await.expect("a connection");
        let head = post(
            "/kiosk/en/check",
            &host,
            &[&format!("Forwarded: for=\"[2001:db8:0:1::{nth:x}]\"")],
            &"x".repeat(9_000),
        );
        // all but the end of the body: enough for a while
        stream.write_all(&head.as_bytes()[..head.len() - 10]).await.expect("written");
        held.push(stream);
    }
    sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    let home = async |from: &str| {
        ask(doors.http, &get("/kiosk/en/home", &host, &[&format!("Forwarded: for=\"{from}\"")])).await
    };
    let one_more = home("[2001:db8:0:1::ffff]").await;
    let other = home("[2001:db8:0:2::1]").await;
    assert!(begun.elapsed() < Duration::from_secs(5), "while the bodies were still waited for");
    assert_eq!((one_more.status, one_more.header("retry-after")), (429, Some("5")), "{}", one_more.body);
    assert_eq!(other.status, 200);
    drop(held);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(home("[2001:db8:0:1::ffff]").await.status, 200, "places are given back");
    doors.close().await;
}
