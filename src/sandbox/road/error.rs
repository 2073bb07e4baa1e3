//! What a security server says in a service's stead (§4.6): a type in the header, and a body with type, message and detail.
use axum::{
    body::Body,
    http::{HeaderMap, Response, StatusCode, header},
};

/// Which generation writes the types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `Server.ServerProxy.AccessDenied`
    Seven,
    /// `server.serverproxy.access_denied`
    Eight,
}

/// An error: its type as X-Road 7 writes it, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: String,
    pub message: String,
}

impl Failure {
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Failure { kind: kind.to_owned(), message: message.into() }
    }

    /// As the next generation writes it: who speaks in small letters, the rest with underscores.
    fn written(&self, style: Style) -> String {
        if style == Style::Seven {
            return self.kind.clone();
        }
        let (who, what) = match self.kind.strip_prefix("Server.") {
            Some(rest) => rest.split_once('.').map_or((self.kind.as_str(), ""), |(proxy, what)| {
                (&self.kind["".len().."Server.".len() + proxy.len()], what)
            }),
            None => self.kind.split_once('.').unwrap_or((&self.kind, "")),
        };
        let what = what.split('.').map(snake).collect::<Vec<_>>().join(".");
        let who = who.to_lowercase();
        if what.is_empty() { who } else { format!("{who}.{what}") }
    }

    /// The answer to a call with these headers.
    pub fn answer(&self, style: Style, asked: &HeaderMap) -> Response<Body> {
        let (kind, detail) = (self.written(style), crate::ports::random::unordered_id().as_hyphenated().to_string());
        let accept = asked.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let (media, body) = if accept.contains("xml") && !accept.contains("json") {
            ("application/xml;charset=utf-8", xml(&kind, &self.message, &detail))
        } else {
            let body = serde_json::json!({ "type": kind, "message": self.message, "detail": detail });
            ("application/json;charset=utf-8", body.to_string())
        };
        let status =
            if self.kind.starts_with("Client.") { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, media)
            .header("x-road-error", kind)
            .body(Body::from(body))
            .expect("an error's type is made of letters")
    }
}

fn snake(word: &str) -> String {
    let mut out = String::new();
    for (at, c) in word.chars().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn xml(kind: &str, message: &str, detail: &str) -> String {
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error><type>{}</type><message>{}</message><detail>{detail}</detail></error>",
        plain(kind),
        plain(message)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_write_their_types() {
        for (seven, eight) in [
            ("Server.ServerProxy.AccessDenied", "server.serverproxy.access_denied"),
            ("Server.ClientProxy.OutdatedGlobalConf", "server.clientproxy.outdated_global_conf"),
            ("Server.ServerProxy.ServiceFailed.HttpError", "server.serverproxy.service_failed.http_error"),
            ("Client.BadRequest", "client.bad_request"),
        ] {
            let failure = Failure::new(seven, "");
            assert_eq!(
                (failure.written(Style::Seven).as_str(), failure.written(Style::Eight).as_str()),
                (seven, eight)
            );
        }
    }
}
