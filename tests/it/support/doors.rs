//! The program's two listeners, met octet by octet.
use super::{app, program::Program};
use chrak::sandbox::telco::Telco;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};

/// Longest that an answer is waited for.
const WITHIN: Duration = Duration::from_secs(10);

pub struct Doors {
    pub program: Program,
    pub telco: Telco,
    pub http: SocketAddr,
    pub ops: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Doors {
    /// With these variables over the configuration.
    pub async fn open(environment: &[(&str, &str)]) -> Self {
        Self::start(|words| Program::start(words, environment)).await
    }

    /// With so many files at most.
    pub async fn with_files(files: u32) -> Self {
        Self::start(|words| Program::start_with_files(files, words, &[])).await
    }

    async fn start(start: impl FnOnce(&[&str]) -> Program) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let telco = app::telco().await;
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let config = super::program::config(folder.path(), telco.addr(), nowhere, "");
        let mut program = start(&["serve", "--config", config.to_str().expect("UTF-8")]);
        let ready = program.said("ready");
        let at = |key: &str| {
            let value = ready.split(&format!("{key}=")).nth(1).and_then(|rest| rest.split_whitespace().next());
            value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {key} in \"{ready}\""))
        };
        let (http, ops) = (at("http"), at("ops"));
        Doors { program, telco, http, ops, _folder: folder }
    }

    pub async fn close(self) {
        drop(self.program);
        self.telco.stop().await;
    }
}

/// A connection from an address of this machine.
pub async fn connect(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(to).await
}

/// An answer: its status, head and body, and how long it took.
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub took: Duration,
}

impl Got {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The cookie that it sets, as it is sent back.
    pub fn cookie(&self) -> String {
        let cookie = self.header("set-cookie").unwrap_or_else(|| panic!("no cookie in {}", self.head));
        cookie.split(';').next().expect("a pair").to_owned()
    }
}

/// The first lines of a request, without the one that ends them.
pub fn get(path: &str, host: &str, more: &[&str]) -> String {
    let more: String = more.iter().map(|line| format!("{line}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}")
}

/// A form, whole.
pub fn post(path: &str, host: &str, more: &[&str], body: &str) -> String {
    let more: String = more.iter().map(|line| format!("{line}\r\n")).collect();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{kind}\r\nContent-Length: {}\r\n{more}Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Asks from an address and reads the answer to its end; `None` where the connection was closed without one.
pub async fn ask_from(from: [u8; 4], to: SocketAddr, request: &str) -> Option<Got> {
    let begun = Instant::now();
    let whole = if request.contains("\r\n\r\n") { String::new() } else { "Connection: close\r\n\r\n".to_owned() };
    let mut octets = Vec::new();
    let asked = async {
        let mut stream = connect(from, to).await?;
        stream.write_all(format!("{request}{whole}").as_bytes()).await?;
        stream.read_to_end(&mut octets).await
    };
    let _ = timeout(WITHIN, asked).await;
    let text = String::from_utf8_lossy(&octets).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Got { status, head: head.to_owned(), body: body.to_owned(), took: begun.elapsed() })
}

/// As [`ask_from`], from the usual address, with an answer.
pub async fn ask(to: SocketAddr, request: &str) -> Got {
    ask_from([127, 0, 0, 1], to, request).await.unwrap_or_else(|| panic!("no answer to {request}"))
}
