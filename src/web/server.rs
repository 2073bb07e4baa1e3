//! An HTTP/1.1 listener that a slow or greedy client cannot hold: own accept loop with a time for the head of
//! a request, for the rest of it, for its answer and for the connection, and bounds on connections. It must not know what
//! it serves.
//!
//! `axum::serve` has no time limit for the head of a request, so one client could hold every connection. hyper's own has
//! one that also runs while an answer waits for a slow client, and would cut it.
mod bodies;
mod limits;
mod paced;
mod places;
mod pulse;
#[cfg(test)]
mod tests;

pub use super::client::Proxies;
pub use limits::HttpLimits;
pub use places::client_key;
pub use pulse::Floor;

use super::hosts::Reached;
use axum::{Router, body::Body, extract::ConnectInfo};
use bodies::{Coming, Going};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONNECTION, HeaderValue, RETRY_AFTER},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use paced::Paced;
use places::{Place, Places, Waiting};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinSet, yield_now},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// What the system may hold of an answer for one connection that does not take it, in octets: more than any page, and it
/// bounds what all of them cost.
const SEND_BUFFER: u32 = 64 * 1024;
/// Connections that the system accepts ahead of us.
const BACKLOG: u32 = 1_024;
/// Connections that gave way and are not gone yet, or wait for a place.
pub const LEAVING_MAX: usize = 64;
/// How many may wait for a place; half of them are kept for clients who hold few.
const WAITING_MAX: usize = 32;
/// How often they look, and for how long: a client that takes nothing is known for one after a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 20;

/// Takes an address to listen on.
///
/// # Errors
/// Why the system does not give it.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // accepted sockets inherit it
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What all connections of a listener share.
struct House {
    /// By TLS only.
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: HttpLimits,
    proxies: Proxies,
    stop: CancellationToken,
}

/// Serves `router` on `listener`, with `tls` over TLS only, until `shutdown`; then no new connection is taken, answers under way are
/// finished within `limits.drain`, and the rest is cut. Handlers find the client in `ConnectInfo<SocketAddr>`: behind one of
/// `proxies` the one for whom it asks.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: HttpLimits,
    proxies: Proxies,
    shutdown: CancellationToken,
) {
    let places = Places::new(limits, proxies.clone());
    let house = Arc::new(House { tls, router, limits, proxies, stop: shutdown.clone() });
    let mut tasks = JoinSet::new();
    let full = limits.connections + limits.kept_local + LEAVING_MAX;
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = listener.accept(), if tasks.len() < full => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (house, places) = (Arc::clone(&house), Arc::clone(&places));
                match places.enter(peer.ip()) {
                    Some(place) => tasks.spawn(connection(stream, peer, Arc::new(place), house)),
                    None => match places.wait(peer.ip(), WAITING_MAX) {
                        Some(turn) => tasks.spawn(later(stream, peer, turn, house)),
                        None => {
                            metrics::counter!("chrak_http_refused_total").increment(1);
                            continue;
                        }
                    },
                };
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

/// A connection for which there was no place when it came.
async fn later(stream: TcpStream, peer: SocketAddr, turn: Waiting, house: Arc<House>) {
    for _ in 0..LOOKS {
        sleep(LOOK_EVERY).await;
        if house.stop.is_cancelled() {
            return;
        }
        if let Some(place) = turn.places().enter(peer.ip()) {
            drop(turn);
            return connection(stream, peer, Arc::new(place), house).await;
        }
    }
    metrics::counter!("chrak_http_refused_total").increment(1);
}

async fn connection(stream: TcpStream, peer: SocketAddr, place: Arc<Place>, house: Arc<House>) {
    // A page is one small write: waiting for more to send would cost 40 ms each.
    let _ = stream.set_nodelay(true);
    let reached = stream.local_addr().ok();
    let stream = Paced::new(stream, Arc::clone(place.pulse()), &house.limits);
    let visit = Arc::new(Visit { peer, reached, place, house: Arc::clone(&house), begun: Instant::now() });
    let Some(tls) = &house.tls else { return talk(stream, visit).await };
    // the time for the head of a request has begun, and what a client does not take of the handshake is waited for no
    // longer than what it does not take of an answer
    let agreed = tokio::select! {
        agreed = tls.accept(stream) => agreed,
        () = visit.place.gives_way() => return,
        () = house.stop.cancelled() => return,
    };
    match agreed {
        Ok(stream) => talk(stream, visit).await,
        Err(fault) => tracing::debug!(%fault, "no TLS was agreed upon"),
    }
}

/// What is said on a connection, from the first request to the last answer.
async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, visit: Arc<Visit>) {
    let service = {
        let visit = Arc::clone(&visit);
        service_fn(move |request| Arc::clone(&visit).answer(request))
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = visit.place.gives_way() => return,
        () = visit.house.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(fault) = ended {
        tracing::debug!(%fault, "connection ended");
    }
}

/// One connection, as its requests see it.
struct Visit {
    peer: SocketAddr,
    reached: Option<SocketAddr>,
    place: Arc<Place>,
    house: Arc<House>,
    begun: Instant,
}

impl Visit {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        // whoever sent many requests at once waits behind everybody else with each of them
        yield_now().await;
        let pulse = self.place.pulse();
        let mut answer = self.settled(request).await;
        if self.begun.elapsed() >= self.house.limits.connection {
            close_after(&mut answer);
        }
        Ok(answer.map(|body| Body::new(Going::new(body, Arc::clone(pulse)))))
    }

    async fn settled(&self, request: Request<Incoming>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let (body, meter) = Coming::new(Body::new(body), self.place.pulse());
        let client = self.house.proxies.settle(self.peer, self.house.tls.is_some(), &mut parts.headers);
        if !self.place.hold_for(client.address) {
            metrics::counter!("chrak_http_refused_total").increment(1);
            return refusal(StatusCode::TOO_MANY_REQUESTS, "429 Too Many Requests: too many connections at once\n");
        }
        if let Some(reached) = self.reached {
            parts.extensions.insert(Reached(reached));
        }
        parts.extensions.insert(ConnectInfo(SocketAddr::new(client.address, self.peer.port())));
        let request = Request::from_parts(parts, Body::new(body));
        let mut handler = std::pin::pin!(self.house.router.clone().oneshot(request));
        loop {
            tokio::select! {
                biased;
                answered = &mut handler => return answered.unwrap_or_else(|never| match never {}),
                () = sleep_until(meter.due(&self.house.limits)) => {
                    if meter.late(&self.house.limits) {
                        return refusal(StatusCode::REQUEST_TIMEOUT, "408 Request Timeout\n");
                    }
                }
            }
        }
    }
}

fn close_after(answer: &mut Response<Body>) {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// An answer of the listener's own, after which it closes.
fn refusal(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    if status == StatusCode::TOO_MANY_REQUESTS {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    close_after(&mut answer);
    answer
}
