//! A mirror before a server: passes on what is asked and notes it with the status of the answer, so that a tool which
//! reached nothing is not taken for one that found nothing.
use super::program::client_builder;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::header,
    response::Response,
};
use std::sync::{Arc, Mutex};

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    /// Without what was asked after `?`.
    pub path: String,
    pub status: u16,
}

#[derive(Clone)]
struct Glass {
    client: reqwest::Client,
    to: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub struct Mirror {
    /// Its address, without a slash at its end.
    pub at: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Mirror {
    /// Before the server at `to`.
    pub async fn before(to: &str) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let client = client_builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(60))
            .build()
            .expect("a client");
        let glass = Glass { client, to: to.to_owned(), seen: Arc::clone(&seen) };
        let router = Router::new().fallback(pass).with_state(glass);
        let (at, task) = serve(router).await;
        Mirror { at, seen, task }
    }

    /// All that passed.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic holds it").clone()
    }

    /// How many requests there were, and how many of them came to something: not to a closed door and not to nowhere.
    pub fn figures(&self) -> (usize, usize) {
        let seen = self.seen();
        (seen.len(), seen.iter().filter(|one| !matches!(one.status, 401 | 403 | 404 | 429)).count())
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves on a free port.
pub async fn serve(router: Router) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("its address"));
    let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    (at, task)
}

async fn pass(State(glass): State<Glass>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    // the client writes its own; a page of the mirror's is a page of the server's
    for own in [header::HOST, header::ORIGIN, header::REFERER, header::CONTENT_LENGTH, header::ACCEPT_ENCODING] {
        parts.headers.remove(own);
    }
    for hop in [header::CONNECTION, header::TRANSFER_ENCODING] {
        parts.headers.remove(hop);
    }
    let path = parts.uri.path().to_owned();
    let asked = parts.uri.path_and_query().map_or("/", |all| all.as_str());
    let call = glass.client.request(parts.method.clone(), format!("{}{asked}", glass.to));
    let answer = call.headers(parts.headers).body(body).send().await;
    let status = answer.as_ref().map_or(502, |answer| answer.status().as_u16());
    let seen = Seen { method: parts.method.to_string(), path, status };
    glass.seen.lock().expect("no panic holds it").push(seen);
    let mut given = Response::builder().status(status);
    let Ok(answer) = answer else { return given.body(Body::empty()).expect("an answer") };
    for (name, value) in answer.headers() {
        if ![header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::CONNECTION].contains(name) {
            given = given.header(name, value);
        }
    }
    let body = answer.bytes().await.unwrap_or_default();
    given.body(Body::from(body)).expect("an answer")
}
