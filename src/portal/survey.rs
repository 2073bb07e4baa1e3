//! What would stand between us and the portal, looked at before a start: certificates, the security server, the right to use
//! the service, the operations that are listed. Nothing of a citizen is asked.
use super::{
    PortalClient,
    finding::Finding,
    line::Line,
    road::{self, Origin},
    transport::{PortalCall, Reply},
};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;

/// Days before its end from which a certificate is worth a word.
const DAYS_MIN: i64 = 30;

/// What a service of X-Road is told to log, in a sentence for its administrator.
const LOGGING: &str = "codes, PINs and numbers stand in the message logs of both security servers unless their administrators \
                       switch the logging of bodies off (message-body-logging = false, or the portal's subsystem in \
                       disabled-body-logging-local-producer-subsystems and disabled-body-logging-remote-producer-subsystems); see docs/CAMDX.md";

/// Operations: method, and a path.
type Operations = &'static [(&'static str, &'static str)];

/// What a registration system and a scheduler of GovStack are asked for.
const REGISTRATION: Operations = &[("GET", "/services"), ("GET", "/applications/x")];
const SCHEDULER: Operations = &[
    ("GET", "/event/list_details"),
    ("GET", "/subscriber/list_details"),
    ("POST", "/subscriber/new"),
    ("GET", "/appointment/list_details"),
    ("POST", "/appointment/new"),
    ("PUT", "/appointment/modifications"),
    ("DELETE", "/appointment"),
];

/// What the windows ask the portal for.
const OPERATIONS: Operations = &[
    ("GET", "/v1/applications/x"),
    ("GET", "/v1/services"),
    ("GET", "/v1/ministries"),
    ("GET", "/v1/topics"),
    ("GET", "/v1/offices"),
    ("GET", "/v1/offices/x"),
    ("GET", "/v1/offices/x/slots"),
    ("POST", "/v1/holds"),
    ("GET", "/v1/appointments"),
    ("POST", "/v1/appointments"),
    ("PATCH", "/v1/appointments/x"),
    ("DELETE", "/v1/appointments/x"),
    ("POST", "/v1/feedback"),
    ("POST", "/v1/complaints"),
    ("GET", "/v1/complaints/x"),
    ("POST", "/v1/payments"),
    ("GET", "/v1/payments/x"),
    ("POST", "/v1/queue-tickets"),
    ("GET", "/v1/events"),
    ("GET", "/v1/groups"),
    ("GET", "/v1/pages"),
    ("GET", "/v1/pages/x"),
    ("GET", "/v1/holidays"),
];

/// What is asked besides for whoever has signed in, and where the portal itself lets visitors sign in.
const MINE: Operations = &[("GET", "/v1/my/applications"), ("GET", "/v1/my/appointments")];
const SIGN_INS: Operations = &[("POST", "/v1/sign-ins"), ("GET", "/v1/sign-ins/x"), ("DELETE", "/v1/sign-ins/x")];

/// What a place of a `[[source]]` is asked for, the second one by the check itself.
const STATUS: Operations = &[("GET", "/v1/applications/x"), ("GET", "/v1/ministries")];

/// What a place is used for: no right is needed for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// The status of some codes.
    Status,
    /// All that the windows have.
    Windows,
    /// That, and what is one's own, for visitors who sign in elsewhere.
    Own,
    /// That, and visitors sign in there.
    SignIns,
}

impl Uses {
    fn operations(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Uses::Status => STATUS.to_vec(),
            Uses::Windows => OPERATIONS.to_vec(),
            Uses::Own => [OPERATIONS, MINE].concat(),
            Uses::SignIns => [OPERATIONS, MINE, SIGN_INS].concat(),
        }
    }
}

/// What `allowedMethods` answers (service metadata protocol for REST, annex B.2).
#[derive(Deserialize)]
struct Allowed {
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    service_code: String,
    #[serde(default)]
    endpoint_list: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    method: String,
    path: String,
}

