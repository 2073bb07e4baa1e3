//! Kannel's bearerbox, which nobody here wrote, as an ESME of the sandbox telco: what the product's tests are made with is
//! an SMSC to others, too. Its smsbox fetches answers from a page of the test and sends what the test asks it to send.
use crate::support::{app, program::client};
use chrak::sandbox::telco::{
    Telco, TelcoConfig,
    ledger::{MoState, MtEntry},
};
use std::{
    net::{SocketAddr, TcpListener as Port},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const KHMER: &str = "ពាក្យស្នើសុំរបស់អ្នកកំពុងពិនិត្យ";
/// What the page answers.
const ANSWER: &str = "In review at the office (1 @ 3)";
const PATIENCE: Duration = Duration::from_secs(20);

/// What the smsbox asks this page for, and what it is answered.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<String>>>);

impl Page {
    async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("its address");
        let asked = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(octet) = stream.read_u8().await else { break };
                    head.push(octet);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let body = if path.starts_with("/mo") { ANSWER } else { "" };
                asked.lock().expect("pages").push(path);
                let length = body.len();
                let said = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                // who has gone reads nothing
                drop(stream.write_all(said.as_bytes()).await);
            }
        });
        addr
    }

    /// The `count`-th request that begins so.
    async fn asked(&self, start: &str, count: usize) -> String {
        let found = app::eventually(PATIENCE, || {
            self.0.lock().expect("pages").iter().filter(|path| path.starts_with(start)).nth(count - 1).cloned()
        });
        found.await.unwrap_or_else(|| panic!("no {count}. {start}: {:#?}", self.0.lock().expect("pages")))
    }
}

/// One of Kannel's programs; ended when dropped.
struct Daemon(Child);

