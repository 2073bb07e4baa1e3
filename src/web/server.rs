//! An HTTP/1.1 listener that a slow or greedy client cannot hold: own accept loop with a time for the head of
//! a request, a time for the whole of it, and bounds on connections. It must not know what it serves.
//!
//! `axum::serve` has no time limit for the head of a request, so one client could hold every connection.
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How much one listener takes.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Connections at once; what comes over is closed at once.
    pub connections: usize,
    /// Connections at once from one address; loopback is exempt (a reverse proxy stands there).
    pub per_address: usize,
    /// From the first look at a connection (or the end of the last answer) to the end of a request's head.
    pub head: Duration,
    /// From the end of the head to the answer; past it 408 is answered.
    pub request: Duration,
    /// How long a stop waits for the answers under way.
    pub drain: Duration,
}

impl Default for HttpLimits {
    /// A province's kiosks behind one address translation fit in 64; 1,024 sockets cost some 20 MiB.
    fn default() -> Self {
        HttpLimits {
            connections: 1_024,
            per_address: 64,
            head: Duration::from_secs(5),
            request: Duration::from_secs(15),
            drain: Duration::from_secs(10),
        }
    }
}

/// Connections in hand, by address. Holds no more entries than there are connections.
#[derive(Default)]
struct Guests(Mutex<HashMap<IpAddr, usize>>);

/// One connection's place; given back when dropped.
struct Place {
    guests: Arc<Guests>,
    address: IpAddr,
}

impl Guests {
    fn enter(self: &Arc<Self>, address: IpAddr, limits: &HttpLimits) -> Option<Place> {
        let address = address.to_canonical();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = held.values().sum();
        let mine = held.get(&address).copied().unwrap_or(0);
        if all >= limits.connections || (mine >= limits.per_address && !address.is_loopback()) {
            return None;
        }
        held.insert(address, mine + 1);
        Some(Place { guests: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = held.get_mut(&self.address) {
            *mine -= 1;
            if *mine == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// Serves `router` on `listener` until `shutdown`; then no new connection is taken, answers under way are
/// finished within `limits.drain`, and the rest is cut. Handlers find the peer in `ConnectInfo<SocketAddr>`.
pub async fn serve(listener: TcpListener, router: Router, limits: HttpLimits, shutdown: CancellationToken) {
    let guests = Arc::new(Guests::default());
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(place) = guests.enter(peer.ip(), &limits) else {
                    metrics::counter!("chrak_http_refused_total").increment(1);
                    continue;
                };
                let (router, stop) = (router.clone(), shutdown.clone());
                tasks.spawn(async move {
                    connection(stream, peer, router, limits, stop).await;
                    drop(place);
                });
            }
            Err(fault) => {
                // Out of file descriptors, mostly: trying again at once would only burn the processor.
                tracing::warn!(%fault, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let finished = timeout(limits.drain, async { while tasks.join_next().await.is_some() {} });
    if finished.await.is_err() {
        tracing::warn!(cut = tasks.len(), "connections cut at the end of the drain");
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, limits: HttpLimits, stop: CancellationToken) {
    // A page is one small write: waiting for more to send would cost 40 ms each.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(router.clone(), request, peer, limits.request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(fault) = ended {
        tracing::debug!(%fault, "connection ended");
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    limit: Duration,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    match timeout(limit, router.oneshot(request)).await {
        Ok(answered) => answered,
        Err(_) => {
            let mut late = Response::new(Body::from("408 Request Timeout\n"));
            *late.status_mut() = StatusCode::REQUEST_TIMEOUT;
            Ok(late)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    struct Run {
        at: SocketAddr,
        stop: CancellationToken,
        task: tokio::task::JoinHandle<()>,
    }

    async fn run(limits: HttpLimits) -> Run {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let slow = || async {
            sleep(Duration::from_millis(300)).await;
            "slow"
        };
        let router = Router::new().route("/", get(|| async { "ok" })).route("/slow", get(slow));
        let task = tokio::spawn(serve(listener, router, limits, stop.clone()));
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

    #[test]
    fn one_address_has_its_own_bound_and_loopback_none() {
        let guests = Arc::new(Guests::default());
        let limits = HttpLimits { per_address: 2, ..HttpLimits::default() };
        let greedy: IpAddr = "10.0.0.7".parse().expect("an address");
        let mut held = Vec::new();
        held.extend((0..3).filter_map(|_| guests.enter(greedy, &limits)));
        assert_eq!(held.len(), 2);
        let near: IpAddr = "::ffff:127.0.0.1".parse().expect("an address");
        let close: Vec<_> = (0..3).filter_map(|_| guests.enter(near, &limits)).collect();
        assert_eq!(close.len(), 3);
        held.pop();
        assert!(guests.enter(greedy, &limits).is_some());
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
}
