//! wapiti and sqlmap, as tests send them to a server.
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

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

/// Modules that look at each page once; what they find is explained, so a busy machine must not cut them short.
const LOOKING: &str = "cookieflags,csp,csrf,http_headers";

/// wapiti: what it found, by looking and by attacking with `modules`. Its modules that call a host on the Internet (ssrf, xxe, log4shell) are left out, and those
/// that look for products that are not here.
pub async fn wapiti(folder: &Path, modules: &str, words: &[&str]) -> Vec<Finding> {
    let mut found = one_run(folder, LOOKING, "60", words).await;
    found.extend(one_run(folder, modules, "2", words).await);
    found
}

async fn one_run(folder: &Path, modules: &str, seconds: &str, words: &[&str]) -> Vec<Finding> {
    let mut said = String::new();
    // on a busy machine it may find its own session locked, and ends without a report
    for _ in 0..3 {
        let report = folder.join("report.json");
        let output = end_of(wapiti_command(folder, modules, seconds).arg("-o").arg(&report).args(words)).await;
        if let Ok(read) = std::fs::read(&report) {
            std::fs::remove_file(&report).expect("it can be removed");
            return findings(&read);
        }
        said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !said.contains("database is locked") {
            break;
        }
    }
    panic!("wapiti made no report: {said}");
}

fn wapiti_command(folder: &Path, modules: &str, seconds: &str) -> Command {
    let mut command = Command::new(tool("wapiti"));
    command.current_dir(folder).args(["-m", modules, "-f", "json", "--tasks", "8"]);
    command.args(["-v", "0", "--no-bugreport", "--flush-session", "--store-session", "seen", "--store-config", "kept"]);
    if !thorough() {
        command.args(["-d", "2", "--max-links-per-page", "40", "--max-files-per-dir", "60"]);
        command.args(["--max-scan-time", "60", "--max-attack-time", seconds]);
    }
    command
}

fn findings(report: &[u8]) -> Vec<Finding> {
    let report: serde_json::Value = serde_json::from_slice(report).expect("JSON");
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
