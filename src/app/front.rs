//! How pages and console stand on the network: by which names they are asked for, and how many connections they may take
//! so that binds, database and portal keep the files that they need. It must not know what a page says.
use super::config::Config;
use crate::{
    api, kiosk,
    types::limits::TURNS_MAX,
    web::{
        hosts::{Asked, Hosts, Reached},
        server::HttpLimits,
    },
};
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use std::{net::SocketAddr, path::Path, sync::Arc};

/// Files for the database, the log, timers, listeners and connections that are on their way out.
const FILES_KEPT: usize = 96;
/// A page's own connection, and the one by which it asks the portal.
const FILES_A_PAGE: usize = 2;
/// A bind's socket, and the next one while the last is closing.
const FILES_A_BIND: usize = 2;
/// Connections of the console, of balancers and of Prometheus.
const OPS_CONNECTIONS: usize = 64;
/// With fewer places than this at a listener even an honest day is not served.
const CONNECTIONS_LEAST: usize = 16;

/// Lets only requests by one of our names through. What pages load by its hash is the same for everybody, and the page that
/// says so needs it.
pub fn named(router: Router, config: &Config, on: SocketAddr) -> Router {
    let hosts = match config.hosts.as_slice() {
        [] => Hosts::listened(on, machine()),
        named => Hosts::Named(named.to_vec()),
    };
    router.layer(from_fn_with_state(Arc::new(hosts), gate))
}

/// What this machine calls itself; `None` where the system does not say.
fn machine() -> Option<String> {
    std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname")).ok()
}

async fn gate(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let reached = request.extensions().get::<Reached>().map(|reached| reached.0);
    let (path, headers) = (request.uri().path(), request.headers());
    let status = match hosts.judge(request.uri(), headers, reached) {
        _ if path.starts_with("/a/") => return next.run(request).await,
        Asked::Ours => return next.run(request).await,
        Asked::Another => StatusCode::MISDIRECTED_REQUEST,
        Asked::Unclear => StatusCode::BAD_REQUEST,
    };
    metrics::counter!("chrak_http_misdirected_total").increment(1);
    if api::holds(path) { api::misdirected(status) } else { kiosk::elsewhere(status, headers) }
}

/// How much each of the two listeners takes, pages first.
pub fn limits(config: &Config) -> (HttpLimits, HttpLimits) {
    let binds = config
        .telcos
        .iter()
        .map(|telco| &telco.link)
        .map(|telco| telco.binds as usize * if telco.pair { 2 } else { 1 })
        .sum();
    let open = open_files();
    let (pages, console) = places(open, binds);
    let usual = HttpLimits::default();
    if pages < usual.connections {
        tracing::warn!(
            open_files = open,
            pages,
            console,
            "the limit of open files leaves few places for pages; raise it (LimitNOFILE=, ulimit -n)"
        );
    }
    (HttpLimits { connections: pages, ..usual }, HttpLimits { connections: console, ..usual })
}

/// Connections of pages and of the console, where the system gives the program so many files.
fn places(open: usize, binds: usize) -> (usize, usize) {
    let usual = HttpLimits::default();
    // each listener keeps some for this machine, and some of those who gave way are not gone yet
    let over = 2 * (usual.kept_local + crate::web::server::LEAVING_MAX);
    // each turn may ask the portal on a connection of its own
    let left = open.saturating_sub(FILES_KEPT + TURNS_MAX + binds * FILES_A_BIND + over);
    let console = (left / 8).clamp(CONNECTIONS_LEAST, OPS_CONNECTIONS);
    let pages = left.saturating_sub(console) / FILES_A_PAGE;
    (pages.clamp(CONNECTIONS_LEAST, usual.connections), console)
}

/// How many files this program may have open at once.
fn open_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_never_take_the_files_that_binds_and_the_database_need() {
        assert_eq!(places(usize::MAX, 12), (1_024, 64));
        for open in [64, 256, 512, 1_024, 4_096, 20_000] {
            let (pages, console) = places(open, 4);
            let least = pages == CONNECTIONS_LEAST && console == CONNECTIONS_LEAST;
            let all = 2 * pages + console + FILES_KEPT + TURNS_MAX + 8;
            assert!(least || all <= open, "{open}: {pages}, {console}");
            assert!(pages >= console);
        }
        assert!(places(1_024, 4).0 > 100, "the usual limit of a shell serves a province");
        assert!(open_files() > 0, "the limit can be read");
    }
}
