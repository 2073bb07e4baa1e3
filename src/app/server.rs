//! One running server: what the configuration names, joined, started in order and stopped in reverse.
//!
//! Start: all listeners are taken, the database opened, the last run taken over, pages served, "ready",
//! then the binds. Stop: no more MOs, the binds leave after their windows are settled, turns finish, pages
//! close, the run is marked as cleanly ended. All of it within [`DRAIN`].
use super::{
    Fault,
    certificates::Certificates,
    clock::SystemClock,
    config::{Config, ConfigFault, EventsBy, LoginBy, PortalSettings},
    reload::Follower,
    storage::{self, Make},
    telcos::{Telcos, listen},
    trace_file::{self, TraceFile},
};
use crate::{
    api,
    exchange::{self, Exchange, QuietHours},
    kiosk::{self, KioskState},
    link::Links,
    login, ops, portal,
    ports::{
        Store,
        audit::{Entry, Who},
        clock::Clock,
        inbox::Inbox,
        kiosks::Kiosks,
        portal::Portal,
        status::Board,
        trace::Trace,
        trace_file::TraceFiles,
    },
    store::DbStore,
    tls::ServerTls,
    types::{UnixMs, limits::DRAIN},
    web,
};
use axum::{Router, routing::get};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What the try-out adds to a server, and tests may.
#[derive(Default)]
pub struct Parts {
    /// More pages on the HTTP listener.
    pub pages: Option<Router>,
    /// The office at which kiosks that need no pairing stand.
    pub stands_at: Option<String>,
    /// The file into which what goes over the binds is written from the start.
    pub trace_file: Option<TraceFile>,
    /// The file of the configuration, to be read again when that is asked for.
    pub file: Option<PathBuf>,
    /// The database is a copy that was taken then.
    pub restored_from: Option<UnixMs>,
    /// Whether this is the try-out, whose pages lead to each other.
    pub tryout: bool,
}

/// A server whose pages answer and whose binds are under way.
pub struct Server {
    /// Where the kiosk pages are.
    pub http: SocketAddr,
    /// Where the console is.
    pub ops: SocketAddr,
    exchange: Exchange,
    store: Arc<DbStore>,
    links: TaskTracker,
    pages: TaskTracker,
    stop_links: CancellationToken,
    stop_pages: CancellationToken,
    stop_work: CancellationToken,
    trace_file: Arc<trace_file::Writer>,
}

impl Server {
    /// Starts everything that the configuration names.
    ///
    /// # Errors
    /// One line for the first thing that cannot start; nothing is left running.
    pub async fn start(config: Config, mut parts: Parts) -> Result<Self, Fault> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let trace = Arc::new(Trace::default());
        let trace_file = trace_file::Writer::new(Arc::clone(&trace), Arc::clone(&clock), &config.data_dir);
        parts.trace_file.take().map_or(Ok(()), |asked| trace_file.begin_asked(asked))?;
        let http = listen(config.http, "http.listen (try-out: --http)")?;
        let ops = listen(config.ops, "ops.listen (try-out: --ops)")?;
        let outbinds = listen_for_outbinds(&config)?;
        // what the others measure first counts too
        let metrics = ops::install_metrics().map_err(|why| Fault::Run(format!("metrics: {why}")))?;
        let store = Arc::new(storage::open(&config, Make::FirstOnly).await?);
        let events_after = super::restored::settle(&store, parts.restored_from, clock.now()).await?;
        let board = Arc::new(Board::noting(store.journal()));
        board.journal.note(Entry::new(clock.now(), Who::Server, "run.start", env!("CARGO_PKG_VERSION")));
        let portal = portals(&config, &board, &clock, &store)?;
        let exchange = Exchange::new(
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::clone(&portal) as Arc<dyn Portal>,
            Arc::clone(&clock),
            Arc::clone(&board),
            exchange_settings(&config, events_after),
        );
        let exchange = match sign_ins(&config, &portal, &clock).await? {
            Some(by) => exchange.signing_in(by),
            None => exchange,
        };
        let stop_work = CancellationToken::new();
        let recovered = exchange.run.start(stop_work.clone()).await;
        recovered.map_err(|fault| Fault::Run(format!("{}: {fault}", config.database)))?;