impl Endpoint {
    /// `*` stands for one segment of a path, `**` for the rest; of a method for any.
    fn covers(&self, method: &str, path: &str) -> bool {
        (self.method == "*" || self.method.eq_ignore_ascii_case(method)) && fits(&self.path, path)
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        match (wanted, segments.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

impl PortalClient {
    /// Looks at the way to the portal, which is used for this; nothing where it goes straight there.
    pub async fn survey(&self, uses: Uses, deadline: Duration) -> Vec<Finding> {
        let Some(options) = self.core.transport.road.options() else { return Vec::new() };
        let mut found = Vec::new();
        for left in options.tls.iter().flat_map(|tls| tls.left(self.core.clock.now())) {
            let key = if left.of == "client" { "cert_file" } else { "server_cert_file" };
            let words = format!("the certificate in portal.xroad.{key} is valid for {} days", left.days);
            found.push(if left.days < DAYS_MIN { Finding::Note(words) } else { Finding::Good(words) });
        }
        match &self.core.govstack {
            None => found.extend(allowed(&self.core, &uses.operations(), deadline).await),
            Some(govstack) => {
                found.extend(allowed(&self.core, REGISTRATION, deadline).await);
                for line in govstack.lines() {
                    found.extend(allowed(line, SCHEDULER, deadline).await);
                }
            }
        }
        found.push(Finding::Note(LOGGING.to_owned()));
        found
    }

    /// Compares a directory that comes from a file with what the systems behind it have; nothing where it is the portal's own.
    pub async fn survey_directory(&self, deadline: Duration) -> Vec<Finding> {
        match &self.core.govstack {
            Some(govstack) => govstack.survey(&self.core, deadline).await,
            None => Vec::new(),
        }
    }
}

/// Asks the security servers which services we may use.
async fn allowed(line: &Line, operations: &[(&str, &str)], deadline: Duration) -> Vec<Finding> {
    let road = &line.transport.road;
    let Some((options, to)) = road.options().zip(road.told("allowedMethods")) else { return Vec::new() };
    let call = PortalCall::own(String::new());
    let reply = match line.transport.send_to(&to, &call, Instant::now() + deadline).await {
        Ok(reply) => reply,
        Err(broken) => return vec![Finding::Bad(format!("the security server: {broken}"))],
    };
    let (client, service) = (&options.client, &options.service);
    let refused = match reply.origin {
        Origin::Portal if reply.status == 200 => None,
        Origin::Portal => Some(format!("it answered {} to a question about what {client} may use", reply.status)),
        Origin::Between | Origin::Stranger => Some(road::not_ours().en),
        Origin::Road(error) => Some(road::in_words(&error, client, service).map_or_else(
            || format!("it cannot tell what {client} may use ({}): look into its log, or try later", error.label),
            |alarm| alarm.en,
        )),
    };
    if let Some(why) = refused {
        return vec![Finding::Bad(format!("the security server: {why}"))];
    }
    let mut found = vec![Finding::Good("the security server answers".to_owned())];
    found.push(listed(&reply, service.code(), operations, &format!("{client} to use {service}")));
    found
}

fn listed(reply: &Reply, code: &str, operations: &[(&str, &str)], right: &str) -> Finding {
    let allowed: Allowed = match serde_json::from_slice(&reply.body) {
        Ok(allowed) => allowed,
        Err(_) => return Finding::Bad("what the security server lists as allowed cannot be read".to_owned()),
    };
    let Some(service) = allowed.service.iter().find(|service| service.service_code == code) else {
        return Finding::Bad(format!("the portal's owner must allow {right}: it is not among what is allowed"));
    };
    let is_missing = |(method, path): &&(&str, &str)| {
        !service.endpoint_list.is_empty() && !service.endpoint_list.iter().any(|endpoint| endpoint.covers(method, path))
    };
    let missing: Vec<String> = operations
        .iter()
        .filter(is_missing)
        .map(|(method, path)| format!("{method} {}", path.replace("/x", "/*")))
        .collect();
    match missing.is_empty() {
        true => Finding::Good(format!("the portal's owner allows {right}")),
        false => Finding::Bad(format!("the portal's owner must allow {right} whole; missing: {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Reply {
        Reply { status: 200, body: body.to_owned().into(), retry_after: None, origin: Origin::Portal, passed: None }
    }

    #[test]
    fn what_is_not_allowed_is_told_by_name() {
        let told = |body: &str| listed(&reply(body), "portal", OPERATIONS, "US to use IT");
        let allows = Finding::Good("the portal's owner allows US to use IT".to_owned());
        assert_eq!(
            told(r#"{"service":[{"service_code":"other"},{"service_code":"portal","service_type":"REST"}]}"#),
            allows
        );
        for every in [r#"{"method":"*","path":"/**"}"#, r#"{"method":"*","path":"**"}"#] {
            assert_eq!(
                told(&format!(r#"{{"service":[{{"service_code":"portal","endpoint_list":[{every}]}}]}}"#)),
                allows
            );
        }
        for none in ["{}", r#"{"service":[]}"#, r#"{"service":[{"service_code":"Portal"}]}"#] {
            assert!(matches!(told(none), Finding::Bad(words) if words.contains("must allow US to use IT")), "{none}");
        }
        assert!(matches!(told("<html>"), Finding::Bad(_)));
        let mut endpoints: Vec<String> = OPERATIONS
            .iter()
            .map(|(method, path)| format!(r#"{{"method":"{method}","path":"{}"}}"#, path.replace("/x", "/*")))
            .collect();
        let body = |endpoints: &[String]| {
            format!(r#"{{"service":[{{"service_code":"portal","endpoint_list":[{}]}}]}}"#, endpoints.join(","))
        };
        assert_eq!(told(&body(&endpoints)), allows);
        endpoints.retain(|endpoint| !endpoint.contains("DELETE") && !endpoint.contains("slots"));
        let Finding::Bad(words) = told(&body(&endpoints)) else { panic!("two are missing") };
        assert!(words.ends_with("missing: GET /v1/offices/*/slots, DELETE /v1/appointments/*"), "{words}");
    }

    #[test]
    fn no_right_is_asked_for_what_is_not_used_and_none_is_forgotten_for_signing_in() {
        let missing = |uses: Uses| {
            let listed = listed(
                &reply(
                    r#"{"service":[{"service_code":"portal","endpoint_list":[{"method":"GET","path":"/v1/applications/*"}]}]}"#,
                ),
                "portal",
                &uses.operations(),
                "US to use IT",
            );
            let Finding::Bad(words) = listed else { panic!("{uses:?}") };
            words.split("missing: ").nth(1).expect("what is missing").to_owned()
        };
        assert_eq!(missing(Uses::Status), "GET /v1/ministries");
        let windows = missing(Uses::Windows);
        assert!(
            windows.starts_with("GET /v1/services,") && !windows.contains("/v1/my/") && !windows.contains("sign-ins")
        );
        assert_eq!(missing(Uses::Own), format!("{windows}, GET /v1/my/applications, GET /v1/my/appointments"));
        let all = "POST /v1/sign-ins, GET /v1/sign-ins/*, DELETE /v1/sign-ins/*";
        assert_eq!(missing(Uses::SignIns), format!("{}, {all}", missing(Uses::Own)));
    }
}
