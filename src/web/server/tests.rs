//! The listener against slow and greedy clients.
use super::*;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Run {
    at: SocketAddr,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn run(limits: HttpLimits) -> Run {
    let listener = bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let at = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let slow = || async {
        sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let router = Router::new().route("/", get(|| async { "ok" })).route("/slow", get(slow));
    let task = tokio::spawn(serve(listener, router, limits, Proxies::default(), stop.clone()));
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
async fn over_the_bound_a_connection_is_closed_and_the_others_go_on() {
    let limits = HttpLimits { connections: 1, ..HttpLimits::default() };
    let run = run(limits).await;
    let mut first = TcpStream::connect(run.at).await.expect("a connection");
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    first.write_all(request.as_bytes()).await.expect("written");
    let mut seen = [0; 12];
    first.read_exact(&mut seen).await.expect("an answer");
    assert_eq!(&seen, b"HTTP/1.1 200");
    assert_eq!(ask(run.at, request).await, "");
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
