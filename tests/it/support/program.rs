//! The program itself as a child process, with a configuration of the test's own. It is the file that ships, never the
//! one that cargo builds beside the tests: that one has features which only dependencies of tests switch on.
use super::shipped::{self, shipped};
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A `chrak` command with nothing of this process's environment that would change it.
pub fn chrak() -> Command {
    let mut command = shipped::command();
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

#[test]
fn a_program_that_does_not_ship_is_never_driven() {
    let why = shipped(None).expect_err("nothing is named");
    assert!(why.contains("cargo build --release --locked") && why.contains("tests/run"), "{why}");
    let why = shipped(Some("/nowhere/chrak".into())).expect_err("there is no such file");
    assert!(why.contains("/nowhere/chrak"), "{why}");
    let why = shipped(Some(env!("CARGO_BIN_EXE_chrak").into())).expect_err("it has the features of the tests");
    assert!(why.contains("not what ships"), "{why}");
}

/// What every client needs before it is built; whichever test comes first does it.
pub fn with_tls() {
    // several tests of one process install it; the first one does
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A browser of no kind: asks over HTTP, keeps nothing.
pub fn client() -> reqwest::Client {
    client_builder().build().expect("a client")
}

/// For a client with habits of its own.
pub fn client_builder() -> reqwest::ClientBuilder {
    with_tls();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10))
}

/// What a finished `chrak` said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs `chrak` to its end.
pub fn run(words: &[&str]) -> Said {
    let output = chrak().args(words).output().expect("the program can be run");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("what it says is UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A running `chrak`; killed when dropped.
pub struct Program {
    child: Child,
    lines: mpsc::Receiver<String>,
    /// What it has said so far.
    pub log: String,
}

impl Program {
    /// Starts it. Its standard output is read on a thread, so that it never waits for us.
    pub fn start(words: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = chrak();
        command.args(words).envs(environment.iter().copied());
        Self::of(command)
    }

    /// As [`Program::start`], with so many files open at once at most.
    pub fn start_with_files(files: u32, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new("sh");
        let program = shipped(std::env::var_os("CHRAK_BIN")).unwrap_or_else(|why| panic!("{why}"));
        command.args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")]).arg(program);
        command.env_remove("RUST_LOG").args(words).envs(environment.iter().copied());
        Self::of(command)
    }

    /// Starts what a command says, which may be the program inside something else.
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be run");
        let (tell, lines) = mpsc::channel();
        let out = child.stdout.take().expect("piped");
        let err = child.stderr.take().expect("piped");
        for stream in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let tell = tell.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if tell.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Program { child, lines, log: String::new() }
    }

    /// Waits for a line that holds `word` and returns it.
    pub fn said(&mut self, word: &str) -> String {
        let end = Instant::now() + READY_WITHIN;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.log.push_str(&line);
                    self.log.push('\n');
                    if line.contains(word) {
                        return line;
                    }
                }
                Err(_) => panic!("\"{word}\" was not said; it said:\n{}", self.log),
            }
        }
    }

    /// What else it said until now.
    pub fn listen(&mut self) -> &str {
        while let Ok(line) = self.lines.try_recv() {
            self.log.push_str(&line);
            self.log.push('\n');
        }
        &self.log
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: it gets no word in.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ended");
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill can be run");
        assert!(sent.success(), "signal {name}");
    }

    /// Whether it has ended by itself, and how.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it can be waited for")
    }

    /// Waits for its end.
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let end = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                self.listen();
                return status;
            }
            assert!(Instant::now() < end, "it did not end within {within:?}; it said:\n{}", self.listen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration file in `folder` for one telco and one portal on loopback, without limits.
pub fn config(folder: &Path, smsc: SocketAddr, portal: SocketAddr, more: &str) -> PathBuf {
    let path = folder.join("chrak.toml");
    let text = format!(
        r#"data_dir = "data"
[http]
listen = "127.0.0.1:0"
[ops]
listen = "127.0.0.1:0"
[kiosk]
pairing = "off"
[portal]
url = "http://{portal}"
token = "t"
[limits]
failed_lookups_per_number = {{ per_15_min = 0, per_day = 0 }}
replies_per_number = {{ per_min = 0, per_day = 0 }}
dialogue_turns_per_number_per_day = 0
[[smsc]]
name = "test"
address = "{smsc}"
system_id = "chrak"
password = "secret"
reconnect_max_s = 1
{more}"#
    );
    std::fs::write(&path, text).expect("the configuration can be written");
    path
}
