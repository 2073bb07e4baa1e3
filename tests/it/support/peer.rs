//! A peer that nobody here wrote, as a child process: it prints what it sees, a JSON object a line.
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

pub struct Peer {
    child: Child,
    lines: mpsc::Receiver<Value>,
    pub seen: Vec<Value>,
}

impl Peer {
    /// A script of `tests/node`.
    pub fn node(script: &str, words: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
        assert!(folder.join("node_modules/smpp").exists(), "node-smpp is missing; run: (cd tests/node && npm ci)");
        let mut command = Command::new("node");
        command.arg(folder.join(script)).args(words);
        Self::start(command, "node can be run; apt-get install nodejs npm")
    }

    /// A script of `tests/perl`.
    pub fn perl(script: &str, words: &[&str]) -> Self {
        let there = Command::new("perl").args(["-MNet::SMPP", "-e", "1"]).stderr(Stdio::null()).status();
        let there = there.is_ok_and(|status| status.success());
        assert!(there, "Net::SMPP is missing; run: apt-get install libnet-smpp-perl");
        let mut command = Command::new("perl");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/perl").join(script)).args(words);
        Self::start(command, "perl can be run; apt-get install perl")
    }

    /// A script of `tests/python` that needs the standard library only.
    pub fn python(script: &str, words: &[&str]) -> Self {
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script)).args(words);
        Self::start(command, "python3 can be run; apt-get install python3")
    }

    /// A script of `tests/python` in a locked set of its own.
    pub fn python_of(script: &str, set: &str) -> Self {
        Self::python_with(script, set, &[])
    }

    /// The same, with these words.
    pub fn python_with(script: &str, set: &str, words: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
        let python = folder.join(set).join("bin/python");
        assert!(python.exists(), "{} is missing; tests/run makes it", python.display());
        let mut command = Command::new(python);
        command.arg(folder.join(script)).args(words);
        Self::start(command, "python can be run; apt-get install python3 python3-venv")
    }

    fn start(mut command: Command, missing: &str) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect(missing);
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
        Peer { child, lines, seen: Vec::new() }
    }

    /// Waits until something of that kind has been seen `count` times, and returns all of them.
    pub fn wait(&mut self, event: &str, count: usize) -> Vec<Value> {
        loop {
            let found: Vec<Value> = self.seen.iter().filter(|line| line["event"] == event).cloned().collect();
            if found.len() >= count {
                return found;
            }
            let line = self.lines.recv_timeout(Duration::from_secs(20));
            self.seen.push(line.unwrap_or_else(|_| panic!("{count} {event} awaited; seen: {:#?}", self.seen)));
        }
    }

    /// Takes note of what it has said until now.
    pub fn listen(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.seen.push(line);
        }
    }

    /// Where it listens.
    pub fn port(&mut self) -> u16 {
        let port = self.wait("listening", 1)[0]["port"].as_u64().expect("a port");
        u16::try_from(port).expect("a port")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
