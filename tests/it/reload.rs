//! The configuration read again while the program runs, as telcos see it: those that stay notice nothing, no text is lost and
//! none is answered twice.
use crate::support::{
    app,
    by_hand::{BIND_RECEIVER, BIND_TRANSCEIVER, OUTBIND, RESP, UNBIND, read, takes, write},
    program::{Program, client, run},
};
use chrak::sandbox::telco::Telco;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

const TEN_S: Duration = Duration::from_secs(10);

/// The program on a file that a test writes anew.
struct Served {
    program: Program,
    folder: tempfile::TempDir,
    ops: String,
}

/// A telco of the file.
fn smsc(name: &str, at: SocketAddr, more: &str) -> String {
    format!(
        "[[smsc]]\nname = \"{name}\"\naddress = \"{at}\"\nsystem_id = \"chrak\"\npassword_file = \"{name}.password\"\n\
         reconnect_max_s = 1\n{more}\n"
    )
}

impl Served {
    fn start(telcos: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_file(&folder, "", telcos);
        let path = folder.path().join("chrak.toml");
        let mut program = Program::start(&["serve", "--config", path.to_str().expect("UTF-8")], &[]);
        let ready = program.said("ready http=");
        let ops = ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let ops = ops.to_owned();
        Served { program, folder, ops }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("chrak.toml")
    }

    /// Writes these telcos and has the file read by a signal; what the log says of it.
    fn reload(&mut self, telcos: &[String]) -> String {
        write_file(&self.folder, "", telcos);
        self.program.signal("HUP");
        self.program.said("the configuration was read again")
    }

