//! The running program with a paired kiosk, a signed-in operator and an agency, each door behind a mirror; and the two
//! scanners that are sent to it.
use super::{
    app,
    hall::shown_digits,
    mirror::Mirror,
    program::{Program, client_builder, run},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::Telco,
};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

pub const AGENCY: &str = "token-of-an-agency-that-is-scanned";
const OPERATOR: &str = "token-of-an-operator-that-is-scanned";

pub struct Scanned {
    pub pages: Mirror,
    pub ops: Mirror,
    /// Cookies of the paired kiosk and of the operator who signed in.
    pub kiosk: String,
    pub operator: String,
    pub folder: tempfile::TempDir,
    program: Program,
    telco: Telco,
    portal: Portal,
}

impl Scanned {
    /// With every default that a key has, and what `more` changes.
    pub async fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let telco = app::telco().await;
        let stands = PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay: Duration::ZERO,
            db: None,
            stands_at: None,
        };
        let portal = Portal::start(stands).await.expect("the sandbox portal starts");
        let (http, ops) = (free_port(), free_port());
        let config = folder.path().join("chrak.toml");
        let text = format!(
            "data_dir = \"data\"\n[http]\nlisten = \"{http}\"\n[ops]\nlisten = \"{ops}\"\ntoken = \"{OPERATOR}\"\n\
             [portal]\nurl = \"http://{}\"\ntoken = \"t\"\n[[agency]]\nname = \"owso\"\ntoken = \"{AGENCY}\"\n\
             [[smsc]]\nname = \"test\"\naddress = \"{}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n{more}",
            portal.addr(),
            telco.addr()
        );
        std::fs::write(&config, text).expect("the configuration can be written");
        let config = config.to_str().expect("UTF-8");
        let mut program = Program::start(&["serve", "--config", config], &[]);
        program.said("ready");
        telco.bound().await;
        let (http, ops) = (format!("http://{http}"), format!("http://{ops}"));
        let (kiosk, operator) = (paired(&http, config).await, signed_in(&ops).await);
        let (pages, ops) = (Mirror::before(&http).await, Mirror::before(&ops).await);
        Scanned { pages, ops, kiosk, operator, folder, program, telco, portal }
    }

    /// Ends it: what it logged meanwhile.
    pub async fn stop(mut self) -> String {
        let log = self.program.listen().to_owned();
        drop(self.program);
        self.telco.stop().await;
        self.portal.stop().await;
        log
    }
}

fn free_port() -> std::net::SocketAddr {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    taken.local_addr().expect("its address")
}

fn browser() -> reqwest::Client {
    client_builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// The first cookie that an answer sets, as it is sent back.
fn cookie(answer: &reqwest::Response) -> String {
    let set = answer.headers().get("set-cookie").unwrap_or_else(|| panic!("no cookie with {}", answer.status()));
    set.to_str().expect("text").split(';').next().expect("a cookie").to_owned()
}

async fn paired(http: &str, config: &str) -> String {
    let first = format!("{http}/kiosk");
    let get = |cookie: String| browser().get(&first).header("cookie", cookie).send();
    let waiting = cookie(&browser().post(&first).form(&[("key", "pair")]).send().await.expect("an answer"));
    let page = get(waiting.clone()).await.expect("an answer").text().await.expect("a page");
    let digits = shown_digits(&page).expect("digits");
    let said = run(&["kiosk", "pair", &digits, "--office", "owso-1205", "--config", config]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    cookie(&get(waiting).await.expect("an answer"))
}

async fn signed_in(ops: &str) -> String {
    let post = browser().post(format!("{ops}/console/sign-in")).form(&[("token", OPERATOR)]);
    cookie(&post.send().await.expect("an answer"))
}

/// Whether the scanners are to do all that they can, which takes an hour: CHRAK_SCAN=all.
pub fn thorough() -> bool {
    std::env::var("CHRAK_SCAN").is_ok_and(|given| given == "all")
}

fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/.venv-scanners/bin").join(name);
    assert!(path.exists(), "{} is missing; tests/run installs it", path.display());
    path
}

/// Runs it on a thread of its own: the servers of the test go on meanwhile.
async fn end_of(command: &mut Command) -> Output {
    let mut command = std::mem::replace(command, Command::new("true"));
    let run = move || command.stdin(Stdio::null()).output().expect("the scanner can be run");
    tokio::task::spawn_blocking(run).await.expect("it ended")
}

/// What kind of fault, at which place.
pub type Finding = (String, String);

/// wapiti: what it found. Its modules that call a host on the Internet (ssrf, xxe, log4shell) are left out, and those
/// that look for products that are not here.
pub async fn wapiti(folder: &Path, modules: &str, words: &[&str]) -> Vec<Finding> {
    let mut command = Command::new(tool("wapiti"));
    let report = folder.join("report.json");
    command.current_dir(folder).args(["-m", modules, "-f", "json", "-o"]).arg(&report);
    command.args(["-v", "0", "--no-bugreport", "--flush-session", "--store-session", "seen", "--store-config", "kept"]);
    if !thorough() {
        command.args(["-d", "2", "--max-links-per-page", "12", "--max-files-per-dir", "24"]);
        command.args(["--max-scan-time", "20", "--max-attack-time", "2"]);
    }
    let output = end_of(command.args(words)).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let read = std::fs::read(&report).unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    let report: serde_json::Value = serde_json::from_slice(&read).expect("JSON");
    let kinds = ["vulnerabilities", "anomalies"].iter().flat_map(|kind| report[*kind].as_object().expect("kinds"));
    let all = kinds.flat_map(|(kind, found)| found.as_array().into_iter().flatten().map(move |one| (kind, one)));
    let place = |one: &serde_json::Value| format!("{} {}", text(&one["method"]), nameless(text(&one["path"])));
    let mut found: Vec<Finding> = all.map(|(kind, one)| (kind.clone(), place(one))).collect();
    found.sort();
    found.dedup();
    found
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A path without the name of the one kiosk that is there.
pub fn nameless(path: &str) -> String {
    let steps = path.split('/').map(|step| if step.starts_with("k-") { "{id}" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

/// sqlmap: whether a parameter can be injected; what it said, if so.
pub async fn sqlmap(folder: &Path, words: &[&str]) -> Option<String> {
    let mut command = Command::new(tool("sqlmap"));
    command.current_dir(folder).env("HOME", folder).args(["--batch", "--disable-coloring", "--flush-session"]);
    command.args(["--output-dir", "sqlmap", "--retries", "0", "--timeout", "10", "--skip-waf"]);
    command.args(["--ignore-code", "400,403,404,405,409,410,415,422,429", "--answers", "apply it=N"]);
    let slice = ["--level", "1", "--risk", "1", "--technique", "BEU"];
    let all = ["--level", "3", "--risk", "2", "--technique", "BEUSTQ"];
    command.args(if thorough() { all } else { slice });
    let output = end_of(command.args(words)).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if said.contains("do not appear to be injectable") {
        return None;
    }
    assert!(said.contains("identified the following injection point"), "sqlmap did not come to an end: {said}");
    Some(said)
}
