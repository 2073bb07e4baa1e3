//! An office's own registration system and scheduler in place of a portal, in the words of GovStack: what every window can carry over
//! them, and changes whose answers are lost. The systems are played by a script that shares no code with us, and judges every request and
//! answer by GovStack's own files (`tests/python/govstack.py`).
use crate::support::{
    app,
    desk::asked_digits,
    hall::Hall,
    handset::Handset,
    overheard::overheard,
    peer::Peer,
    program::{client, run, with_tls},
    visitor::Visitor,
};
use chrak::{
    app::clock::SystemClock,
    portal::{
        GovstackDirectory, GovstackOptions, GovstackPlace, Identifier, PortalClient, SchedulerOptions, XroadOptions,
    },
    ports::portal::{Asker, Portal as PortalPort},
    sandbox::{
        portal::{Portal, PortalConfig, sample_applications},
        road::{Road, RoadConfig},
    },
    types::{
        CodeRules, CodeVerdict, Language, Msisdn, Secret,
        civic::{Answer, Appointment, AppointmentStatus, Change, ChangeKind, PortalFault, Query, Slot},
        names::Channel,
        time::phnom_penh,
    },
};
use futures_util::{StreamExt, stream};
use ring::hmac;
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

const CLIENT: &str = "CAMBODIA/GOV/CAMDX-1/CHRAK";
/// At the service that one office alone offers, and at the one that two offer.
const CODE: &str = "120500260481937";
const OTHER: &str = "120500260481945";
const TOKEN: &str = "hush-hush-token";

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/govstack").join(name).to_str().expect("UTF-8").to_owned()
}

/// Both systems.
struct Systems {
    _peer: Peer,
    url: String,
}

impl Systems {
    fn start(more: &[&str]) -> Self {
        let (files, directory) = (data(""), data("directory.json"));
        let today = jiff::Timestamp::now().to_zoned(phnom_penh()).date().to_string();
        let file = |code: &str, service: &str, status: &str| {
            json!({ "fileId": code, "registered": "2026-11-02T09:30:00+07:00", "serviceId": service, "applicantId": "x",
                "status": { "code": status, "title": "x" }, "ended": false,
                "applicationData": { "applicantId": "x", "applicationName": "Sok Dara" } })
        };
        let files_of = json!([
            file(CODE, "0f1c2a5e-6c1b-4b39-9a52-5d6f3b0a9e11", "PENDING"),
            file("123456789", "f7d33db0-2809-484e-a780-76b7ccd4ecbf", "PENDING"),
            file(OTHER, "f7d33db0-2809-484e-a780-76b7ccd4ecbf", "SENDBACK"),
        ]);
        let files_of = files_of.to_string();
        let mut words = vec![files.as_str(), &directory, "--today", &today, "--client", CLIENT, "--requestor", "chrak"];
        words.extend(["--token", TOKEN, "--applications", &files_of]);
        words.extend(more);
        let mut peer = Peer::python_with("govstack.py", ".venv", &words);
        let url = format!("http://127.0.0.1:{}", peer.port());
        Systems { _peer: peer, url }
    }

    async fn ledger(&self) -> Value {
        let answer = client().get(format!("{}/ledger", self.url)).send().await.expect("an answer");
        answer.json().await.expect("a ledger")
    }

    /// Nothing broke the files, and something was asked.
    async fn judged(&self, calls: u64) -> Value {
        let ledger = self.ledger().await;
        assert_eq!(ledger["wrong"], json!([]));
        assert!(ledger["calls"].as_u64().is_some_and(|made| made >= calls), "{}", ledger["calls"]);
        ledger
    }

    fn client(&self) -> PortalClient {
        let place = || GovstackPlace { url: self.url.clone(), road: None };
        self.client_over(place(), place())
    }