        tokio::spawn(background(exchange.clone(), portal, config.portal.events.clone(), stop_work.clone()));
        let mut server = Server {
            http: local(&http)?,
            ops: local(&ops)?,
            exchange: exchange.clone(),
            store: Arc::clone(&store),
            links: TaskTracker::new(),
            pages: TaskTracker::new(),
            stop_links: CancellationToken::new(),
            stop_pages: CancellationToken::new(),
            stop_work,
            trace_file: Arc::new(trace_file),
        };
        let keys = store.keys().clone();
        let mut console = super::pages::ops_state(&config, exchange, store, board.clone(), clock.clone(), metrics);
        console.trace = Arc::clone(&trace);
        console.trace_file = Some(Arc::clone(&server.trace_file) as Arc<dyn TraceFiles>);
        console.stop = server.stop_pages.clone();
        let file = parts.file.clone();
        console.tryout = parts.tryout.then(|| ops::TryoutPages {
            kiosk: format!("http://{}/kiosk", server.http),
            phone: format!("http://{}/phone", server.http),
        });
        let kiosk = super::pages::kiosk_state(&config, server.exchange.clone(), parts.stands_at.clone());
        let reach = kiosk.reach.clone();
        server.serve_pages(&config, [http, ops], parts, kiosk, console);
        let telcos = server.start_links(&config, outbinds, Arc::clone(&board), trace, Arc::clone(&clock));
        let certificates = Certificates::of(&config);
        tokio::spawn(certificates.clone().watch(Arc::clone(&clock), server.stop_work.clone()));
        if let Some(path) = file {
            let follower = Follower { path, config, telcos, reach, certificates, board, clock, keys };
            follower.start(server.stop_links.clone())?;
        }
        Ok(server)
    }

    fn serve_pages(
        &mut self,
        config: &Config,
        [http, ops]: [TcpListener; 2],
        parts: Parts,
        kiosk: KioskState,
        console: ops::OpsState,
    ) {
        let mut pages = kiosk::routes(kiosk);
        pages = pages.merge(api::routes(super::pages::api_parts(config, self.exchange.clone())));
        if let Some(more) = parts.pages {
            pages = pages.merge(more);
        }
        let pages = pages.route("/", get(kiosk::front)).fallback(kiosk::not_found);
        let pages = super::front::named(pages, config, self.http);
        let console = ops::routes(console);
        let (of_pages, of_console) = super::front::limits(config);
        let tls = config.tls.as_ref().map(ServerTls::acceptor);
        for (listener, tls, router, limits) in [(http, tls, pages, of_pages), (ops, None, console, of_console)] {
            let (proxies, stop) = (config.proxies.clone(), self.stop_pages.clone());
            self.pages.spawn(web::server::serve(listener, tls, router, limits, proxies, stop));
        }
        if let Some(tls) = &config.tls {
            self.pages.spawn(tls.clone().keep_fresh(self.stop_pages.clone()));
        }
        self.pages.close();
    }

    fn start_links(
        &self,
        config: &Config,
        outbinds: Vec<Option<TcpListener>>,
        board: Arc<Board>,
        trace: Arc<Trace>,
        clock: Arc<dyn Clock>,
    ) -> Telcos {
        let (tasks, stop) = (self.links.clone(), self.stop_links.clone());
        let links = Links { exchange: self.exchange.clone(), board, trace, clock, tasks, stop };
        let telcos = Telcos::start(links, &config.telcos, outbinds);
        self.links.close();
        telcos
    }

    /// Runs until `stop`, then drains. Returns when all is done, at the latest [`DRAIN`] after `stop`.
    pub async fn run(self, stop: CancellationToken) {
        stop.cancelled().await;
        self.drain().await;
    }

    /// Stops in reverse order.
    pub async fn drain(self) {
        let end = Instant::now() + DRAIN;
        let left =
            |reserve: u64| end.saturating_duration_since(Instant::now()).saturating_sub(Duration::from_secs(reserve));
        self.exchange.run.stop_taking();
        // Turns in hand finish while the binds still take their answers.
        let turns = self.exchange.run.drained(left(12)).await;
        self.exchange.binds.close();
        self.stop_links.cancel();
        let binds = tokio::time::timeout(left(5), self.links.wait()).await.is_ok();
        self.exchange.binds.closed().await;
        self.trace_file.finish().await;
        self.stop_pages.cancel();
        let pages = tokio::time::timeout(left(3), self.pages.wait()).await.is_ok();
        self.stop_work.cancel();
        let pumps = tokio::time::timeout(left(2), self.exchange.run.ended()).await.is_ok();
        let clean = tokio::time::timeout(left(0), end_run(&self.store)).await.unwrap_or(false);
        if turns && binds && pages && pumps && clean {
            tracing::info!("stopped; nothing was left in hand");
        } else {
            tracing::warn!(
                turns,
                binds,
                pages,
                pumps,
                clean,
                "stopped before everything was done; it goes on at the next start"
            );
        }
    }
}

