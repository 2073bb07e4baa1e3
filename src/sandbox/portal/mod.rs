//! A portal to try everything with: the directory of services and offices, some forty invented applications
//! in every status, and free times, over real HTTP. It keeps them in an SQLite file of its own. It must not
//! know who calls it.
//!
//! | operation | answer |
//! |---|---|
//! | `GET /v1/services`, `/v1/services/{id}` | the service sheets, searchable, paged |
//! | `GET /v1/ministries`, `/v1/topics`, `/v1/groups` | complete lists |
//! | `GET /v1/pages`, `/v1/pages/{id}`, `/v1/holidays` | what there is to read, and the days on which nobody works |
//! | `GET /v1/offices`, `/v1/offices/{id}` | offices, searchable, paged |
//! | `GET /v1/offices/{id}/slots` | times of a service, half an hour each |
//! | `GET /v1/applications/{code}` | as much as the number and the PIN earn |
//! | `POST /v1/holds`, `DELETE /v1/holds/{id}` | a place kept for three minutes |
//! | `/v1/appointments`, `/v1/appointments/{reference}` | booked, listed, read, moved, cancelled |
//! | `POST /v1/feedback`, `/v1/complaints` | kept |
//! | `POST /v1/payments`, `GET /v1/payments/{id}` | a KHQR of a bank that does not exist; it is paid after 20 seconds |
//! | `POST /v1/queue-tickets`, `GET /v1/queue-tickets/{id}` | numbers, at any hour |
//! | `GET /v1/events` | what happened, oldest first |
//! | `POST /v1/sign-ins`, `GET`, `DELETE /v1/sign-ins/{id}` | an invented person signs in on the page that the answer names |
//! | `GET /v1/my/applications`, `/v1/my/appointments` | what is one's own, by `X-Citizen-Token` |
mod applications;
mod appointments;
mod callers;
mod changes;
mod counter;
mod country;
mod db;
mod directory;
mod gate;
mod holders;
mod kept;
mod own;
mod pages;
mod problem;
mod sample;
mod search;
mod server;
mod shelf;
mod sign_ins;
mod slots;
#[cfg(test)]
mod tests;
mod voices;
mod waiting;

use anyhow::Context;
use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::IntoResponse,
    routing::{delete, get, post},
    serve::ListenerExt,
};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use server::{Server, Shared, now};

pub use holders::Introspect;
pub use sample::{Sample, sample_applications, sample_codes};

/// How long a stop waits for answers under way.
const DRAIN: Duration = Duration::from_secs(2);

/// Of how much of the country a sandbox portal has the offices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The offices at which the invented applications lie: for tests, which read them often.
    Samples,
    /// Every province, district and commune: for people who try it.
    Country,
}

/// How a sandbox portal runs.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Bearer token that callers must have; without it any token, or none, does.
    pub token: Option<String>,
    /// Every answer waits so long.
    pub delay: Duration,
    /// Its database; `None` keeps it in memory.
    pub db: Option<PathBuf>,
    /// Its clock stands still at this moment; `None`: it goes.
    pub stands_at: Option<jiff::Timestamp>,
}

/// What `chrak portal` is told.
#[derive(Clone, Debug)]
pub struct PortalArgs {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Bearer token that callers must have.
    pub token: Option<String>,
    /// Every answer waits so long.
    pub delay: Duration,
    /// Who judges tokens of citizens that it has not made.
    pub introspect: Option<Introspect>,
}

/// A running sandbox portal.
pub struct Portal {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    shared: Server,
}

/// Whether the data that is part of the program can be read.
///
/// # Errors
/// What cannot.
pub fn check() -> Result<(), String> {
    let sampled = db::check(&now(None, &crate::types::time::phnom_penh()));
    sampled.and_then(|()| pages::all().map(drop)).map_err(|fault| format!("{fault:#}"))
}

impl Portal {
    /// Opens the database, filling an empty one, and answers from then on.
    ///
    /// # Errors
    /// When the database or the port cannot be used.
    pub async fn start(config: PortalConfig) -> anyhow::Result<Self> {
        Self::start_with(config, Extent::Samples).await
    }