    fn client_over(&self, registration: GovstackPlace, scheduler: GovstackPlace) -> PortalClient {
        with_tls();
        let directory = std::fs::read(data("directory.json")).expect("a directory");
        let options = GovstackOptions {
            registration,
            token: Secret::new(""),
            scheduler: Some(SchedulerOptions {
                place: scheduler,
                requestor_id: "chrak".to_owned(),
                request_token: Secret::new(TOKEN),
            }),
            ca_file: None,
            client: Identifier::client(CLIENT).expect("an identifier"),
            directory: GovstackDirectory::read(&directory).expect("a directory"),
            pseudonyms: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]),
        };
        PortalClient::govstack("portal", options, Arc::default(), Arc::new(SystemClock)).expect("a client")
    }

    /// In place of `[portal]`, with the secret in this folder.
    fn configured(&self, folder: &Path) -> String {
        std::fs::write(folder.join("scheduler.token"), TOKEN).expect("written");
        let (url, token) = (&self.url, folder.join("scheduler.token"));
        format!(
            "[limits]\nreplies_per_number = {{ per_min = 0, per_day = 0 }}\n[portal]\nmode = \"govstack\"\n[portal.govstack]\nregistration_url = \"{url}\"\nscheduler_url = \"{url}\"\n\
             requestor_id = \"chrak\"\nrequest_token_file = {token:?}\nclient = \"{CLIENT}\"\ndirectory_file = {:?}\n",
            data("directory.json")
        )
    }
}

fn asker(number: Msisdn, deadline: Duration) -> Asker {
    Asker { channel: Channel::Sms, number: Some(number), deadline, key: None }
}

/// Repeats one intention until it is certain.
async fn until_certain(client: &PortalClient, number: Msisdn, what: ChangeKind) -> Result<Appointment, PortalFault> {
    let query = Query::Change(Change { what, attempt: 0 });
    for nth in 0..200 {
        // now as a screen asks, now as a text does
        let patience = Duration::from_millis(if nth % 2 == 0 { 300 } else { 2_000 });
        match client.ask(&query, asker(number, patience)).await {
            Answer::Appointment(Err(PortalFault::Away | PortalFault::Uncertain | PortalFault::Unusable)) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Answer::Appointment(certain) => return certain,
            other => panic!("{other:?}"),
        }
    }
    panic!("{query:?} never was certain")
}

async fn slots(client: &PortalClient) -> Vec<Slot> {
    let today = jiff::Timestamp::now().to_zoned(phnom_penh()).date();
    let to = today.saturating_add(jiff::ToSpan::days(31));
    let (office, service) = ("owso-1205".to_owned(), "rental-room-licence".to_owned());
    let number = Msisdn::parse_e164("85510000001").expect("a number");
    let query = Query::Slots { office, service, from: today, to };
    match client.ask(&query, asker(number, Duration::from_secs(10))).await {
        Answer::Slots(Ok(slots)) => slots,
        other => panic!("{other:?}"),
    }
}

/// `CHRAK_GOVSTACK=1000 cargo test --test it uncertain_bookings` makes as many citizens.
fn citizens() -> usize {
    std::env::var("CHRAK_GOVSTACK").ok().map_or(60, |text| text.parse().expect("CHRAK_GOVSTACK is a number"))
}

#[test]
fn uncertain_bookings_are_settled_by_the_list_and_none_is_doubled() {
    // secrets of the scheduler stand in its addresses
    let private =
        [TOKEN, "request_token", "qry", "list_details", "/appointment", "/subscriber", "chrak-[0-9a-f]", "8551200"];
    let lines = overheard(&private.map(str::to_owned), uncertain_bookings);
    assert!(lines > 1_000, "{lines} lines of log: it must have had a chance");
}