/// What the server asks the portal for by itself, for ever.
async fn background(exchange: Exchange, portal: Arc<portal::Portals>, events: EventsBy, stop: CancellationToken) {
    exchange.run.recovered().await;
    let directory = portal.portal().clone().keep_directory(stop.clone());
    let certificates = portal.keep_certificates(stop.clone());
    let directory = async { tokio::join!(directory, certificates) };
    match events {
        EventsBy::Poll(every) if portal.abilities().events => {
            tokio::join!(directory, exchange.notifications.poll_events(portal.clone(), every, stop));
        }
        EventsBy::Poll(_) | EventsBy::Webhook(_) => drop(directory.await),
    }
}

/// Marks the run as cleanly ended. What is still claimed goes back to waiting.
async fn end_run(store: &DbStore) -> bool {
    let now = SystemClock.now();
    store.journal().note(Entry::new(now, Who::Server, "run.end", ""));
    store.end(now).await.is_ok()
}

/// For each telco, where its SMSC may connect to us.
fn listen_for_outbinds(config: &Config) -> Result<Vec<Option<TcpListener>>, Fault> {
    let key = |index: usize| format!("smsc[{index}].outbind_listen");
    let telcos = config.telcos.iter().enumerate();
    telcos.map(|(index, telco)| telco.outbind_listen.map(|at| listen(at, &key(index))).transpose()).collect()
}

fn local(listener: &TcpListener) -> Result<SocketAddr, Fault> {
    listener.local_addr().map_err(|fault| Fault::Run(format!("listener: {fault}")))
}

/// A place that is asked: the portal, or a source.
pub(super) struct Place {
    /// `portal`, or `source "NAME"`.
    pub(super) name: String,
    pub(super) url: String,
    pub(super) client: portal::PortalClient,
    pub(super) patience: portal::Patience,
}

/// Every place that the configuration names, the portal first; `pseudonyms`: see [`portal::GovstackOptions`].
pub(super) fn places(
    config: &Config,
    board: &Arc<Board>,
    clock: &Arc<dyn Clock>,
    pseudonyms: &ring::hmac::Key,
) -> Result<Vec<Place>, Fault> {
    let sources = config.sources.iter().map(|source| (Some(source.name.as_str()), &source.portal));
    let all = [(None, &config.portal)].into_iter().chain(sources);
    let place = |(source, settings): (Option<&str>, &PortalSettings)| {
        let (board, clock) = (Arc::clone(board), Arc::clone(clock));
        let name = source.unwrap_or("portal");
        let client = match &settings.govstack {
            Some(govstack) => {
                let govstack = portal::GovstackOptions { pseudonyms: pseudonyms.clone(), ..govstack.clone() };
                portal::PortalClient::govstack(name, govstack, board, clock)
            }
            None => {
                let options = portal::PortalOptions {
                    url: settings.url.clone(),
                    token: settings.token.expose().to_owned(),
                    ca_file: settings.ca_file.clone(),
                    road: settings.road.clone(),
                };
                portal::PortalClient::of_source(name, options, board, clock)
            }
        };
        let said = source.map_or_else(|| "portal".to_owned(), |name| format!("source \"{name}\""));
        let client =
            client.map_err(|fault| Fault::Config(super::config::ConfigFault::new(format!("{said}: {fault}"))))?;
        let patience =
            portal::Patience { ussd: settings.timeout_ussd, kiosk: settings.timeout_kiosk, sms: settings.timeout_sms };
        Ok(Place { name: said, url: settings.url.clone(), client, patience })
    };
    all.map(place).collect()
}

