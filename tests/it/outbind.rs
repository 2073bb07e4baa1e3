//! An SMSC that connects to us and asks to be bound to, made of octets, against the program.
use crate::support::{
    app,
    by_hand::{
        BIND_RECEIVER, BIND_TRANSCEIVER, DELIVER_SM, MISTYPED, OUTBIND, RESP, SUBMIT_SM, UNBIND, read, takes, write,
    },
    certificates::{Ca, Valid},
    program::{self, Program, run},
    smsc::deliver_sm,
};
use std::{
    io::{Read, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// The program with a telco to which it is bound, and where that telco may connect to it.
struct Served {
    program: Program,
    /// The bind that it made itself.
    own: TcpStream,
    outbinds: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With more keys of its telco, to which it must be able to bind in the clear.
    async fn with(tls: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let more = format!("outbind_listen = \"127.0.0.1:0\"\n{tls}");
        let config = program::config(folder.path(), listener.local_addr().expect("its address"), nowhere, &more);
        let mut program = Program::start(&["serve", "--config", config.to_str().expect("UTF-8")], &[]);
        let line = program.said("may connect to us");
        let at = line.split("listen=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let outbinds = at.trim_matches('"').parse().expect("an address");
        let (mut own, _) = listener.accept().await.expect("a connection");
        if tls.is_empty() {
            takes(&mut own, BIND_TRANSCEIVER).await;
        }
        Served { program, own, outbinds, _folder: folder }
    }

    async fn outbind(&self, password: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.outbinds).await.expect("a connection");
        write(&mut stream, OUTBIND, 1, format!("their-smsc\0{password}\0").as_bytes()).await;
        stream
    }
}

/// In what time at most the system is to ask after a connection of the program, and after which: its timer of keepalive, of
/// which it tells in /proc/net/tcp (proc_net_tcp of Linux) in hundredths of a second.
fn asked_within(local: SocketAddr, remote: SocketAddr) -> Option<Duration> {
    let port = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = lines.find(|words| port(words[1]) == Some(local.port()) && port(words[2]) == Some(remote.port()))?;
    let when = line[5].strip_prefix("02:")?;
    Some(Duration::from_millis(u64::from_str_radix(when, 16).expect("hexadecimal") * 10))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_watches_every_connection_whoever_made_it_however_seldom_enquire_link_asks() {
    for (enquire_link_s, most) in [(3_600, 15), (2, 6)] {
        let mut served = Served::with(&format!("enquire_link_s = {enquire_link_s}\n")).await;
        takes(&mut served.own, BIND_TRANSCEIVER).await;
        let mut theirs = served.outbind("secret").await;
        takes(&mut theirs, BIND_RECEIVER).await;
        for stream in [&served.own, &theirs] {
            let (here, there) = (stream.local_addr().expect("ours"), stream.peer_addr().expect("theirs"));
            let asked = app::eventually(Duration::from_secs(2), || asked_within(there, here)).await.expect("watched");
            let most = Duration::from_secs(most);
            assert!(asked <= most && asked + Duration::from_secs(4) > most, "{asked:?} where {most:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_smsc_that_connects_to_us_is_bound_to_and_its_texts_are_answered() {
    let mut served = Served::start().await;
    for again in 0..2 {
        let mut theirs = served.outbind("secret").await;
        let bind = takes(&mut theirs, BIND_RECEIVER).await;
        assert!(bind.starts_with(b"chrak\0secret\0"), "with the account as configured");
        let number = format!("8551000000{again}");
        write(&mut theirs, DELIVER_SM, 7, &deliver_sm(&number, 0, 0, MISTYPED, &[])).await;
        let resp = read(&mut theirs).await.expect("a resp");
        assert_eq!((resp.command, resp.status, resp.sequence), (DELIVER_SM | RESP, 0, 7));
        let answer = read(&mut served.own).await.expect("the answer, over the bind that sends");
        assert_eq!(answer.command, SUBMIT_SM);
        assert!(answer.body.windows(number.len()).any(|part| part == number.as_bytes()));
        write(&mut served.own, SUBMIT_SM | RESP, answer.sequence, b"id\0").await;
        write(&mut theirs, UNBIND, 8, b"").await;
        let resp = read(&mut theirs).await.expect("a resp");
        assert_eq!((resp.command, resp.sequence), (UNBIND | RESP, 8));
        assert!(read(&mut theirs).await.is_none(), "and the end");
    }
    let mut theirs = served.outbind("secret").await;
    takes(&mut theirs, BIND_RECEIVER).await;
    served.program.said("bound");
    served.program.signal("TERM");
    for stream in [&mut theirs, &mut served.own] {
        let unbind = read(stream).await.expect("an unbind");
        assert_eq!(unbind.command, UNBIND);
        write(stream, UNBIND | RESP, unbind.sequence, b"").await;
    }
    assert_eq!(served.program.ended(Duration::from_secs(25)).code(), Some(0), "{}", served.program.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_another_password_is_told_nothing_and_closed() {
    let mut served = Served::start().await;
    for (octets, why) in [
        (b"their-smsc\0hunter2\0".as_slice(), "its password is not that of this account"),
        (b"their-smsc\0", "its outbind cannot be read"),
    ] {
        let mut stranger = TcpStream::connect(served.outbinds).await.expect("a connection");
        write(&mut stranger, OUTBIND, 1, octets).await;
        assert!(read(&mut stranger).await.is_none(), "not an octet of ours");
        let line = served.program.said("outbind refused");
        assert!(line.contains(why) && line.contains("127.0.0.1:"), "{line}");
    }
    let mut prober = TcpStream::connect(served.outbinds).await.expect("a connection");
    prober.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("written");
    assert!(read(&mut prober).await.is_none(), "not an octet of ours");
    // they cost the SMSC nothing
    takes(&mut served.outbind("secret").await, BIND_RECEIVER).await;
    served.program.said("outbind taken");
    let log = served.program.listen();
    assert!(!log.contains("hunter2") && !log.contains("secret"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_connections_are_served_and_the_fifth_waits_for_a_place() {
    let served = Served::start().await;
    let mut bound = Vec::new();
    for _ in 0..4 {
        let mut theirs = served.outbind("secret").await;
        takes(&mut theirs, BIND_RECEIVER).await;
        bound.push(theirs);
    }
    let mut fifth = served.outbind("secret").await;
    let early = timeout(Duration::from_millis(1_500), fifth.read_u32()).await;
    assert!(early.is_err(), "it waits");
    drop(bound.pop());
    takes(&mut fifth, BIND_RECEIVER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbind_listener_that_is_taken_ends_the_start_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let more = format!("outbind_listen = \"127.0.0.1:{port}\"\n");
    let config = program::config(folder.path(), nowhere, nowhere, &more);
    let said = run(&["serve", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let told = format!("port {port} is in use; change smsc[0].outbind_listen or stop the other program");
    assert!(said.err.contains(&told) && said.err.lines().count() == 1, "{}", said.err);
}

/// `openssl s_client` that trusts this CA, as an SMSC's TLS: what is written to the connection goes through it, and back.
async fn through_openssl(to: SocketAddr, ca: &Path) -> (TcpStream, Child) {
    let words = ["s_client", "-quiet", "-verify_return_error", "-verify_hostname", "chrak.example", "-connect"];
    let mut command = Command::new("openssl");
    command.args(words).arg(to.to_string()).arg("-CAfile").arg(ca);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut openssl = command.spawn().expect("apt-get install openssl");
    let (mut typed, mut shown) = (openssl.stdin.take().expect("piped"), openssl.stdout.take().expect("piped"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let ours = TcpStream::connect(listener.local_addr().expect("its address")).await.expect("a connection");
    let (theirs, _) = listener.accept().expect("a connection");
    let (mut from, mut to) = (theirs.try_clone().expect("a copy"), theirs);
    std::thread::spawn(move || {
        let mut octets = [0; 4096];
        while let Ok(1..) = from.read(&mut octets).map(|read| typed.write_all(&octets[..read]).map_or(0, |()| read)) {
            typed.flush().expect("flushed");
        }
    });
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut shown, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
    (ours, openssl)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_smsc_that_connects_over_tls_sees_our_certificate_and_is_bound_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    let ours = ca.sign("chrak", "DNS:chrak.example", Valid::Now);
    let tls = format!("tls = {{ cert_file = {:?}, key_file = {:?} }}\n", ours.cert, ours.key);
    let mut served = Served::with(&tls).await;
    let (mut theirs, mut openssl) = through_openssl(served.outbinds, &ca.cert()).await;
    write(&mut theirs, OUTBIND, 1, b"their-smsc\0secret\0").await;
    let bind = takes(&mut theirs, BIND_RECEIVER).await;
    assert!(bind.starts_with(b"chrak\0secret\0"), "with the account as configured");
    write(&mut theirs, DELIVER_SM, 7, &deliver_sm("85510000001", 0, 0, MISTYPED, &[])).await;
    let resp = read(&mut theirs).await.expect("a resp");
    assert_eq!((resp.command, resp.status, resp.sequence), (DELIVER_SM | RESP, 0, 7));
    write(&mut theirs, UNBIND, 8, b"").await;
    assert_eq!(read(&mut theirs).await.expect("a resp").command, UNBIND | RESP);
    openssl.kill().expect("it runs");
    openssl.wait().expect("it ends");
    // who speaks no TLS learns nothing of us, and the password that it sends is read by nobody
    let mut bare = served.outbind("secret").await;
    let mut heard = Vec::new();
    let _ = bare.read_to_end(&mut heard).await;
    assert!(!heard.windows(5).any(|part| part == b"chrak"), "{heard:?}");
    let line = served.program.said("outbind refused");
    assert!(line.contains("no TLS was agreed upon"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_tries_the_outbind_port() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = "127.0.0.1:9".parse().expect("an address");
    let check = |at: &str| {
        let config = program::config(folder.path(), nowhere, nowhere, &format!("outbind_listen = \"{at}\"\n"));
        run(&["check", "--config", config.to_str().expect("UTF-8")]).out
    };
    let taken = taken.local_addr().expect("an address").to_string();
    for (at, told) in [
        ("127.0.0.1:0", "ok    smsc \"test\": outbind_listen: the SMSC can connect to 127.0.0.1:0"),
        (taken.as_str(), "is in use, by a server that runs already or another program"),
        // a documentation address (RFC 5737), which no machine has
        ("192.0.2.1:2776", "FAIL  smsc \"test\": outbind_listen: cannot listen on 192.0.2.1:2776"),
    ] {
        let said = check(at);
        assert!(said.contains(told), "{told}: {said}");
    }
}
