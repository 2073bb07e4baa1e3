//! The door: who calls what, whether it may, and what becomes of it.
use super::{
    calls::Calls,
    error::{Failure, Style},
    fault::{self, Faults},
    ids::{self, Id},
    journal::{Entry, Journal},
    pass::{BODY_MAX, Passing},
};
use crate::types::lock;
use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Response, header, request::Parts},
};
use hyper::{Request, body::Incoming};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Mutex, atomic::Ordering},
};

/// What stands behind every connection.
pub struct Door {
    pub clients: Vec<Id>,
    pub services: Vec<(Id, String)>,
    pub client_cert: Option<CertificateDer<'static>>,
    pub style: Style,
    pub faults: Mutex<Faults>,
    pub journal: Option<Journal>,
    pub http: reqwest::Client,
    pub calls: Calls,
}

/// A call that was let in.
struct Admitted {
    client: Id,
    service: Id,
    what: What,
}

enum What {
    /// To a service at this address, with what comes behind.
    Service(String),
    /// What there is, or what may be called.
    Methods,
}

/// How a call ended.
enum End {
    Answered(Response<Body>, Bytes),
    /// The connection is cut without a word.
    Lost,
}

impl Door {
    /// One call over a connection on which this certificate was shown. Once it is there whole it is dealt with to its end, also
    /// when the client does not wait for it.
    ///
    /// # Errors
    /// When the connection is to be cut.
    pub async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        shown: Option<CertificateDer<'static>>,
    ) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let body = to_bytes(Body::new(body), BODY_MAX).await.map_err(io::Error::other)?;
        let dealt = tokio::spawn(async move { self.deal(&head, body, shown.as_ref()).await });
        dealt.await.map_err(io::Error::other)?
    }

    async fn deal(
        &self,
        head: &Parts,
        body: Bytes,
        shown: Option<&CertificateDer<'static>>,
    ) -> io::Result<Response<Body>> {
        self.calls.come.fetch_add(1, Ordering::Relaxed);
        let request_id = crate::ports::random::unordered_id().as_hyphenated().to_string();
        let end = match self.admit(head, shown) {
            Ok(admitted) => self.carry_out(head, admitted, &body, &request_id).await,
            Err(failure) => Err(failure),
        };
        let (response, answer, error) = match end {
            Ok(End::Answered(response, answer)) => (Some(response), answer, None),
            Ok(End::Lost) => (None, Bytes::new(), Some(fault::LOSE_ANSWER.to_owned())),
            Err(failure) => (Some(failure.answer(self.style, &head.headers)), Bytes::new(), Some(failure.kind.clone())),
        };
        if let Some(journal) = &self.journal {
            let status = response.as_ref().map_or(0, |response| response.status().as_u16());
            let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
            let (method, headers) = (&head.method, &head.headers);
            journal.write(&Entry { method, path, headers, body: &body, request_id, status, error, answer: &answer });
        }
        response.ok_or_else(|| io::Error::other("an answer is lost, as asked for"))
    }

    /// Judges a call as the consumer's security server does, then as the provider's.
    fn admit(&self, head: &Parts, shown: Option<&CertificateDer<'static>>) -> Result<Admitted, Failure> {
        let parts: Vec<&str> = head.uri.path().splitn(8, '/').collect();
        let ["", "r1", instance, class, member, subsystem, code, rest @ ..] = &parts[..] else {
            let text = "the path is not /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE[/path]";
            return Err(Failure::new("Client.BadRequest", text));
        };
        let service: Option<Vec<String>> =
            [instance, class, member, subsystem, code].into_iter().map(|part| ids::part(part)).collect();
        let service = service.map(Id);
        let service =
            service.ok_or_else(|| Failure::new("Client.BadRequest", "a part of the service cannot be one"))?;
        let client = self.client(&head.headers)?;
        if self.client_cert.as_ref().is_some_and(|wanted| shown != Some(wanted)) {
            let text = format!("client {client} did not show the certificate that is registered for it");
            return Err(Failure::new("Server.ClientProxy.SslAuthenticationFailed", text));
        }
        if !self.services.iter().any(|(known, _)| known.subsystem() == service.subsystem()) {
            let text = format!("could not find addresses for {}", service.subsystem().join("/"));
            return Err(Failure::new("Server.ClientProxy.UnknownMember", text));
        }
        if rest.is_empty() && head.method == Method::GET && matches!(*code, "listMethods" | "allowedMethods") {
            return Ok(Admitted { client, service, what: What::Methods });
        }
        let found = self.services.iter().find(|(known, _)| *known == service);
        let (_, url) =
            found.ok_or_else(|| Failure::new("Server.ServerProxy.UnknownService", format!("no service {service}")))?;
        let rest = rest.first().map(|rest| format!("/{rest}")).unwrap_or_default();
        let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Admitted { client, service, what: What::Service(format!("{url}{rest}{query}")) })
    }

    /// Who calls: the last header of the name counts.
    fn client(&self, headers: &HeaderMap) -> Result<Id, Failure> {
        let given = headers.get_all("x-road-client").iter().next_back();
        let bad = |text: &str| Failure::new("Client.BadRequest", text);
        let given = given.ok_or_else(|| bad("X-Road-Client is missing"))?.to_str();
        let client = given.ok().and_then(|given| Id::read(given, 3..=4));
        let client = client.ok_or_else(|| bad("X-Road-Client is no identifier"))?;
        if self.clients.contains(&client) {
            return Ok(client);
        }
        Err(Failure::new("Server.ClientProxy.UnknownMember", format!("client {client} not found")))
    }

    async fn carry_out(
        &self,
        head: &Parts,
        admitted: Admitted,
        body: &Bytes,
        request_id: &str,
    ) -> Result<End, Failure> {
        let id = head.headers.get("x-road-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let id = id.unwrap_or_else(|| crate::ports::random::unordered_id().as_hyphenated().to_string());
        let Admitted { client, service, what } = admitted;
        let url = match what {
            What::Methods => return Ok(self.methods(&client, &service, &id, request_id)),
            What::Service(url) => url,
        };
        let (headers, method) = (head.headers.clone(), head.method.clone());
        let request_id = request_id.to_owned();
        let asked = head.uri.path_and_query().map_or("/", |asked| asked.as_str()).to_owned();
        let passing = Passing { method, asked, url, headers, body: body.clone(), client, service, id, request_id };
        let fault = lock(&self.faults).hit();
        let Some(kind) = fault else {
            let (response, answer) = passing.pass(&self.http).await?;
            return Ok(End::Answered(response, answer));
        };
        let loses = kind == fault::LOSE_ANSWER;
        // of what nobody is to know, every second one is carried out
        let uncertain = !loses && !fault::is_certain(&kind);
        if loses || uncertain && self.calls.uncertain.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            passing.pass(&self.http).await.map(drop)?;
        }
        if loses { Ok(End::Lost) } else { Err(Failure::new(&kind, "as asked for")) }
    }

    /// What there is: every client may call everything, so both lists are one (service metadata protocol for REST).
    fn methods(&self, client: &Id, asked: &Id, id: &str, request_id: &str) -> End {
        let of_it = self.services.iter().filter(|(service, _)| service.subsystem() == asked.subsystem());
        let entry = |(service, _): &(Id, String)| -> Value {
            let [instance, class, member, subsystem, code] = &service.0[..] else { return Value::Null };
            json!({
                "object_type": "SERVICE", "service_type": "REST", "xroad_instance": instance, "member_class": class,
                "member_code": member, "subsystem_code": subsystem, "service_code": code, "endpoint_list": [],
            })
        };
        let body = Bytes::from(json!({ "service": of_it.map(entry).collect::<Vec<_>>() }).to_string());
        let response = Response::builder()
            .header(header::CONTENT_TYPE, "application/json;charset=utf-8")
            .header("x-road-client", client.header())
            .header("x-road-service", asked.header())
            .header("x-road-id", id)
            .header("x-road-request-id", request_id)
            .body(Body::from(body.clone()))
            .expect("identifiers are visible ASCII");
        End::Answered(response, body)
    }
}
