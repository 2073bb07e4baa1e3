//! The program as its users start it: the try-out from end to end, and what goes wrong said in one line.
use crate::support::{
    app,
    program::{self, Program, client, run},
};
use serde_json::{Value, json};
use std::{net::TcpListener, time::Duration};

const CODE: &str = "120500-26-048193-7";
const NUMBER: &str = "85597000111";

/// A try-out on free ports, and the addresses it printed.
pub struct Tryout {
    pub program: Program,
    pub http: String,
    ops: String,
    pub client: reqwest::Client,
}

impl Tryout {
    pub fn start(data: &str, environment: &[(&str, &str)]) -> Self {
        let free = "127.0.0.1:0";
        let words = ["--http", free, "--ops", free, "--smsc", free, "--portal", free, "--data", data];
        let mut program = Program::start(&words, environment);
        let address = |line: String| line.split_whitespace().last().expect("an address").to_owned();
        let http = address(program.said("/phone")).replace("/phone", "");
        let ops = address(program.said("/console")).replace("/console", "");
        Tryout { program, http, ops, client: client() }
    }

    async fn get(&self, address: String) -> (u16, String) {
        let answer = self.client.get(address).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    /// Texts and waits for the next answer.
    pub async fn text(&self, text: &str) -> Value {
        let before = self.answers().await.len();
        let body = json!({ "from": NUMBER, "to": "1212", "text": text });
        let send = self.client.post(format!("{}/phone/api/send", self.http));
        let sent = send.header("content-type", "application/json").body(body.to_string()).send().await.expect("sent");
        assert_eq!(sent.status(), 200);
        for _ in 0..500 {
            if let Some(answer) = self.answers().await.into_iter().nth(before) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no answer to {text}");
    }

    /// What the phone of a number shows.
    pub async fn phone(&self, number: &str) -> Value {
        let (_, history) = self.get(format!("{}/phone/api/history?number={number}", self.http)).await;
        serde_json::from_str(&history).expect("JSON")
    }

    async fn answers(&self) -> Vec<Value> {
        let history = self.phone(NUMBER).await;
        let entries = history["entries"].as_array().expect("entries").iter();
        entries.filter(|entry| entry["event"] == "text").cloned().collect()
    }

    async fn kiosk(&self, lang: &str, code: &str) -> String {
        let form = format!("digits={}&at=&key=ok", code.replace('-', ""));
        let post = self.client.post(format!("{}/kiosk/{lang}/check", self.http));
        let post = post.header("content-type", "application/x-www-form-urlencoded").body(form);
        post.send().await.expect("an answer").text().await.expect("a page")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tryout_answers_phone_and_kiosk_alike_and_stops_when_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").to_str().expect("UTF-8").to_owned();
    let mut tryout = Tryout::start(&data, &[]);
    for (text, segments) in [(CODE, 1), ("STATUS 120500 26 048193 7", 1), ("១២០៥០០២៦០៤៨១៩៣៧", 1)]
    {
        let answer = tryout.text(text).await;
        assert!(answer["text"].as_str().expect("text").contains(CODE), "{answer}");
        assert_eq!(answer["segments"], segments, "{answer}");
    }
    let sms = tryout.text(CODE).await["text"].as_str().expect("text").to_owned();
    let page = tryout.kiosk("km", CODE).await;
    assert!(sms.contains("កំពុងពិនិត្យ") && page.contains("កំពុងពិនិត្យ") && page.contains("ដង្កោ"), "{sms}");
    assert!(tryout.kiosk("en", "120500-26-048193-8").await.contains("digit"));
    tryout.text("120500-26-000001-6").await;

    assert_eq!(tryout.get(format!("{}/readyz?links", tryout.ops)).await.0, 200);
    // an answer is counted when it was written, and may be read before that
    let counted = "chrak_answer_seconds_count{channel=\"sms\"} 5";
    let mut metrics = String::new();
    for _ in 0..100 {
        metrics = tryout.get(format!("{}/metrics", tryout.ops)).await.1;
        if metrics.contains(counted) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for name in [
        "chrak_mo_total",
        "chrak_mt_total",
        counted,
        "chrak_lookup_failures_total{reason=\"mistyped\"} 1",
        "chrak_lookup_failures_total{reason=\"not_found\"} 1",
        "chrak_commit_seconds",
        "chrak_bind_up",
        "chrak_portal_seconds",
    ] {
        assert!(metrics.contains(name), "{name} in\n{metrics}");
    }
    assert!(tryout.get(format!("{}/console?lang=en", tryout.ops)).await.1.contains("All well"));
    let (status, page) = tryout.get(format!("{}/no-such-page", tryout.http)).await;
    assert!(status == 404 && page.contains("/kiosk"));

    tryout.program.signal("TERM");
    assert_eq!(tryout.program.ended(Duration::from_secs(25)).code(), Some(0), "{}", tryout.program.log);
    let again = Tryout::start(&data, &[]);
    assert!(again.text(CODE).await["text"].as_str().expect("text").contains(CODE));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_holds_a_number_a_code_a_text_or_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").to_str().expect("UTF-8").to_owned();
    let mut tryout = Tryout::start(&data, &[("RUST_LOG", "trace,sqlx=debug")]);
    for text in [CODE, "CANARYWORD", "120500-26-048193-8", "STOP"] {
        tryout.text(text).await;
    }
    tryout.kiosk("km", CODE).await;
    tryout.program.signal("TERM");
    tryout.program.ended(Duration::from_secs(25));
    let log = tryout.program.listen();
    // What the banner prints to try is meant to be seen.
    let log: String = log.lines().filter(|line| !line.starts_with("      1205")).collect::<Vec<_>>().join("\n");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the canary must have had a chance");
    for canary in [NUMBER, "0970001", "048193", "CANARYWORD", "កំពុងពិនិត្យ", "Bearer try-out"]
    {
        let line = log.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "{canary}");
    }
}

#[test]
fn what_cannot_start_says_why_in_one_line_with_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").to_string();
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let good = std::fs::read_to_string(program::config(folder.path(), nowhere, nowhere, "")).expect("a file");
    let file = |name: &str, text: String| {
        std::fs::write(at(name), text).expect("written");
        at(name)
    };
    let unknown = file("unknown.toml", good.replace("[ops]", "[ops]\nlisen = 1"));
    let missing = file("missing.toml", good.replace("token = \"t\"", "token_file = \"nowhere.txt\""));
    let busy = file("busy.toml", good.replacen("127.0.0.1:0", &port, 1));
    let folder_is_file = file("folder.toml", good.replace("data_dir = \"data\"", "data_dir = \"unknown.toml\""));
    std::fs::write(at("text.db"), "this is no database, but long enough to be looked at twice").expect("written");
    let no_database = file("nodb.toml", format!("{}\n[database]\nurl = \"sqlite:text.db\"\n", good));
    let node = file("node.toml", format!("{good}\n[database]\nurl = \"postgres://db/chrak\"\nnode = \"\"\n"));
    let audit = file("audit.toml", format!("{}\n[retention]\naudit_days = 0\n", good));
    let ids = file("ids.toml", format!("{good}message_id = \"hash\"\n"));
    let retry = file("retry.toml", format!("{good}retry = {{ \"0x45\" = \"never\" }}\n"));
    let absent = at("absent.toml");
    // another program may hold the ports that are usual
    let free = "127.0.0.1:0";
    for (words, code, parts) in [
        (vec!["serve", "--config", &unknown], 78, vec!["unknown.toml", "lisen", "listen"]),
        (vec!["serve", "--config", &missing], 78, vec!["portal.token_file", "nowhere.txt"]),
        (vec!["serve", "--config", &node], 78, vec!["database.node", "1 to 64 octets"]),
        (vec!["serve", "--config", &audit], 78, vec!["retention.audit_days", "0 is not between 1 and"]),
        (vec!["serve", "--config", &ids], 78, vec!["smsc[0].message_id", "auto, exact, hex, decimal"]),
        (vec!["check", "--config", &retry], 78, vec!["smsc[0].retry", "0x45", "retry, permanent, throttle"]),
        (vec!["serve", "--config", &absent], 78, vec!["absent.toml"]),
        (vec!["serve", "--config", &busy], 1, vec!["in use", &port, "http.listen"]),
        (vec!["serve", "--config", &folder_is_file], 1, vec!["unknown.toml"]),
        (vec!["serve", "--config", &no_database], 1, vec!["text.db", "not a database"]),
        (vec!["--smsc", &port, "--http", free, "--ops", free, "--data", &absent], 1, vec!["in use", "--smsc"]),
        (vec!["--http", "0.0.0.0:0"], 2, vec!["--http", "loopback"]),
        (vec!["serve"], 2, vec!["--config"]),
        (vec!["pdu", "decode", "0g"], 2, vec!["hex"]),
    ] {
        let said = run(&words);
        assert_eq!(said.code, Some(code), "{words:?}: {}", said.err);
        assert!(parts.iter().all(|part| said.err.contains(part)), "{words:?}: {}", said.err);
        let lines = said.err.lines().count();
        assert!(lines == 1 || code == 2, "{words:?}: {}", said.err);
    }
}

#[test]
fn a_pdu_is_explained() {
    let said = run(&["pdu", "decode", "00000010 00000015 00000000 00000001"]);
    assert_eq!(said.code, Some(0));
    assert!(said.out.contains("enquire_link") && said.out.contains("sequence_number"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telco_that_is_down_does_not_stop_serve_and_check_tells_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let config = program::config(folder.path(), nowhere, nowhere, "");
    let config = config.to_str().expect("UTF-8");
    let said = run(&["check", "--config", config, "--bind"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("ok    database") && said.out.contains("FAIL  portal"), "{}", said.out);
    assert!(said.out.contains("FAIL  smsc \"test\""), "{}", said.out);

    let mut program = Program::start(&["--log-format", "json", "serve", "--config", config], &[]);
    let ready: Value = serde_json::from_str(&program.said("\"ready\"")).expect("a JSON line");
    assert_eq!(ready["message"], "ready");
    let ops = format!("http://{}", ready["ops"].as_str().expect("an address"));
    let client = client();
    let get = |path: &str| client.get(format!("{ops}{path}")).send();
    assert_eq!(get("/readyz").await.expect("an answer").status(), 200);
    assert_eq!(get("/readyz?links").await.expect("an answer").status(), 503);
    program.signal("INT");
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
}

/// Takes connections and says nothing: a turn that asks it stays in hand.
async fn silent_portal() -> (std::net::SocketAddr, tokio::sync::mpsc::Receiver<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let (asked, asks) = tokio::sync::mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let asked = asked.clone();
            tokio::spawn(async move {
                let mut stream = stream;
                let mut head = [0; 64];
                // a connection that is only opened asks nothing
                while let Ok(length @ 1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await {
                    // what the server asks for itself is no turn
                    if head[..length].starts_with(b"GET /v1/applications/") {
                        let _ = asked.try_send(());
                    }
                }
            });
        }
    });
    (address, asks)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_stops_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (portal, mut asks) = silent_portal().await;
    let telco = app::telco().await;
    let config = program::config(folder.path(), telco.addr(), portal, "");
    let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
    telco.bound().await;
    telco.send_mo(NUMBER, "1212", CODE).expect("taken");
    asks.recv().await.expect("the turn asks the portal");
    program.signal("TERM");
    program.said("stopping");
    program.signal("TERM");
    assert_eq!(program.ended(Duration::from_secs(2)).code(), Some(1));
    telco.stop().await;
}

/// The MO that is in hand whenever the process dies, alone twice, is given up with one apology; another that
/// was in hand at the first death is not.
#[tokio::test(flavor = "multi_thread")]
async fn an_mo_that_ends_the_process_alone_twice_is_given_up_with_an_apology() {
    let folder = tempfile::tempdir().expect("a folder");
    let (portal, mut asks) = silent_portal().await;
    let telco = app::telco().await;
    let config = program::config(folder.path(), telco.addr(), portal, "");
    let config = config.to_str().expect("UTF-8").to_owned();
    let start = || Program::start(&["serve", "--config", &config], &[]);
    let program = start();
    telco.bound().await;
    telco.send_mo(NUMBER, "1212", CODE).expect("taken");
    asks.recv().await.expect("the first turn asks");
    program.kill();
    for _ in 0..2 {
        while asks.try_recv().is_ok() {}
        let program = start();
        asks.recv().await.expect("it is tried alone");
        program.kill();
    }
    let mut program = start();
    let mut texts = Vec::new();
    for _ in 0..500 {
        texts = telco.snapshot().mt.into_iter().map(|mt| mt.text).collect();
        if !texts.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(texts.len() == 1 && texts[0].starts_with("សូមអភ័យទោស"), "{texts:?}");
    program.signal("TERM");
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    telco.stop().await;
}
