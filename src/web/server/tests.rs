//! The listener against slow and greedy clients.
use super::*;
use crate::certificates;
use axum::routing::get;
use pulse::Pulse;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// More than the system holds for a connection.
const LARGE: usize = 4 << 20;

struct Run {
    at: SocketAddr,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn run(limits: HttpLimits) -> Run {
    run_with(limits, None).await
}

async fn run_with(limits: HttpLimits, tls: Option<TlsAcceptor>) -> Run {
    let listener = bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let at = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let slow = || async {
        sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let router = Router::new()
        .route("/", get(|| async { "ok" }).post(|body: String| async move { body.len().to_string() }))
        .route("/slow", get(slow))
        .route("/slower", get(|| sleep(Duration::from_millis(3_500))))
        .route("/large", get(|| async { vec![b'x'; LARGE] }));
    let task = tokio::spawn(serve(listener, tls, router, limits, Proxies::default(), stop.clone()));
    Run { at, stop, task }
}

async fn ask(at: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(at).await.expect("a connection");
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

fn short() -> HttpLimits {
    HttpLimits { head: Duration::from_millis(100), request: Duration::from_millis(100), ..HttpLimits::default() }
}

#[tokio::test]
async fn half_a_head_does_not_hold_a_connection() {
    let run = run(short()).await;
    let left = timeout(Duration::from_secs(2), ask(run.at, "GET / HTTP/1.1\r\nHost:")).await;
    assert!(left.is_ok(), "the connection was kept open");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_408() {
    let run = run(short()).await;
    let request = "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(ask(run.at, request).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn over_the_bound_an_idle_connection_gives_way_and_one_at_work_does_not() {
    let run = run(HttpLimits { connections: 1, kept_local: 0, ..HttpLimits::default() }).await;
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut idle = asked(run.at, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut seen = [0; 12];
    idle.read_exact(&mut seen).await.expect("an answer");
    assert_eq!(&seen, b"HTTP/1.1 200");
    assert!(ask(run.at, request).await.ends_with("ok"));
    let mut rest = String::new();
    idle.read_to_string(&mut rest).await.expect("it was closed");
    assert!(rest.ends_with("ok"), "after its whole answer");
    let mut busy = asked(run.at, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    assert!(ask(run.at, request).await.ends_with("ok"), "the next one waits for the place");
    assert!(begun.elapsed() > Duration::from_millis(100));
    rest.clear();
    busy.read_to_string(&mut rest).await.expect("an answer");
    assert!(rest.ends_with("slow"));
}

#[tokio::test]
async fn no_more_wait_for_a_place_than_may_and_none_for_ever() {
    let limits = HttpLimits { connections: 1, kept_local: 0, request: Duration::from_secs(4), ..HttpLimits::default() };
    let run = run(limits).await;
    let _busy = asked(run.at, "GET /slower HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    let waits = (0..40).map(|_| async {
        let answer = ask(run.at, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        (answer, begun.elapsed())
    });
    let all = futures_util::future::join_all(waits).await;
    assert!(all.iter().all(|(answer, _)| answer.is_empty()), "one at work was cut");
    assert!(all.iter().all(|(_, after)| *after < Duration::from_secs(3)));
    assert_eq!(all.iter().filter(|(_, after)| *after < Duration::from_millis(500)).count(), 40 - WAITING_MAX);
}

#[tokio::test]
async fn a_stop_lets_the_answer_under_way_finish() {
    let run = run(HttpLimits::default()).await;
    let at = run.at;
    let asked = tokio::spawn(async move { ask(at, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await });
    sleep(Duration::from_millis(100)).await;
    run.stop.cancel();
    let stopped = timeout(Duration::from_secs(2), run.task).await;
    assert!(stopped.is_ok(), "the stop hung");
    assert!(asked.await.expect("asked").ends_with("slow"));
}

/// Reads `octets` at a time with pauses, to the end: how much came.
async fn read_slowly(mut stream: TcpStream, octets: usize, pause: Duration) -> usize {
    let (mut all, mut piece) = (0, vec![0; octets]);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        all += read;
        sleep(pause).await;
    }
    all
}

async fn asked(at: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("written");
    stream
}

fn floor(rate: u64, span: Duration) -> Floor {
    Floor { rate, span }
}

#[tokio::test]
async fn who_reads_nothing_is_closed_and_who_reads_slowly_gets_all() {
    let answer = floor(64 * 1024, Duration::from_secs(1));
    let run = run(HttpLimits { head: Duration::from_millis(500), answer, ..HttpLimits::default() }).await;
    let request = "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let idle = asked(run.at, request).await;
    // 1 MiB a second: longer than the time for a head, which does not run while an answer waits
    let slow = tokio::spawn(read_slowly(asked(run.at, request).await, 64 * 1024, Duration::from_millis(60)));
    sleep(Duration::from_millis(2_500)).await;
    let left =
        timeout(Duration::from_secs(2), read_slowly(idle, 1 << 20, Duration::ZERO)).await.expect("it was closed");
    assert!(left < LARGE, "all {left} octets were kept for a client that does not read");
    assert!(slow.await.expect("read") > LARGE, "an honest answer was cut");
}

#[tokio::test]
async fn who_reads_next_to_nothing_is_closed_too() {
    let answer = floor(256 * 1024, Duration::from_secs(1));
    let run = run(HttpLimits { answer, ..HttpLimits::default() }).await;
    let trickle = asked(run.at, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // at 32 KiB a second it would take two minutes
    let read = timeout(Duration::from_secs(20), read_slowly(trickle, 3_200, Duration::from_millis(100))).await;
    assert!(read.expect("it was closed") < LARGE);
}

#[tokio::test]
async fn a_body_that_trickles_is_refused_and_a_slow_one_is_taken() {
    let body = floor(200, Duration::from_secs(1));
    let request = Duration::from_millis(300);
    let run = run(HttpLimits { body, request, ..HttpLimits::default() }).await;
    let send = async |octets: usize, pause: u64, of: usize| {
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {of}\r\n\r\n");
        let (mut read, mut write) = asked(run.at, &head).await.into_split();
        let sending = tokio::spawn(async move {
            for _ in 0..of / octets {
                sleep(Duration::from_millis(pause)).await;
                if write.write_all(&vec![b'x'; octets]).await.is_err() {
                    break;
                }
            }
            write
        });
        let mut answer = String::new();
        let _ = read.read_to_string(&mut answer).await;
        drop(sending.await);
        answer
    };
    let begun = Instant::now();
    let (trickle, slow) = tokio::join!(send(1, 50, 400), send(50, 100, 1_000));
    assert!(trickle.starts_with("HTTP/1.1 408"), "{trickle}");
    assert!(begun.elapsed() > Duration::from_secs(2), "the slow one took longer than the time for an answer");
    assert!(slow.starts_with("HTTP/1.1 200") && slow.ends_with("1000"), "{slow}");
}

#[tokio::test]
async fn an_old_connection_ends_with_a_whole_answer() {
    let run = run(HttpLimits { connection: Duration::from_millis(300), ..HttpLimits::default() }).await;
    let mut stream = asked(run.at, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut first = [0; 1_024];
    let read = stream.read(&mut first).await.expect("an answer");
    assert!(!String::from_utf8_lossy(&first[..read]).contains("connection: close"));
    sleep(Duration::from_millis(400)).await;
    stream
        .write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("written");
    let mut all = Vec::new();
    timeout(Duration::from_secs(2), stream.read_to_end(&mut all)).await.expect("it ends").expect("whole");
    let head = String::from_utf8_lossy(&all[..200]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("connection: close"), "{head}");
    let body = all.split(|octet| *octet == b'x').count() - 1;
    assert_eq!(body, LARGE, "no octet less, and no second answer");
}

#[tokio::test]
async fn a_stop_lets_a_slow_reader_finish() {
    let run = run(HttpLimits::default()).await;
    let stream = asked(run.at, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let reading = tokio::spawn(read_slowly(stream, 256 * 1024, Duration::from_millis(50)));
    sleep(Duration::from_millis(100)).await;
    run.stop.cancel();
    assert!(reading.await.expect("read") > LARGE, "an honest answer was cut");
    timeout(Duration::from_secs(2), run.task).await.expect("the stop hung").expect("it ends");
}

fn addresses(network: u16) -> impl Iterator<Item = IpAddr> {
    (1..).map(move |host| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host).into())
}

fn idle_for(pulse: &Pulse) -> Duration {
    pulse.idle(HttpLimits::default().body).expect("it is idle")
}

#[test]
fn one_network_of_ipv6_is_one_client() {
    let places = Places::new(HttpLimits { per_client: 4, ..HttpLimits::default() }, Proxies::default());
    let held: Vec<_> = addresses(1).take(4).filter_map(|from| places.enter(from)).collect();
    held.iter().for_each(|place| place.pulse().asked());
    assert!(addresses(1).skip(4).take(10).all(|from| places.enter(from).is_none()), "a fifth one came in");
    assert!(addresses(2).take(4).all(|from| places.enter(from).is_some()), "another network is another client");
    let near: IpAddr = "::ffff:127.0.0.1".parse().expect("an address");
    let local: Vec<_> = (0..10).filter_map(|_| places.enter(near)).collect();
    assert_eq!(local.len(), 10, "this machine itself is exempt");
}

#[test]
fn the_idlest_connection_of_the_greediest_client_makes_room_for_a_newcomer() {
    let places =
        Places::new(HttpLimits { connections: 16, per_client: 12, ..HttpLimits::default() }, Proxies::default());
    let [greedy, second, third]: [IpAddr; 3] = [[10, 0, 0, 1].into(), [10, 0, 0, 2].into(), [10, 0, 0, 3].into()];
    let mut held: Vec<_> = (0..12).filter_map(|_| places.enter(greedy)).collect();
    assert_eq!(held.len(), 12, "three quarters are there for everybody");
    held.extend((0..4).filter_map(|_| places.enter(second)));
    assert_eq!(held.len(), 16);
    // one of them works; it is never closed
    held[0].pulse().asked();
    let new: Vec<_> = (0..3).filter_map(|_| places.enter(third)).collect();
    assert_eq!(new.len(), 3, "newcomers come in");
    assert_eq!(held[..12].iter().filter(|place| gone(place)).count(), 3);
    assert!(!gone(&held[0]) && held[12..].iter().all(|place| !gone(place)));
    let oldest = held[1..12].iter().filter(|place| !gone(place)).map(|place| idle_for(place.pulse())).max();
    assert!(held[1..12].iter().filter(|place| gone(place)).all(|place| Some(idle_for(place.pulse())) >= oldest));
    // who has most gets no more by asking again: only what was its own gives way
    assert!(places.enter(greedy).is_some());
    assert!(held[12..].iter().chain(&new).all(|place| !gone(place)));
}

fn gone(place: &Place) -> bool {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };
    pin!(place.gives_way()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn places_are_given_back_and_counted_with_whom_a_proxy_asks_for() {
    let proxy: IpAddr = [10, 0, 0, 1].into();
    let proxies = Proxies::new(vec![super::super::client::Net::parse("10.0.0.1").expect("a net")]);
    let places = Places::new(HttpLimits { per_client: 2, ..HttpLimits::default() }, proxies);
    let held: Vec<_> = (0..20).filter_map(|_| places.enter(proxy)).collect();
    assert_eq!(held.len(), 20, "a proxy carries many");
    held.iter().for_each(|place| place.pulse().asked());
    let client: IpAddr = [192, 0, 2, 7].into();
    assert!(held[0].hold_for(client) && held[1].hold_for(client));
    assert!(!held[2].hold_for(client), "a third connection of one client");
    assert!(held[2].hold_for([192, 0, 2, 8].into()) && held[0].hold_for(client));
    assert!(places.enter(client).is_none(), "and none past the proxy");
    held[1].pulse().answered();
    assert!(held[3].hold_for(client), "its own idle connection made room");
    drop(held);
    assert!(places.is_empty());
}

/// A listener that speaks TLS, and a client that trusts it.
async fn with_tls(limits: HttpLimits) -> (Run, tokio_rustls::TlsConnector) {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let folder = tempfile::tempdir().expect("a folder");
    let ca = certificates::Ca::new(folder.path(), "ca");
    let pair = ca.sign("server", "IP:127.0.0.1", certificates::Valid::Now);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca.cert()).expect("a certificate")).expect("a CA");
    let client = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let chain = vec![CertificateDer::from_pem_file(&pair.cert).expect("a certificate")];
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(&pair.key).expect("a key"))
        .expect("a pair");
    let run = run_with(limits, Some(TlsAcceptor::from(Arc::new(server)))).await;
    (run, tokio_rustls::TlsConnector::from(Arc::new(client)))
}

#[tokio::test]
async fn over_tls_the_same_limits_hold() {
    let answer = floor(64 * 1024, Duration::from_secs(1));
    let limits = HttpLimits { head: Duration::from_millis(500), answer, ..HttpLimits::default() };
    let (run, tls) = with_tls(limits).await;
    let name = || rustls::pki_types::ServerName::try_from("127.0.0.1").expect("an address");
    let begun = Instant::now();
    // no handshake, one that is not finished, and what is no TLS
    for said in [&b""[..], b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(run.at).await.expect("a connection");
        stream.write_all(said).await.expect("written");
        let mut left = Vec::new();
        // closed or reset
        let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut left)).await.expect("it is left");
        assert!(!left.starts_with(b"HTTP"), "nothing is answered in the clear");
    }
    assert!(begun.elapsed() > Duration::from_millis(900), "a handshake has the time of a head");
    let stream = TcpStream::connect(run.at).await.expect("a connection");
    let mut stream = tls.connect(name(), stream).await.expect("TLS");
    let request = b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.expect("written");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.expect("whole, with the last word of TLS");
    assert!(all.len() > LARGE);
    // who reads nothing is closed
    let stream = TcpStream::connect(run.at).await.expect("a connection");
    let mut stream = tls.connect(name(), stream).await.expect("TLS");
    stream.write_all(request).await.expect("written");
    sleep(Duration::from_millis(2_500)).await;
    let mut left = Vec::new();
    let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut left)).await.expect("it was closed");
    assert!(left.len() < LARGE, "all {} octets were kept for a client that does not read", left.len());
}
