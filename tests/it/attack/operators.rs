//! The operators' doors: guessed tokens, stolen, planted and old cookies.
use crate::support::doors::{Doors, Got, ask, ask_from, get, post};

const TOKEN: (&str, &str) = ("CHRAK__OPS__TOKEN", "an-operators-token");
const OURS: &str = "Sec-Fetch-Site: same-origin";

async fn console(doors: &Doors, more: &[&str]) -> u16 {
    ask(doors.ops, &get("/console", &doors.ops.to_string(), more)).await.status
}

async fn sign_in(doors: &Doors, more: &[&str], token: &str) -> Got {
    let more = [&[OURS], more].concat();
    ask(doors.ops, &post("/console/sign-in", &doors.ops.to_string(), &more, &format!("token={token}"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_every_door_are_slowed_and_lock_out_nobody_but_their_sender() {
    let doors = Doors::open(&[TOKEN]).await;
    let host = doors.ops.to_string();
    let (guess, right) = ("Authorization: Bearer a-guess", "Authorization: Bearer an-operators-token");
    let (guesser, other) = ([127, 0, 0, 9], [127, 0, 0, 10]);
    let doors_of_it = [
        get("/metrics", &host, &[guess]),
        get("/kiosks", &host, &[guess]),
        get("/console", &host, &[guess]),
        post("/kiosks/pair", &host, &[OURS, guess], "code=12345678&office=x"),
        post("/console/sign-in", &host, &[OURS], "token=a-guess"),
    ];
    let mut looked_at = 0;
    for nth in 0..200 {
        let got = ask_from(guesser, doors.ops, &doors_of_it[nth % doors_of_it.len()]).await.expect("an answer");
        assert!(matches!(got.status, 401 | 429), "{}", got.status);
        looked_at += usize::from(got.status == 401);
    }
    assert_eq!(looked_at, 5, "of 200 guesses at five doors");
    let late = ask_from(guesser, doors.ops, &get("/metrics", &host, &[right])).await.expect("an answer");
    assert!(late.status == 429 && late.header("retry-after").is_some(), "nor does a right one tell itself apart");
    let good = ask_from(other, doors.ops, &get("/metrics", &host, &[right])).await.expect("an answer");
    assert_eq!(good.status, 200);
    let good = ask_from(other, doors.ops, &post("/console/sign-in", &host, &[OURS], "token=an-operators-token")).await;
    assert_eq!(good.expect("an answer").status, 303);
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_cookie_opens_nothing_and_a_planted_one_neither() {
    let doors = Doors::open(&[TOKEN]).await;
    let planted = "Cookie: chrak_console=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let first = sign_in(&doors, &[planted], "an-operators-token").await;
    let cookie = format!("Cookie: {}", first.cookie());
    assert_eq!((first.status, console(&doors, &[&cookie]).await, console(&doors, &[planted]).await), (303, 200, 401));
    let set = first.header("set-cookie").expect("a cookie");
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("an-operators-token"),
        "{set}"
    );

    let second = sign_in(&doors, &[&cookie], "an-operators-token").await;
    let renewed = format!("Cookie: {}", second.cookie());
    assert_ne!(cookie, renewed);
    assert_eq!((console(&doors, &[&cookie]).await, console(&doors, &[&renewed]).await), (401, 200), "it is renewed");

    let host = doors.ops.to_string();
    let foreign =
        ask(doors.ops, &post("/console/sign-out", &host, &["Sec-Fetch-Site: cross-site", &renewed], "")).await;
    assert_eq!((foreign.status, console(&doors, &[&renewed]).await), (403, 200), "no other site signs anybody out");
    let out = ask(doors.ops, &post("/console/sign-out", &host, &[OURS, &renewed], "")).await;
    assert!(out.status == 303 && out.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")));
    assert_eq!(console(&doors, &[&renewed]).await, 401, "what was kept of it is of no use");
    let metrics = ask(doors.ops, &get("/metrics", &host, &[&renewed])).await;
    assert_eq!(metrics.status, 401);
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_the_cookie_goes_over_tls_only() {
    let doors = Doors::open(&[TOKEN, ("CHRAK__HTTP__PROXIES", "[\"127.0.0.1\"]")]).await;
    for secure in ["Forwarded: for=192.0.2.7;proto=https", "X-Forwarded-Proto: https"] {
        let good = sign_in(&doors, &[secure], "an-operators-token").await;
        let set = good.header("set-cookie").expect("a cookie");
        for part in ["__Host-chrak-console=", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(set.contains(part), "{set}");
        }
        assert!(!set.contains("Domain"), "{set}");
        let cookie = format!("Cookie: {}", good.cookie());
        assert_eq!((console(&doors, &[secure, &cookie]).await, console(&doors, &[&cookie]).await), (200, 401));
    }
    let plain = sign_in(&doors, &["Forwarded: for=192.0.2.7;proto=http"], "an-operators-token").await;
    assert!(!plain.header("set-cookie").expect("a cookie").contains("Secure"), "a browser would drop it");
    doors.close().await;
}