    /// As [`Portal::start`], with the offices of so much of the country.
    ///
    /// # Errors
    /// When the database or the port cannot be used.
    pub async fn start_with(config: PortalConfig, extent: Extent) -> anyhow::Result<Self> {
        let zone = crate::types::time::phnom_penh();
        let now = now(config.stands_at, &zone);
        let db = db::open(config.db.as_deref(), &now).await?;
        let mut directory = db::directory(&db.pool).await?;
        if extent == Extent::Country {
            country::add(&mut directory.offices, &directory.services);
        }
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            token: config.token,
            delay: config.delay,
            zone,
            stands_at: config.stands_at,
            directory,
            pages: pages::all()?,
            applications: db::applications(&db.pool).await?,
            holders: holders::Holders::default(),
            sign_ins: waiting::SignIns::default(),
            address,
            db,
            lose_answers: AtomicU32::new(0),
            plain: AtomicBool::new(false),
        });
        let kept = Arc::clone(&shared);
        // Nagle's delay would be measured as the portal's.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let stop = CancellationToken::new();
        let told = stop.clone();
        let served = tokio::spawn(async move {
            let serving = axum::serve(listener, routes(shared)).with_graceful_shutdown(told.cancelled_owned());
            if let Err(fault) = serving.await {
                tracing::error!(%fault, "the sandbox portal ended");
            }
        });
        Ok(Portal { address, stop, served, shared: kept })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Carries out the next changes and answers them 500: their callers cannot know.
    pub fn lose_answers(&self, changes: u32) {
        self.shared.lose_answers.store(changes, Ordering::Relaxed);
    }

    /// From now on no change gets an answer that its caller can read, though it is carried out.
    pub fn break_answers(&self, broken: bool) {
        self.lose_answers(if broken { u32::MAX } else { 0 });
    }

    /// From now on it is a portal of 1.0 of the contract: without groups, pages and holidays.
    pub fn be_plain(&self) {
        self.shared.plain.store(true, Ordering::Relaxed);
    }

    /// Tokens of citizens that it has not made are judged by this from now on.
    ///
    /// # Errors
    /// When no client for it can be made, or there is a judge already.
    pub fn judge_by(&self, judge: Introspect) -> anyhow::Result<()> {
        self.shared.holders.judge_by(judge)
    }

    /// Who had signed in is signed in no more.
    pub fn end_tokens(&self) {
        self.shared.holders.end_all();
    }

    /// What a telephone's camera sees at the kiosk: the address of the sign-in that was begun last and waits.
    pub fn scan(&self) -> Option<String> {
        self.shared.sign_ins.last().map(|id| self.shared.page_of(&id))
    }

    /// The same, for who outlives a borrow of it.
    pub fn scanner(&self) -> impl Fn() -> Option<String> + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.sign_ins.last().map(|id| shared.page_of(&id))
    }

    /// Every hold ends now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end_holds(&self) -> anyhow::Result<()> {
        sqlx::query("UPDATE holds SET expires_at = 0 WHERE used = 0").execute(&self.shared.db.pool).await?;
        Ok(())
    }

    /// Somebody else takes the last places of every slot that was ever held and not used.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn fill_held_slots(&self) -> anyhow::Result<()> {
        let sql = "INSERT INTO holds (id, slot, expires_at, used) \
                   SELECT 'full-' || id || n, slot, 99999999999, 0 FROM holds, (SELECT 1 AS n UNION SELECT 2) \
                   WHERE used = 0 AND expires_at = 0";
        sqlx::query(sql).execute(&self.shared.db.pool).await?;
        Ok(())
    }

    /// Adds an event (CloudEvents 1.0, structured JSON).
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn tell(&self, event: &serde_json::Value) -> anyhow::Result<()> {
        Ok(voices::tell(&self.shared, event).await?)
    }

    /// Decides what becomes of every payment that is open: `paid`, `failed`, `expired`, or `wait`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn decide_payments(&self, outcome: &str) -> anyhow::Result<()> {
        Ok(self.shared.decide_payments(outcome).await?)
    }

    /// The numbers of all complaints, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT reference FROM complaints ORDER BY rowid")
            .fetch_all(&self.shared.db.pool)
            .await?)
    }

    /// What was said in all complaints, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn complained(&self) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT said FROM complaints ORDER BY rowid").fetch_all(&self.shared.db.pool).await?)
    }

    /// Every appointment that was ever made, as its number and its start.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn booked(&self) -> anyhow::Result<Vec<(String, String)>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT numbers, slot FROM appointments").fetch_all(&self.shared.db.pool).await?;
        Ok(rows
            .into_iter()
            .map(|(numbers, slot)| (numbers.split(' ').next().unwrap_or_default().to_owned(), slot))
            .collect())
    }

    /// How many complaints and how many ratings it has heard.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn heard(&self) -> anyhow::Result<(i64, i64)> {
        let sql = "SELECT (SELECT COUNT(*) FROM complaints), (SELECT COUNT(*) FROM feedback)";
        Ok(sqlx::query_as(sql).fetch_one(&self.shared.db.pool).await?)
    }

    /// Finishes the answers under way, at most for two seconds, and closes the database.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(DRAIN, &mut self.served).await.is_err() {
            self.served.abort();
        }
        self.shared.db.pool.close().await;
    }
}