async fn uncertain_bookings() {
    let systems = Systems::start(&["--limit", "100000", "--faults", "70", "--private", "8551200", "+855"]);
    let client = systems.client();
    let slots = slots(&client).await;
    let all = citizens();
    let work = (0..all).map(|nth| {
        let (client, slots) = (client.clone(), &slots);
        async move {
            let number = Msisdn::parse_e164(&format!("8551200{nth:04}")).expect("a number");
            let (first, second) = (&slots[nth % 20], &slots[20 + nth % 20]);
            let book = |slot: &Slot| ChangeKind::Book {
                hold: slot.id.clone(),
                service: "rental-room-licence".to_owned(),
                application: None,
                language: Language::En,
            };
            let booked = until_certain(&client, number, book(first)).await.expect("booked");
            assert_eq!((booked.start, booked.office.id.as_str()), (first.start, "owso-1205"));
            let reference = booked.reference.clone();
            let shift = ChangeKind::Move { reference: reference.clone(), hold: second.id.clone() };
            let moved = until_certain(&client, number, shift).await.expect("moved");
            assert_eq!((&moved.reference, moved.start), (&reference, second.start));
            // every other one stays
            if nth % 2 == 0 {
                let cancel = ChangeKind::Cancel { reference, was: Some(Box::new(moved)) };
                let gone = until_certain(&client, number, cancel).await.expect("cancelled");
                assert_eq!((gone.status, gone.start), (AppointmentStatus::Cancelled, second.start));
            }
        }
    });
    stream::iter(work).buffer_unordered(100).collect::<Vec<()>>().await;
    let ledger = systems.judged(all as u64 * 8).await;
    let mut made: BTreeMap<(String, String), usize> = BTreeMap::new();
    for change in ledger["changes"].as_array().expect("changes") {
        let text = |at: usize| change[at].as_str().expect("text").to_owned();
        *made.entry((text(0), text(3))).or_default() += 1;
    }
    assert_eq!(ledger["subscribers"].as_object().expect("subscribers").len(), all, "each is made once");
    let counts =
        |what: &str| made.iter().filter(|((kind, _), _)| kind == what).map(|(_, count)| *count).collect::<Vec<_>>();
    assert_eq!(counts("new"), vec![1; all], "0 doubled, 0 lost");
    assert_eq!(counts("cancel"), vec![1; all.div_ceil(2)]);
    assert_eq!(ledger["appointments"].as_object().expect("appointments").len(), all / 2);
    println!("{all} citizens, {} calls: 0 doubled, 0 lost, 0 violations", ledger["calls"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_somebody_else_has_is_taken_and_a_time_is_shown_before_it_is_booked() {
    let systems = Systems::start(&[]);
    let client = systems.client();
    let slots = slots(&client).await;
    let (one, other) = ("85512000001", "85512000002");
    let number = |text: &str| Msisdn::parse_e164(text).expect("a number");
    let hold = Query::Change(Change { what: ChangeKind::Hold { slot: slots[0].id.clone() }, attempt: 0 });
    let Answer::Held(Ok(held)) = client.ask(&hold, asker(number(one), Duration::from_secs(5))).await else {
        panic!("shown")
    };
    assert_eq!((held.slot.start, held.expires_at), (slots[0].start, None), "nothing is held");
    let book = || ChangeKind::Book {
        hold: slots[0].id.clone(),
        service: "rental-room-licence".to_owned(),
        application: None,
        language: Language::En,
    };
    let booked = until_certain(&client, number(one), book()).await.expect("booked");
    let again = until_certain(&client, number(one), book()).await.expect("the same");
    assert_eq!(booked, again, "an intention that comes again finds what it made");
    assert_eq!(until_certain(&client, number(other), book()).await, Err(PortalFault::SlotTaken));
    let mine = client.ask(&Query::Appointments, asker(number(one), Duration::from_secs(5))).await;
    assert_eq!(mine, Answer::Appointments(Ok(vec![booked.clone()])));
    let theirs = client.ask(&Query::Appointments, asker(number(other), Duration::from_secs(5))).await;
    assert_eq!(theirs, Answer::Appointments(Ok(Vec::new())));
    // somebody else's appointment is none of theirs
    let steal = ChangeKind::Cancel { reference: booked.reference.clone(), was: None };
    assert_eq!(until_certain(&client, number(other), steal).await, Err(PortalFault::NotFound));
    let ledger = systems.judged(10).await;
    assert_eq!(ledger["appointments"].as_object().expect("appointments").len(), 1);
    let names: Vec<&str> =
        ledger["subscribers"].as_object().expect("some").values().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.iter().all(|name| name.starts_with("chrak-") && name.len() == 38), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_systems_are_reached_through_a_security_server() {
    const REGISTRATION: &str = "CAMBODIA/GOV/CAMDX-2/REGISTRATION/api";
    const SCHEDULER: &str = "CAMBODIA/GOV/CAMDX-2/SCHEDULER/api";
    let systems = Systems::start(&["--private", "85512000003"]);
    let road = Road::start(RoadConfig {
        clients: vec![CLIENT.to_owned()],
        services: [REGISTRATION, SCHEDULER].map(|service| (service.to_owned(), systems.url.clone())).to_vec(),
        ..RoadConfig::default()
    });
    let road = road.await.expect("the security server starts");
    let (folder, telco) = (tempfile::tempdir().expect("a folder"), app::telco().await);
    let at = format!("url = \"http://{}\"", road.addr());
    let mut configured = systems.configured(folder.path()).replace("mode =", &format!("{at}\nmode ="));
    configured = configured
        .replace(
            &format!("registration_url = \"{}\"", systems.url),
            &format!("registration_service = \"{REGISTRATION}\""),
        )
        .replace(&format!("scheduler_url = \"{}\"", systems.url), &format!("scheduler_service = \"{SCHEDULER}\""));
    configured += &format!("[portal.xroad]\nclient = \"{CLIENT}\"\n");
    let said = run(&["check", "--config", &configuration(folder.path(), &telco.addr().to_string(), &configured)]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for line in [
        &format!("ok    X-Road: the portal's owner allows {CLIENT} to use {REGISTRATION}"),
        &format!("ok    X-Road: the portal's owner allows {CLIENT} to use {SCHEDULER}"),
        "ok    directory: the scheduler answers",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    let through = |service: &str| GovstackPlace {
        url: format!("http://{}", road.addr()),
        road: Some(XroadOptions {
            client: Identifier::client(CLIENT).expect("an identifier"),
            service: Identifier::service(service).expect("an identifier"),
            user_id: None,
            represented_party: None,
            provider_server: None,
            tls: None,
        }),
    };
    let client = systems.client_over(through(REGISTRATION), through(SCHEDULER));
    let slots = slots(&client).await;
    let number = Msisdn::parse_e164("85512000003").expect("a number");
    let book = ChangeKind::Book {
        hold: slots[0].id.clone(),
        service: "rental-room-licence".to_owned(),
        application: None,
        language: Language::En,
    };
    let booked = until_certain(&client, number, book).await.expect("booked");
    let shift = ChangeKind::Move { reference: booked.reference.clone(), hold: slots[1].id.clone() };
    let moved = until_certain(&client, number, shift).await.expect("moved");
    let cancel = ChangeKind::Cancel { reference: moved.reference, was: None };
    assert_eq!(until_certain(&client, number, cancel).await.expect("cancelled").status, AppointmentStatus::Cancelled);
    let CodeVerdict::Good(code) = CodeRules::recommended().read(CODE) else { panic!("a good code") };
    let query = Query::Application { code, pin: None };
    let Answer::Application(Ok(told)) = client.ask(&query, asker(number, Duration::from_secs(5))).await else {
        panic!("no answer through the security server")
    };
    assert!(told.application.registered_at.is_some());
    systems.judged(10).await;
    road.stop().await;
}

/// A telephone that texts and waits for what comes back.
struct Texter<'a> {
    hall: &'a Hall,
    number: &'static str,
}

impl Texter<'_> {
    async fn send(&self, text: &str) -> String {
        let before = self.hall.texts(self.number);
        let from = format!("855{}", &self.number[1..]);
        self.hall.telco.send_mo(&from, "1212", text).expect("taken");
        self.hall.text_to(self.number, before).await
    }

    /// Takes the first of what is offered until it is asked for a yes, and gives it.
    async fn agrees(&self, first: &str, second: &str) -> (String, String) {
        let mut text = self.send(first).await;
        for nth in 0..8 {
            if let Some((_, digits)) = asked_digits(&text) {
                let digits = digits.to_owned();
                return (text, self.send(&digits).await);
            }
            text = self.send(if nth == 0 { second } else { "1" }).await;
        }
        panic!("nothing was to be agreed to: {text}")
    }
}

async fn texts(hall: &Hall) {
    let texter = Texter { hall, number: "010000001" };
    texter.send("E").await;
    let status = texter.send(CODE).await;
    assert!(status.contains("120500-26-048193-7") && status.contains("registered on 2 Nov 2026"), "{status}");
    assert!(status.contains("OWSO Dangkao"), "the only office that offers it: {status}");
    let with_pin = texter.send(&format!("{CODE} 730152")).await;
    assert_eq!(with_pin, status, "a PIN earns nothing");
    let feedback = texter.send("5").await;
    assert!(feedback.contains("cannot be used by telephone") && feedback.contains("+85523001205"), "{feedback}");
    let complaint = texter.send("COMPLAINT the queue was long").await;
    assert!(complaint.contains("cannot be used by telephone"), "{complaint}");
    let (review, booked) = texter.agrees("A", "1").await;
    assert!(review.starts_with("Not yet held. ") && review.contains("OWSO Dangkao"), "{review}");
    assert!(booked.contains("900001"), "{booked}");
    let listed = texter.send("LIST").await;
    assert!(listed.contains("900001"), "{listed}");
    // another day
    let (review, moved) = texter.agrees("MOVE", "2").await;
    assert!(review.starts_with("Not yet held. "), "{review}");
    assert!(moved.contains("900001"), "{moved}");
    let (_, cancelled) = texter.agrees("CANCEL", "1").await;
    assert!(cancelled.contains("900001"), "{cancelled}");
    let listed = texter.send("LIST").await;
    assert!(!listed.contains("900001"), "none is left: {listed}");
    let stranger = Texter { hall, number: "010000002" };
    stranger.send("E").await;
    let feedback = stranger.send("5").await;
    assert!(feedback.contains("send 4"), "which office it is nobody knows: {feedback}");
}

async fn screens(hall: &Hall) {
    let mut handset = Handset::new(&hall.telco, "85510000003");
    let menu = handset.dial("*1212#").await.text;
    assert!(menu.contains("\n5 "), "numbers of the menu stay: {menu}");
    let unoffered = handset.answer("5").await.text;
    assert!(unoffered.contains("Min mean noeu ti nih te"), "{unoffered}");
    let status = handset.dial(&format!("*1212*1*{OTHER}#")).await.text;
    assert!(status.contains("120500-26-048194-5") && status.contains("kariyalay dak peak"), "{status}");
    let mut screen = handset.dial("*1212#").await.text;
    screen.clear();
    for step in ["2", "1", "1", "1", "1", "1", "1", "1", "1"] {
        screen = handset.answer(step).await.text;
        if screen.contains("Min toan tuk pel te") {
            break;
        }
    }
    assert!(screen.contains("Min toan tuk pel te"), "{screen}");
    let booked = handset.answer("1").await.text;
    assert!(booked.contains("900002"), "{booked}");
}

async fn pages(hall: &Hall) {
    let mut visitor = Visitor::new(&hall.http, "en");
    visitor.go("home").await;
    assert!(
        visitor.page.contains("/en/appointments\"") && visitor.page.contains("/en/services\""),
        "{}",
        visitor.words()
    );
    for gone in ["/en/feedback\"", "/en/ticket\"", "/en/complain\""] {
        assert!(!visitor.page.contains(gone), "{gone}");
    }
    for gone in ["feedback", "complain", "ticket"] {
        visitor.go(gone).await;
        assert!(visitor.words().contains("This is not offered here"), "{gone}: {}", visitor.words());
    }
    visitor.go("check").await;
    visitor.set("digits", CODE);
    visitor.press("check", "ok").await;
    let words = visitor.words();
    assert!(words.contains("Registered on / Monday 2 November 2026") && words.contains("OWSO Khan Dangkao"), "{words}");
    for gone in ["value=\"pin\"", "formaction=\"/kiosk/en/number\"", "formaction=\"/kiosk/en/pay\""] {
        assert!(!visitor.page.contains(gone), "{gone} earns nothing here");
    }
    visitor.go("service/1002").await;
    assert!(visitor.page.contains("value=\"brental-room-licence\"") && !visitor.page.contains("/en/ticket\""));
    visitor.go("appointments").await;
    visitor.press("appointments", "t1").await;
    for _ in 0..12 {
        if visitor.is_good() {
            break;
        }
        if visitor.page.contains("value=\"h1\"") {
            visitor.press("appointments", "h1").await;
            assert!(!visitor.page.contains("value=\"skip\""), "without a number it is not found again");
            let before = hall.texts("010000302");
            visitor.set("phone", "010000302");
            visitor.press("number", "go").await;
            let code = hall.one_time_code("010000302", before).await;
            visitor.set("once", &code);
            visitor.press("number", "try").await;
            assert!(visitor.words().contains("Not yet held"), "{}", visitor.words());
        }
        assert!(visitor.page.contains("value=\"n1\""), "nothing to choose: {}", visitor.words());
        visitor.press("appointments", "n1").await;
    }
    assert!(visitor.is_good(), "never booked: {}", visitor.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_screens_and_pages_carry_what_there_is_and_say_what_is_not_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let private = ["85510000001", "85510000003", "85510000302", "730152", "Authorization"];
    let systems = Systems::start(&[&["--private"][..], &private].concat());
    let mut hall = Hall::over(&systems.configured(folder.path())).await;
    hall.log_all();
    hall.telco.bound().await;
    texts(&hall).await;
    screens(&hall).await;
    pages(&hall).await;
    nothing_is_logged(&hall.logged(), &systems.url);
    let ledger = systems.judged(40).await;
    assert_eq!(ledger["appointments"].as_object().expect("appointments").len(), 2, "of the screen and of the page");
    hall.close().await;
}

/// Neither who asked about what, nor an address: secrets of the scheduler stand in its addresses.
fn nothing_is_logged(log: &str, url: &str) {
    let lines = log.lines().count();
    assert!(log.contains("TRACE") && lines > 100, "it must have had a chance: {lines} lines");
    let places = url.trim_start_matches("http://");
    for private in [
        "10000001",
        "10000003",
        "10000302",
        "048193",
        "048194",
        CODE,
        OTHER,
        "730152",
        TOKEN,
        "request_token=",
        "qry=",
        "Sok Dara",
        "list_details",
        "/applications",
        "/appointment",
        "/subscriber",
        "chrak-",
        &format!("{places}/"),
        "was long",
    ] {
        let line = log.lines().find(|line| line.contains(private));
        assert_eq!(line, None, "{private}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_portal_a_source_is_asked_about_its_own_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    let systems = Systems::start(&[]);
    let listen = ([127, 0, 0, 1], 0).into();
    let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at: None };
    let portal = Portal::start(config).await.expect("the sandbox portal starts");
    let source = systems
        .configured(folder.path())
        .replace("[portal]\n", "[[source]]\nname = \"obr\"\n")
        .replace("[portal.govstack]", "[source.govstack]");
    let configured = format!(
        "{source}[portal]\nurl = \"http://{}\"\ntoken = \"t\"\n[[code]]\nregex = \"[0-9]{{15}}\"\ncheck = \"damm\"\n\
         groups = [6, 2, 6, 1]\n[[code]]\nregex = \"[0-9]{{9}}\"\ngroups = [3, 3, 3]\nsource = \"obr\"\n",
        portal.addr()
    );
    let hall = Hall::over(&configured).await;
    hall.telco.bound().await;
    let texter = Texter { hall: &hall, number: "010000004" };
    texter.send("E").await;
    let there = texter.send("123456789").await;
    assert!(there.contains("123-456-789 ") && there.contains("registered on 2 Nov 2026"), "{there}");
    let sample = &sample_applications()[0];
    let here = texter.send(&sample.code).await;
    assert!(here.contains(&sample.code[8..14]) && !here.contains("registered on"), "{here}");
    assert!(texter.send("5").await.contains('5'), "what the portal has is offered");
    assert_eq!(systems.judged(1).await["calls"], 1, "nothing else is asked there");
    let metrics = client().get(format!("{}/metrics", hall.ops)).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("text");
    for line in [
        "chrak_portal_seconds_count{operation=\"getApplication\",result=\"ok\"} 1",
        "chrak_portal_seconds_count{operation=\"getApplicationFileById\",result=\"ok\",source=\"obr\"} 1",
        "chrak_portal_breaker_open 0",
        "chrak_portal_breaker_open{source=\"obr\"} 0",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line}: {metrics}");
    }
    assert!(!metrics.contains("result=\"away\""), "what was answered is not told as away too: {metrics}");
    hall.close().await;
    portal.stop().await;
}

/// A configuration with this in place of `[portal]`.
fn configuration(folder: &Path, telco: &str, portal: &str) -> String {
    let text = format!(
        "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n{portal}\
         [[smsc]]\nname = \"test\"\naddress = \"{telco}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n"
    );
    std::fs::write(folder.join("chrak.toml"), text).expect("written");
    folder.join("chrak.toml").to_str().expect("UTF-8").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_compares_the_directory_with_what_is_registered() {
    let (folder, telco) = (tempfile::tempdir().expect("a folder"), app::telco().await);
    let systems = Systems::start(&[]);
    let telco = telco.addr().to_string();
    let configured = systems.configured(folder.path());
    let said = run(&["check", "--config", &configuration(folder.path(), &telco, &configured)]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for line in [
        "ok    directory: all 3 services of portal.govstack.directory_file are registered",
        "ok    directory: the scheduler answers",
        &format!("ok    portal: {} answered in", systems.url),
        "portal.govstack.scheduler_url: request_token goes there in the clear",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    assert!(!said.out.contains(TOKEN));
    let directory = std::fs::read_to_string(data("directory.json")).expect("a directory");
    let other = directory.replace("0f1c2a5e-6c1b-4b39-9a52-5d6f3b0a9e11", "00000000-0000-0000-0000-000000000009");
    std::fs::write(folder.path().join("other.json"), other).expect("written");
    std::fs::write(folder.path().join("wrong.token"), "wrong").expect("written");
    let wrong = configured.replace(&data("directory.json"), "other.json").replace("scheduler.token", "wrong.token");
    let said = run(&["check", "--config", &configuration(folder.path(), &telco, &wrong)]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    for line in [
        "FAIL  directory: portal.govstack.directory_file: the registration system has no service 00000000-0000-0000-0000-000000000009",
        "note  directory: the registration system has 1 services more",
        "FAIL  directory: the scheduler refuses us (403); check portal.govstack.requestor_id and request_token_file",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_configuration_is_one_line_and_nothing_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let systems = Systems::start(&[]);
    let good = systems.configured(folder.path());
    let without = |key: &str| {
        good.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let source = "[[source]]\nname = \"obr\"\nurl = \"https://obr.example\"\ntoken = \"t\"\n";
    let code = "[[code]]\nregex = \"[0-9]{9}\"\nsource = \"obr\"\n";
    for (portal, told) in [
        (
            without("directory_file"),
            "portal.govstack.directory_file is missing: mode = \"govstack\" takes its services",
        ),
        ("[portal]\nmode = \"govstack\"\n".to_owned(), "portal.govstack.directory_file is missing"),
        (good.replace("directory.json", "none.json"), "none.json: cannot be read"),
        (without("registration_url"), "portal.govstack.registration_url is missing"),
        (without("client"), "portal.govstack.client is missing"),
        (good.replace(CLIENT, "A/B"), "portal.govstack.client: \"A/B\" has 2 parts"),
        (without("requestor_id"), "portal.govstack.requestor_id is missing"),
        (without("request_token_file"), "portal.govstack.request_token_file is missing"),
        (
            good.replace(
                &format!("scheduler_url = \"{}\"", systems.url),
                "scheduler_url = \"http://scheduler.example\"",
            ),
            "portal.govstack.scheduler_url: must begin with https://, as request_token stands in addresses",
        ),
        (
            format!("{good}registration_service = \"A/B/C/D/e\"\n"),
            "registration_service: goes through a security server",
        ),
        (format!("{good}{source}"), "source \"obr\": no [[code]] names it"),
        (format!("{good}{code}"), "code[0].source: there is no [[source]] with the name \"obr\""),
        (format!("{good}{code}{source}{source}"), "source \"obr\" stands twice"),
        (format!("{good}{code}{}", source.replace("url = \"https://obr.example\"\n", "")), "source[0].url is missing"),
        (
            format!("{good}{code}{}", source.replace("obr\"\nurl", "portal\"\nurl")),
            "is what the portal itself is called",
        ),
        (format!("{good}{code}{source}mode = \"xroad\"\n"), "source[0].xroad.client is missing"),
        (format!("{good}{code}{source}mode = \"govstack\"\n"), "source[0].govstack.directory_file is missing"),
    ] {
        let said = run(&["serve", "--config", &configuration(folder.path(), "127.0.0.1:1", &portal)]);
        assert_eq!(said.code, Some(78), "{told}: {}{}", said.out, said.err);
        assert!(said.err.contains(told) && said.err.trim().lines().count() == 1, "{told}: {}", said.err);
    }
}
