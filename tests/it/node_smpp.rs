//! The SMSC is node-smpp, which nobody here wrote: its encoder, its decoder, its idea of SMPP 3.4.
use crate::support::program::{self, Program};
use chrak::sandbox::portal::{Portal, PortalConfig};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

struct Node {
    child: Child,
    lines: mpsc::Receiver<Value>,
    seen: Vec<Value>,
}

impl Node {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
        assert!(folder.join("node_modules/smpp").exists(), "node-smpp is missing; run: (cd tests/node && npm ci)");
        let mut command = Command::new("node");
        let mut child = command
            .arg(folder.join("smsc.mjs"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be run; apt-get install nodejs npm");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if tell.send(value).is_err() {
                    return;
                }
            }
        });
        Node { child, lines, seen: Vec::new() }
    }

    /// Waits until something of that kind has been seen `count` times, and returns all of them.
    fn wait(&mut self, event: &str, count: usize) -> Vec<Value> {
        loop {
            let found: Vec<Value> = self.seen.iter().filter(|line| line["event"] == event).cloned().collect();
            if found.len() >= count {
                return found;
            }
            let line = self.lines.recv_timeout(Duration::from_secs(20));
            self.seen.push(line.unwrap_or_else(|_| panic!("{count} {event} awaited; seen: {:#?}", self.seen)));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_smpp_as_the_smsc_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = ([127, 0, 0, 1], 0).into();
    let portal = Portal::start(PortalConfig { listen, token: None, delay: Duration::ZERO, db: None, stands_at: None });
    let portal = portal.await.expect("the sandbox portal starts");
    let mut node = Node::start();
    let port = node.wait("listening", 1)[0]["port"].as_u64().expect("a port");
    let smsc = ([127, 0, 0, 1], u16::try_from(port).expect("a port")).into();
    let config = program::config(folder.path(), smsc, portal.addr(), "");
    let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);

    node.wait("played", 1);
    let bind = &node.wait("bind", 1)[0];
    assert_eq!((&bind["good"], &bind["version"]), (&true.into(), &0x34.into()));
    assert_eq!(node.wait("enquire_link_resp", 1)[0]["status"], 0);
    for resp in node.wait("deliver_sm_resp", 7) {
        assert_eq!(resp["status"], 0, "{resp}");
    }
    assert_eq!(node.wait("odd_resp", 1)[0]["status"], 3, "a request that an ESME does not take: ESME_RINVCMDID");
    // Seven MOs, of which each is answered; the receipt of each answer is taken.
    let submits = node.wait("submit_sm", 7);
    for submit in &submits {
        assert_eq!((&submit["from"], &submit["ton"], &submit["npi"]), (&"1212".into(), &1.into(), &1.into()));
        assert_eq!(submit["registered"], 1);
        assert!(!submit["validity"].to_string().is_empty(), "{submit}");
    }
    for (to, words) in [("85510000101", "កំពុងពិនិត្យ"), ("85510000102", "កំពុងពិនិត្យ"), ("85510000103", "In review")]
    {
        let answer = submits.iter().find(|submit| submit["to"] == to).unwrap_or_else(|| panic!("{to}: {submits:#?}"));
        let text = answer["text"].as_str().expect("a text");
        assert!(text.contains("120500-26-048193-7") && text.contains(words), "{to}: {text}");
    }
    for resp in node.wait("receipt_resp", 7) {
        assert_eq!(resp["status"], 0, "{resp}");
    }
    program.signal("TERM");
    node.wait("unbind", 1);
    assert_eq!(program.ended(Duration::from_secs(25)).code(), Some(0), "{}", program.log);
    assert!(!node.seen.iter().any(|line| line["event"] == "error"), "{:#?}", node.seen);
    portal.stop().await;
}
