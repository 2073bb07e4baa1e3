//! Providers of sign-ins that nobody here wrote: oidc-provider, whose pages a second Chromium goes through as a telephone, and
//! Authlib's server, which is told to be odd. The portal judges their tokens by asking them (RFC 7662).
use crate::{
    kiosk::sign_ins::check_of,
    support::{
        browser::Browser,
        forms::Visit,
        hall::{Hall, sample},
        peer::Peer,
        program::{client, run},
    },
};
use chrak::sandbox::portal::Introspect;
use std::time::{Duration, Instant};

const CLIENT: &str = "chrak";
const SECRET: &str = "a secret/with+signs";
/// Authlib reads HTTP Basic as it stands, not as a form writes it (RFC 6749 §2.3.1).
const PLAIN: &str = "a-plain-secret";
const OFFICE: &str = "owso-1205";

/// A provider, and a hall whose kiosks let visitors sign in there.
struct Place {
    peer: Option<Peer>,
    issuer: String,
    hall: Hall,
}

impl Place {
    async fn of(mut peer: Peer, secret: &str, introspection: &str) -> Self {
        let issuer = format!("http://127.0.0.1:{}", peer.port());
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), secret).expect("written");
        let hall = Hall::with(&format!(
            "[kiosk.login]\nmode = \"oidc\"\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\nclient_secret_file = {:?}",
            file.path()
        ))
        .await;
        crate::support::program::with_tls();
        // as a form writes it, which HTTP Basic wants of both (RFC 6749 §2.3.1)
        let secret = secret.replace('+', "%2B").replace('/', "%2F").replace(' ', "+");
        let judge = Introspect { url: format!("{issuer}{introspection}"), client: CLIENT.to_owned(), secret };
        hall.portal().judge_by(judge).expect("a judge");
        Place { peer: Some(peer), issuer, hall }
    }

    async fn authlib(wishes: &[&str]) -> Self {
        let words = [&[CLIENT, PLAIN], wishes].concat();
        Self::of(Peer::python_with("provider.py", ".venv-login", &words), PLAIN, "/introspect").await
    }

    fn peer(&mut self) -> &mut Peer {
        self.peer.as_mut().expect("it runs")
    }

    async fn visit(&self) -> Visit {
        let (_, cookie) = self.hall.paired_device(OFFICE).await;
        let mut visit = Visit::at(&self.hall, &cookie);
        visit.press("mine", "begin", &[]).await;
        visit
    }

    /// On the telephone: who it is, and yes or no.
    async fn answer(&self, visit: &Visit, who: &str, allow: &str) {
        let form = [("user_code", check_of(&visit.text)), ("who", who.to_owned()), ("allow", allow.to_owned())];
        let said = client().post(format!("{}/device", self.issuer)).form(&form).send().await.expect("an answer");
        assert_eq!(said.status(), 200);
    }
}