    /// Has it read as a program asks for it; status and answer.
    async fn asked(&self) -> (u16, serde_json::Value) {
        let answer = client()
            .post(format!("http://{}/reload", self.ops))
            .timeout(Duration::from_secs(60))
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn page(&self, path: &str) -> String {
        let answer = client().get(format!("http://{}{path}", self.ops)).send().await.expect("an answer");
        answer.text().await.expect("a page")
    }
}

fn write_file(folder: &tempfile::TempDir, more: &str, telcos: &[String]) {
    for name in ["a", "b", "c"] {
        let file = folder.path().join(format!("{name}.password"));
        if !file.exists() {
            std::fs::write(file, "secret").expect("written");
        }
    }
    let text = format!(
        "data_dir = \"data\"\n{more}[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n[kiosk]\npairing = \"off\"\n\
         [portal]\nurl = \"http://127.0.0.1:9\"\ntoken = \"t\"\n[limits]\nreplies_per_number = {{ per_min = 0, per_day = 0 }}\n{}",
        telcos.concat()
    );
    std::fs::write(folder.path().join("chrak.toml"), text).expect("written");
}

/// Waits until a telco has so many binds.
async fn binds(telco: &Telco, wanted: usize) {
    let there = app::eventually(TEN_S, || (telco.binds().len() == wanted).then_some(()));
    there.await.unwrap_or_else(|| panic!("{wanted} binds wanted: {:?}", telco.binds()));
}

fn session(telco: &Telco) -> u64 {
    telco.binds()[0].session
}

/// 50 texts a second, by turns over these telcos, each from a number of its own; the numbers.
async fn flow(telcos: Vec<Telco>, from: u32, texts: u32) -> Vec<String> {
    let mut beat = tokio::time::interval(Duration::from_millis(20));
    let mut numbers = Vec::new();
    for nth in 0..texts {
        beat.tick().await;
        let number = format!("8551{:07}", from + nth);
        let telco = &telcos[nth as usize % telcos.len()];
        telco.send_mo(&number, "1212", "START").expect("the telco takes it");
        numbers.push(number);
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn telcos_come_change_and_go_while_texts_flow_and_none_is_lost_or_answered_twice() {
    let (a, b, c) = (app::telco().await, app::telco().await, app::telco().await);
    let [of_a, of_b, of_c] = [("a", &a), ("b", &b), ("c", &c)].map(|(name, telco)| smsc(name, telco.addr(), ""));
    let mut served = Served::start(&[of_a.clone(), of_b.clone()]);
    binds(&a, 1).await;
    binds(&b, 1).await;
    let (first_a, first_b) = (session(&a), session(&b));
    // one is changed and one is new
    let texts = tokio::spawn(flow(vec![a.clone(), b.clone()], 0, 150));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let changed = smsc("b", b.addr(), "window = 3");
    let line = served.reload(&[of_a.clone(), changed.clone(), of_c.clone()]);
    assert!(line.contains("telcos added: c; telcos changed: b") && !line.contains("removed"), "{line}");
    binds(&c, 1).await;
    binds(&b, 1).await;
    assert_ne!(session(&b), first_b, "with its new settings");
    let mut numbers = texts.await.expect("sent");
    numbers.extend(flow(vec![c.clone()], 500, 10).await);
    // one is taken out, and one comes back later
    let texts = tokio::spawn(flow(vec![a.clone(), b.clone()], 1_000, 150));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let line = served.reload(&[of_a.clone(), of_c.clone()]);
    assert!(line.contains("telcos removed: b") && !line.contains("added") && !line.contains("changed"), "{line}");
    binds(&b, 0).await;
    numbers.extend(texts.await.expect("sent"));
    let console = served.page("/console?lang=en").await;
    assert!(console.contains("/telcos/a?") && !console.contains("/telcos/b?"), "it is gone from the console");
    let ready: serde_json::Value = serde_json::from_str(&served.page("/readyz?links").await).expect("JSON");
    assert_eq!(ready["links"]["of"], 2, "{ready}");
    assert!(served.page("/metrics").await.contains("chrak_bind_up{smsc=\"b\",bind=\"trx-1\"} 0"));
    served.reload(&[of_a, changed, of_c]);
    let all = || app::answers(&[&a, &b, &c]);
    let whole = app::eventually(Duration::from_secs(20), || (all().len() == numbers.len()).then_some(())).await;
    // what would come twice comes within a moment
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = all();
    let lost: Vec<&String> = numbers.iter().filter(|number| !seen.contains_key(*number)).collect();
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times != 1).collect();
    assert!(whole.is_some() && twice.is_empty(), "lost {lost:?}, twice {twice:?}\n{}", served.program.listen());
    assert_eq!(session(&a), first_a, "the telco that stayed was never left");
    for telco in [&a, &b, &c] {
        assert!(telco.snapshot().violations.is_empty(), "{:?}", telco.snapshot().violations);
        assert_eq!(telco.counters().mo_redelivered == 0, telco.addr() != b.addr(), "only b may have to send again");
    }
    assert!(served.page("/metrics").await.contains("chrak_config_reloads_total{result=\"taken\"} 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_telco_that_comes_and_goes_goes_out_each_time_it_is_back() {
    let (a, b) = (app::telco().await, app::telco().await);
    let [of_a, of_b] = [("a", &a), ("b", &b)].map(|(name, telco)| smsc(name, telco.addr(), ""));
    let mut served = Served::start(&[of_a.clone(), of_b.clone()]);
    for time in 1..=3 {
        binds(&b, 1).await;
        let form = [("smsc", "b"), ("order", "pause")];
        let paused = client().post(format!("http://{}/telcos", served.ops)).form(&form).send().await;
        assert_eq!(paused.expect("an answer").status(), 200);
        served.program.said("paused: no text is submitted");
        b.send_mo(&format!("8551000000{time}"), "1212", "START").expect("the telco takes it");
        // it is stored, and its answer while the telco is taken out
        let taken = app::eventually(TEN_S, || (b.counters().mo_acked == time).then_some(()));
        taken.await.expect("a resp");
        served.reload(std::slice::from_ref(&of_a));
        binds(&b, 0).await;
        assert_eq!(app::answers(&[&b]).len() as u64, time - 1, "held");
        served.reload(&[of_a.clone(), of_b.clone()]);
        let all = app::eventually(TEN_S, || (app::answers(&[&b]).len() as u64 == time).then_some(())).await;
        assert!(all.is_some(), "{time}: {:?}\n{}", app::answers(&[&b]), served.program.listen());
    }
    assert!(app::answers(&[&b]).values().all(|times| *times == 1) && a.counters().binds == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_of_no_use_changes_nothing_and_says_why_as_chrak_check_does() {
    let a = app::telco().await;
    let of_a = smsc("a", a.addr(), "");
    let mut served = Served::start(std::slice::from_ref(&of_a));
    binds(&a, 1).await;
    let before = session(&a);
    for bad in [smsc("a", a.addr(), "windw = 3"), smsc("a", a.addr(), "window = 0"), "[[smsc]]\nname = ".to_owned()] {
        let line = served.reload(std::slice::from_ref(&bad));
        let path = served.path();
        let checked = run(&["check", "--config", path.to_str().expect("UTF-8")]);
        let why = checked.err.trim();
        let why = why.strip_prefix("chrak: ").unwrap_or(why);
        assert!(checked.code == Some(78) && !why.is_empty(), "{why}");
        assert!(line.contains("nothing is changed") && line.contains(why), "{line}\n{why}");
        let (status, told) = served.asked().await;
        assert_eq!((status, told["why"].as_str()), (409, Some(why)));
        served.program.said("the configuration was read again");
    }
    let console = served.page("/console?lang=en").await;
    assert!(console.contains("The new configuration cannot be used, nothing was changed"), "{console}");
    let console = served.page("/console?lang=km").await;
    assert!(console.contains("គ្មានអ្វីផ្លាស់ប្តូរទេ") && console.contains("អានការកំណត់រចនាសម្ព័ន្ធម្តងទៀត"));
    assert!(served.page("/metrics").await.contains("chrak_config_reloads_total{result=\"refused\"} 6"));
    // a port that is taken is as bad, and found before anything is changed
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = taken.local_addr().expect("an address");
    let more = smsc("b", a.addr(), &format!("outbind_listen = \"{at}\""));
    let line = served.reload(&[smsc("a", a.addr(), "window = 3"), more]);
    assert!(line.contains("nothing is changed") && line.contains("change smsc[1].outbind_listen"), "{line}");
    // what cannot be followed is named, once it is mended
    write_file(&served.folder, "timezone = \"Asia/Bangkok\"\n", std::slice::from_ref(&of_a));
    let (status, told) = served.asked().await;
    assert_eq!((status, &told["needs_restart"]), (200, &serde_json::json!(["timezone"])), "{told}");
    let console = served.page("/console?lang=en").await;
    assert!(console.contains("the server must be restarted for: timezone"), "{console}");
    assert_eq!((session(&a), a.counters().binds), (before, 1), "the telco noticed nothing of all this");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_renewed_is_used_and_routes_alone_take_no_new_bind() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let mut served = Served::start(&[smsc("a", at, "")]);
    let mut stream = listener.accept().await.expect("a connection").0;
    takes(&mut stream, BIND_TRANSCEIVER).await;
    let line = served.reload(&[smsc("a", at, "prefixes = [\"10\"]")]);
    assert!(line.contains("telcos changed: a"), "{line}");
    assert!(timeout(Duration::from_secs(1), stream.peek(&mut [0])).await.is_err(), "nothing is said on the bind");
    std::fs::write(served.folder.path().join("a.password"), "renewed").expect("written");
    write_file(&served.folder, "", &[smsc("a", at, "prefixes = [\"10\"]")]);
    served.program.signal("HUP");
    let unbind = read(&mut stream).await.expect("an unbind");
    assert_eq!(unbind.command, UNBIND);
    write(&mut stream, UNBIND | RESP, unbind.sequence, b"").await;
    let mut stream = timeout(TEN_S, listener.accept()).await.expect("in time").expect("a connection").0;
    let bind = takes(&mut stream, BIND_TRANSCEIVER).await;
    assert!(bind.starts_with(b"chrak\0renewed\0"), "{bind:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_for_outbinds_comes_goes_and_stays_through_a_change() {
    let a = app::telco().await;
    let mut served = Served::start(&[smsc("a", a.addr(), "")]);
    binds(&a, 1).await;
    served.reload(&[smsc("a", a.addr(), "outbind_listen = \"127.0.0.1:0\"")]);
    // which of both lines comes first is chance
    let told = served.program.log.lines().rfind(|line| line.contains("may connect to us")).map(str::to_owned);
    let line = told.unwrap_or_else(|| served.program.said("may connect to us"));
    let at = line.split("listen=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
    let at: SocketAddr = at.trim_matches('"').parse().expect("an address");
    bound_by_outbind(at).await;
    served.reload(&[smsc("a", a.addr(), "outbind_listen = \"127.0.0.1:0\"\nwindow = 3")]);
    bound_by_outbind(at).await;
    served.reload(&[smsc("a", a.addr(), "")]);
    assert!(TcpStream::connect(at).await.is_err(), "nobody listens there any more");
}

async fn bound_by_outbind(at: SocketAddr) {
    let mut stream = TcpStream::connect(at).await.expect("a connection");
    write(&mut stream, OUTBIND, 1, b"their-smsc\0secret\0").await;
    takes(&mut stream, BIND_RECEIVER).await;
    write(&mut stream, UNBIND, 8, b"").await;
    let resp = read(&mut stream).await.expect("a resp");
    assert_eq!(resp.command, UNBIND | RESP);
}