/// `chrak portal`: runs until told to stop. Returns the exit code.
///
/// # Errors
/// When it cannot start.
pub async fn run_portal(args: PortalArgs, stop: CancellationToken) -> anyhow::Result<i32> {
    let PortalArgs { listen, token, delay, introspect } = args;
    let config = PortalConfig { listen, token, delay, db: None, stands_at: None };
    let portal = Portal::start_with(config, Extent::Country).await?;
    if let Some(judge) = introspect {
        portal.judge_by(judge)?;
    }
    tracing::info!(address = %portal.addr(), "ready");
    stop.cancelled().await;
    portal.stop().await;
    Ok(0)
}

fn routes(shared: Server) -> Router {
    Router::new()
        .route("/v1/applications/{code}", get(applications::get))
        .route("/v1/services", get(directory::services))
        .route("/v1/services/{id}", get(directory::service))
        .route("/v1/ministries", get(directory::ministries))
        .route("/v1/topics", get(directory::topics))
        .merge(extras(&shared))
        .route("/v1/offices", get(directory::offices))
        .route("/v1/offices/{id}", get(directory::office))
        .route("/v1/offices/{id}/slots", get(slots::list))
        .route("/v1/holds", post(appointments::hold))
        .route("/v1/holds/{id}", delete(appointments::release))
        .route("/v1/appointments", get(appointments::list).post(appointments::book))
        .route(
            "/v1/appointments/{reference}",
            get(appointments::get).patch(appointments::reschedule).delete(appointments::cancel),
        )
        .route("/v1/feedback", post(voices::feedback))
        .route("/v1/complaints", post(voices::complain))
        .route("/v1/complaints/{reference}", get(voices::complaint))
        .route("/v1/payments", post(counter::pay))
        .route("/v1/payments/{id}", get(counter::payment))
        .route("/v1/queue-tickets", post(counter::ticket))
        .route("/v1/queue-tickets/{id}", get(counter::one_ticket))
        .route("/v1/events", get(voices::events))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), gate::gate))
        .route("/sandbox/events", post(voices::make_event))
        .route("/sandbox/payments/{outcome}", post(counter::decide))
        .route("/sandbox/sign-ins/{id}", get(sign_ins::phone).post(sign_ins::answer))
        .with_state(shared)
}

/// What came with 1.1 of the contract; a portal of 1.0 has no such paths.
fn extras(shared: &Server) -> Router<Server> {
    let plain = |State(server): State<Server>, request: Request, next: middleware::Next| async move {
        if server.plain.load(Ordering::Relaxed) {
            return problem::no_such_path().await.into_response();
        }
        next.run(request).await
    };
    Router::new()
        .route("/v1/groups", get(directory::groups))
        .route("/v1/holidays", get(directory::holidays))
        .route("/v1/pages", get(directory::pages))
        .route("/v1/pages/{id}", get(directory::one_page))
        .route("/v1/sign-ins", post(sign_ins::begin))
        .route("/v1/sign-ins/{id}", get(sign_ins::look).delete(sign_ins::end))
        .route("/v1/my/applications", get(own::my_applications))
        .route("/v1/my/appointments", get(own::my_appointments))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), plain))
}