/// Asks again as the page does, in its time, until it holds this; how long that took.
async fn until(visit: &mut Visit, every: Duration, what: &str) -> Duration {
    let begun = Instant::now();
    while !visit.text.contains(what) {
        assert!(begun.elapsed() < Duration::from_secs(40), "waited for {what} in vain: {}", visit.text);
        tokio::time::sleep(every).await;
        visit.press("mine", "poll", &[]).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_signs_a_visitor_in_and_its_token_is_revoked_at_the_end() {
    let mut place = Place::of(Peer::node("provider.mjs", &[CLIENT, SECRET]), SECRET, "/token/introspection").await;
    let mut visit = place.visit().await;
    assert!(visit.text.contains("/device</b>"), "the address for who has no camera: {}", visit.text);
    let code = check_of(&visit.text);
    let phone = Browser::open(&place.issuer).await;
    phone.screen(390, 844).await;
    phone.go(&format!("/device?user_code={code}")).await;
    for _ in 0..12 {
        let said = phone.text().await;
        if said.contains("successful") || said.contains("Success") {
            break;
        }
        let name = "const name = document.querySelector('[name=login]'); if (name) { name.value = 'dara'; document.querySelector('[name=password]').value = 'x'; } return 1";
        phone.js(name).await;
        phone
            .leaving(async { drop(phone.js("document.querySelector('[type=submit]').click(); return 1").await) })
            .await;
    }
    println!("the telephone says: {}", phone.text().await);
    phone.close().await;
    let took = until(&mut visit, Duration::from_secs(5), "data-ends").await;
    println!("oidc-provider: from consent to the list {took:?}, the interval is 5 s");
    assert!(took <= Duration::from_millis(5_300), "{took:?}");
    assert!(visit.text.contains(&sample("047015").code), "{}", visit.text);
    let own = format!("o{}", sample("047015").code);
    visit.press("mine", &own, &[]).await;
    assert!(visit.text.contains("class=\"trail\""), "whole, by a token of a stranger that the portal had judged");
    let held = visit.field("held");
    visit.press("mine", "out", &[]).await;
    place.peer().wait("revoked", 1);
    visit.press("mine", "list", &[("held", &held)]).await;
    assert!(visit.text.contains("You are signed out"), "{}", visit.text);
    place.hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_signs_a_visitor_in_with_a_token_of_3_kb_and_without_a_whole_address() {
    let mut place = Place::authlib(&["no-complete", "jwt"]).await;
    let mut visit = place.visit().await;
    assert!(visit.text.contains("/device</b>") && visit.text.contains("class=\"qr\""), "{}", visit.text);
    place.answer(&visit, "sreymom", "yes").await;
    let took = until(&mut visit, Duration::from_secs(2), "data-ends").await;
    println!("Authlib: from consent to the list {took:?}, the interval is 2 s");
    assert!(took <= Duration::from_millis(2_300), "{took:?}");
    let granted = place.peer().wait("granted", 1)[0]["length"].as_u64();
    assert!(granted > Some(3_000), "{granted:?}");
    assert!(visit.text.contains(&sample("051267").code), "{}", visit.text);
    visit.press("mine", "out", &[]).await;
    place.peer().wait("revoked", 1);
    place.hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_and_an_end_are_told_and_a_provider_that_goes_away_is_waited_for() {
    let mut place = Place::authlib(&["short"]).await;
    let mut visit = place.visit().await;
    place.answer(&visit, "dara", "no").await;
    until(&mut visit, Duration::from_secs(1), "The phone did not agree").await;
    visit.press("mine", "new", &[]).await;
    assert!(visit.text.contains("class=\"check\""), "{}", visit.text);
    until(&mut visit, Duration::from_secs(3), "This code has expired").await;
    visit.press("mine", "new", &[]).await;
    drop(place.peer.take());
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        visit.press("mine", "poll", &[]).await;
        assert!(visit.text.contains("class=\"check\""), "what is away may come back: {}", visit.text);
    }
    visit.press("mine", "new", &[]).await;
    assert!(visit.text.contains("Scanning is not possible now"), "{}", visit.text);
    // and the code of a receipt serves as ever
    visit.press("check", "ok", &[("digits", &sample("051267").code)]).await;
    assert!(visit.text.contains("Ready to collect"), "{}", visit.text);
    place.hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_down_is_kept_whatever_the_page_does() {
    let mut place = Place::authlib(&["strict"]).await;
    let mut visit = place.visit().await;
    let end = Instant::now() + Duration::from_secs(24);
    while Instant::now() < end {
        // ten times as often as it may be
        tokio::time::sleep(Duration::from_millis(200)).await;
        visit.press("mine", "poll", &[]).await;
    }
    place.peer().listen();
    let asked = place.peer().wait("polled", 3);
    let at: Vec<f64> = asked.iter().map(|one| one["at"].as_f64().expect("a time")).collect();
    let pauses: Vec<f64> = at.windows(2).map(|two| two[1] - two[0]).collect();
    println!("asked after {pauses:?} s");
    assert!(asked.iter().all(|one| one["early"] == false), "{asked:?}");
    assert!(pauses.iter().all(|pause| *pause >= 6.9), "2 s and 5 s more: {pauses:?}");
    place.hall.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_of_no_use_ends_a_start_and_a_check_in_one_line() {
    let place = Place::authlib(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("chrak.toml");
    let of = |issuer: &str| {
        let text = format!(
            "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n\
             [kiosk.login]\nmode = \"oidc\"\nissuer = \"{issuer}\"\nclient_id = \"chrak\"\n\
             [portal]\nurl = \"http://127.0.0.1:1\"\ntoken = \"t\"\n\
             [[smsc]]\nname = \"test\"\naddress = \"127.0.0.1:1\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n"
        );
        std::fs::write(&config, text).expect("written");
        config.to_str().expect("UTF-8").to_owned()
    };
    for (issuer, told) in [
        (format!("{}/", place.issuer), "which must equal"),
        (format!("{}/realm", place.issuer), "404 came instead of"),
        (format!("{}?x", place.issuer), "must have no query"),
    ] {
        let config = of(&issuer);
        for words in [["serve", "--config", &config], ["check", "--config", &config]] {
            let said = run(&words);
            assert_eq!(said.code, Some(78), "{words:?} {issuer}: {} {}", said.out, said.err);
            let lines: Vec<&str> = said.err.lines().filter(|line| line.contains("kiosk.login.issuer: ")).collect();
            assert!(lines.len() == 1 && lines[0].contains(told), "{} {}", said.out, said.err);
        }
    }
    let said = run(&["check", "--config", &of(&place.issuer)]);
    assert!(said.out.contains("ok    sign-in: "), "{}", said.out);
    place.hall.close().await;
}