impl Daemon {
    fn start(name: &str, config: &Path) -> Self {
        let out = std::fs::File::create(config.with_extension(name)).expect("a file");
        let err = out.try_clone().expect("the same file");
        let child = Command::new(name).arg(config).stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        Daemon(child.unwrap_or_else(|fault| panic!("{name} cannot be run: {fault}; run: apt-get install kannel")))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // already ended is as good
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    Port::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port").port()
}

/// Kannel's configuration, with the port of its sendsms.
fn configured(folder: &Path, telco: SocketAddr, page: SocketAddr) -> (PathBuf, u16) {
    let (admin, boxes, sendsms, port) = (free_port(), free_port(), free_port(), telco.port());
    let text = format!(
        "group = core\nadmin-port = {admin}\nadmin-interface = 127.0.0.1\nadmin-password = secret\nsmsbox-port = {boxes}\n\
         smsbox-interface = 127.0.0.1\nbox-allow-ip = 127.0.0.1\ndlr-storage = internal\n\n\
         group = smsc\nsmsc = smpp\nsmsc-id = telco\nhost = 127.0.0.1\nport = {port}\ntransceiver-mode = true\n\
         smsc-username = kannel\nsmsc-password = secret\nsystem-type = VMA\ninterface-version = 34\n\
         enquire-link-interval = 2\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {sendsms}\nsendsms-interface = 127.0.0.1\n\n\
         group = sendsms-user\nusername = tester\npassword = secret\nconcatenation = true\nmax-messages = 5\n\n\
         group = sms-service\nkeyword = default\nget-url = \"http://{page}/mo?from=%p&to=%P&text=%a\"\ncatch-all = true\n\
         concatenation = true\nmax-messages = 5\n"
    );
    let path = folder.join("kannel.conf");
    std::fs::write(&path, text).expect("written");
    (path, sendsms)
}

async fn sent(telco: &Telco, to: &str, count: usize) -> MtEntry {
    let found =
        app::eventually(PATIENCE, || telco.snapshot().mt.into_iter().filter(|mt| mt.to.ends_with(to)).nth(count - 1));
    found.await.unwrap_or_else(|| panic!("no {count}. text to {to}: {:#?}", telco.snapshot()))
}

/// Asks the smsbox to send; it may not be there yet.
async fn ask_to_send(sendsms: u16, query: &str) {
    let url = format!("http://127.0.0.1:{sendsms}/cgi-bin/sendsms?username=tester&password=secret&from=1212&{query}");
    for _ in 0..100 {
        if let Ok(answer) = client().get(&url).send().await {
            assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap_or_default());
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the smsbox is not there");
}

fn encoded(text: &str) -> String {
    text.bytes().map(|octet| format!("%{octet:02x}")).collect()
}

/// As `%a` writes a text of UCS-2.
fn utf16(text: &str) -> String {
    text.encode_utf16().flat_map(u16::to_be_bytes).map(|octet| format!("%{octet:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kannel_is_served_by_the_sandbox_telco_both_ways_and_told_of_delivery() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = TelcoConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        system_id: Some("kannel".into()),
        password: Some("secret".into()),
        ..TelcoConfig::default()
    };
    let telco = Telco::start(config).await.expect("the sandbox telco starts");
    let page = Page::default();
    let at = page.serve().await;
    let (config, sendsms) = configured(folder.path(), telco.addr(), at);
    let bearerbox = Daemon::start("bearerbox", &config);
    let bound = tokio::time::timeout(PATIENCE, telco.bound()).await;
    let said = || std::fs::read_to_string(config.with_extension("bearerbox")).expect("its log");
    bound.unwrap_or_else(|_| panic!("it does not bind: {}", said()));
    assert_eq!(telco.binds()[0].kind, "trx");
    let smsbox = Daemon::start("smsbox", &config);

    // to a phone: in one alphabet, in the other, in parts; and what became of it
    let report = encoded(&format!("http://{at}/dlr?state=%d"));
    ask_to_send(sendsms, &format!("to=85510000801&text=Hello+from+Kannel&dlr-mask=31&dlr-url={report}")).await;
    let mt = sent(&telco, "85510000801", 1).await;
    assert_eq!(
        (mt.text.as_str(), mt.segments, mt.from.as_str(), mt.registered & 1),
        ("Hello from Kannel", 1, "1212", 1)
    );
    page.asked("/dlr?state=1", 1).await;
    ask_to_send(sendsms, &format!("to=85510000802&coding=2&charset=UTF-8&text={}", encoded(KHMER))).await;
    assert_eq!(sent(&telco, "85510000802", 1).await.text, KHMER);
    let long = "A text of more than one segment. ".repeat(9);
    ask_to_send(sendsms, &format!("to=85510000803&text={}", encoded(long.trim_end()))).await;
    let mt = sent(&telco, "85510000803", 1).await;
    assert_eq!((mt.text.trim_end(), mt.segments), (long.trim_end(), 2));

    // from a phone, and back to it
    for (from, text) in [("85510000804", "STATUS 120500-26-048193-7"), ("85510000805", KHMER), ("85510000806", &long)] {
        telco.send_mo(from, "1212", text).expect("taken");
        assert_eq!(sent(&telco, from, 1).await.text, ANSWER, "{from}");
    }
    let asked: Vec<String> =
        page.0.lock().expect("pages").iter().filter(|path| path.starts_with("/mo")).cloned().collect();
    assert_eq!(asked.len(), 3, "parts come as one text: {asked:#?}");
    assert!(asked[0].contains("from=%2B85510000804&to=%2B1212&text=STATUS+120500-26-048193-7"), "{asked:#?}");
    assert!(asked[1].to_lowercase().ends_with(&utf16(KHMER)), "{asked:#?}");
    let snapshot = telco.snapshot();
    assert!(snapshot.mo.iter().all(|mo| mo.state == MoState::Accepted && mo.times_sent == u32::from(mo.segments)));
    assert!(snapshot.violations.is_empty(), "{:#?}", snapshot.violations);
    drop((smsbox, bearerbox));
    telco.stop().await;
}