fn portals(
    config: &Config,
    board: &Arc<Board>,
    clock: &Arc<dyn Clock>,
    store: &DbStore,
) -> Result<Arc<portal::Portals>, Fault> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &store.digest("govstack pseudonyms"));
    let mut places = places(config, board, clock, &key)?.into_iter();
    let portal = places.next().ok_or_else(|| Fault::Run("the configuration names no portal".to_owned()))?;
    let mut all = portal::Portals::new(portal.client);
    for (source, place) in config.sources.iter().zip(places) {
        all.add(&source.name, place.client, place.patience);
    }
    Ok(Arc::new(all))
}

/// Who lets visitors sign in, if anybody does. A provider that describes itself as of no use ends the start; one that is away
/// is asked again when somebody wants to sign in.
async fn sign_ins(
    config: &Config,
    portal: &portal::Portals,
    clock: &Arc<dyn Clock>,
) -> Result<Option<exchange::By>, Fault> {
    let (valid, deadline) = (config.kiosk.login.valid, config.portal.timeout_kiosk);
    Ok(match &config.kiosk.login.by {
        LoginBy::Nobody => None,
        LoginBy::Portal => {
            Some(exchange::By { port: Arc::new(portal.portal().clone()), mode: "portal", valid, deadline })
        }
        LoginBy::Oidc(options) => {
            let provider = provider(options, clock)?;
            match provider.discover(PROVIDER_WITHIN).await {
                Ok(()) => {}
                Err(fault @ login::LoginFault::Away(_)) => {
                    tracing::warn!("{fault}; it is asked again when somebody signs in")
                }
                Err(fault) => return Err(unusable(&fault)),
            }
            Some(exchange::By { port: Arc::new(provider), mode: "oidc", valid, deadline })
        }
    })
}

/// How long a start waits for a provider of sign-ins to describe itself.
const PROVIDER_WITHIN: Duration = Duration::from_secs(3);

fn provider(options: &login::LoginOptions, clock: &Arc<dyn Clock>) -> Result<login::Provider, Fault> {
    login::Provider::new(options.clone(), Arc::clone(clock)).map_err(|fault| unusable(&fault))
}

fn unusable(fault: &login::LoginFault) -> Fault {
    Fault::Config(ConfigFault::new(fault.to_string()))
}

/// Asks the provider of sign-ins how it describes itself; `None`: there is none to be asked.
pub(super) async fn probe_login(config: &Config) -> Option<Result<String, Fault>> {
    let LoginBy::Oidc(options) = &config.kiosk.login.by else { return None };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let probed = match provider(options, &clock) {
        Ok(provider) => provider.discover(config.portal.timeout_sms).await.map_err(|fault| match fault {
            login::LoginFault::Away(_) => Fault::Run(fault.to_string()),
            login::LoginFault::Configured(_) => unusable(&fault),
        }),
        Err(fault) => Err(fault),
    };
    Some(probed.map(|()| format!("{} lets visitors sign in", options.issuer)))
}

fn exchange_settings(config: &Config, events_after: UnixMs) -> exchange::Settings {
    exchange::Settings {
        default_language: config.default_language,
        codes: config.codes.clone(),
        rules: config.limits,
        zone: config.zone.clone(),
        timeout_sms: config.portal.timeout_sms,
        timeout_ussd: config.portal.timeout_ussd,
        texts_kept: config.texts_kept,
        quiet: config.push.quiet_hours.map(|(from, until)| QuietHours { from, until }),
        push_enabled: config.push.enabled,
        events_after,
        countries: config.push.countries.clone(),
        telcos: config.telcos.iter().map(|telco| telco.rules.clone()).collect::<Vec<_>>().into(),
    }
}
