//! Where an application stands, by the Registration API 0.1.1. It knows no time of a status, no factor and no office: the answer is
//! public, says when the application was registered, and names the office only where one alone offers the service.
//! `applicationData`, which holds what the applicant wrote, is passed over and kept nowhere.
use super::directory::Ids;
use crate::{
    portal::{
        finding::Finding,
        line::Line,
        reading::Directory,
        transport::{PortalCall, Reply},
        wire,
    },
    types::{
        RegistrationCode, UnixMs,
        civic::{Application, ApplicationStatus, Disclosure, Localized, OfficeRef, PortalFault, ServiceRef},
        percent::percent,
    },
};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

/// `applicationFileResponse`, as much of it as is looked at.
#[derive(Deserialize)]
struct WireFile {
    #[serde(rename = "fileId")]
    file_id: String,
    registered: Option<String>,
    #[serde(rename = "serviceId")]
    service_id: String,
    status: Option<WireStatus>,
    #[serde(default)]
    ended: bool,
}

#[derive(Deserialize)]
struct WireStatus {
    code: Option<String>,
}

/// `service`, as much of it as is looked at.
#[derive(Deserialize)]
struct WireService {
    id: String,
}

/// Where an application stands.
pub(super) async fn application(
    line: &Line,
    (directory, ids): (&Directory, &Ids),
    code: &RegistrationCode,
    until: Instant,
) -> Result<Application, PortalFault> {
    let call = PortalCall::own(format!("/applications/{}", percent(code.canonical())));
    let read = |reply| {
        let body = judge(reply)?;
        file(&body, (directory, ids), code, line.clock.now()).map_err(|why| {
            tracing::warn!("the registration system's answer cannot be used: {why}");
            PortalFault::Unusable
        })
    };
    let read = line.attempt("getApplicationFileById", &call, until, read).await;
    // nothing was to be changed, so nothing is uncertain
    read.map_err(|fault| if fault == PortalFault::Uncertain { PortalFault::Away } else { fault })
}

fn file(
    body: &[u8],
    (directory, ids): (&Directory, &Ids),
    asked: &RegistrationCode,
    now: UnixMs,
) -> Result<Application, String> {
    let wire: WireFile = serde_json::from_slice(body)
        .map_err(|fault| format!("no application file: {:?} at column {}", fault.classify(), fault.column()))?;
    if wire.file_id != asked.canonical() {
        return Err("it is about another file".to_owned());
    }
    let registered_at = match &wire.registered {
        None => None,
        Some(text) => Some(super::wire::time(text).map(|at| wire::not_ahead(at, now)).ok_or("registered is no time")?),
    };
    let known = directory.registered(ids, &wire.service_id);
    // of a service that the file does not know nobody can say that it tells nothing
    let service = match known {
        Some(one) => ServiceRef { id: Some(one.id.clone()), name: Some(one.name.clone()), sensitive: one.sensitive },
        None => ServiceRef { id: None, name: None, sensitive: true },
    };
    let status = wire.status.and_then(|status| status.code);
    Ok(Application {
        code: asked.clone(),
        service,
        office: known.and_then(|one| directory.only_office(&one.id)).unwrap_or_else(where_it_was_filed),
        status: status_of(status.as_deref().unwrap_or_default(), wire.ended),
        status_at: None,
        registered_at,
        disclosure: Disclosure::Public,
        timeline: Vec::new(),
        fee: None,
        expected_by: None,
        ready: None,
        next_action: None,
        returned_documents: Vec::new(),
    })
}

/// A state that is not known promises nothing; nor does one that was sent back and has ended all the same.
fn status_of(code: &str, ended: bool) -> ApplicationStatus {
    match code {
        "SENDBACK" if !ended => ApplicationStatus::ReturnedForCorrection,
        "APPROVED" => ApplicationStatus::Approved,
        "REJECTED" => ApplicationStatus::Rejected,
        _ => ApplicationStatus::InReview,
    }
}

/// The office of which the API says nothing.
fn where_it_was_filed() -> OfficeRef {
    OfficeRef {
        id: String::new(),
        name: Localized {
            km: "ការិយាល័យដែលបានដាក់ពាក្យ".to_owned(),
            en: "the office where it was filed".to_owned(),
            km_latn: Some("kariyalay dael ban dak peak".to_owned()),
        },
        short: Some(Localized {
            km: "ការិយាល័យដាក់ពាក្យ".to_owned(),
            en: "office of filing".to_owned(),
            km_latn: Some("kariyalay dak peak".to_owned()),
        }),
    }
}

/// What a reply means.
fn judge(reply: Reply) -> Result<Bytes, PortalFault> {
    Err(match reply.status {
        200 => return Ok(reply.body),
        404 => PortalFault::NotFound,
        401 | 403 => {
            tracing::error!("the registration system refuses us; check portal.govstack.client and portal.token_file");
            PortalFault::Refused
        }
        429 | 503 => PortalFault::Away,
        500..=599 => PortalFault::Uncertain,
        status => {
            tracing::warn!(
                status,
                "the registration system's answer cannot be used: a status that its API does not have"
            );
            PortalFault::Unusable
        }
    })
}

/// Asks for the list of services, once.
///
/// # Errors
/// What came instead, in words.
pub(in crate::portal) async fn services(line: &Line, until: Instant) -> Result<Vec<String>, String> {
    let call = PortalCall::own("/services".to_owned());
    let reply = line.transport.send(&call, until).await.map_err(|broken| broken.to_string())?;
    if line.turned(&call, &reply).is_some() {
        let alarm = line.board.alarms().pop().map(|alarm| alarm.en);
        return Err(alarm.unwrap_or_else(|| "what answered was not the registration system".to_owned()));
    }
    if reply.status != 200 {
        return Err(format!("it answered {} to a question about its services", reply.status));
    }
    let all: Vec<WireService> =
        serde_json::from_slice(&reply.body).map_err(|_| "what it answers is no list of services".to_owned())?;
    Ok(all.into_iter().map(|one| one.id).collect())
}

/// Compares the file with the services that there are.
pub(super) async fn compare(line: &Line, ids: &Ids, until: Instant) -> Vec<Finding> {
    let there = match services(line, until).await {
        Ok(there) => there,
        Err(why) => return vec![Finding::Bad(format!("the registration system: {why}"))],
    };
    let is_there = |id: &&String| there.iter().any(|one| one.eq_ignore_ascii_case(id));
    let missing: Vec<&str> = ids.services.keys().filter(|id| !is_there(id)).map(String::as_str).collect();
    let unknown = there.iter().filter(|one| !ids.services.keys().any(|id| id.eq_ignore_ascii_case(one))).count();
    let mut found = Vec::new();
    match missing.is_empty() {
        true => found.push(Finding::Good(format!(
            "all {} services of portal.govstack.directory_file are registered",
            ids.services.len()
        ))),
        false => found.push(Finding::Bad(format!(
            "portal.govstack.directory_file: the registration system has no service {}; mend service_id",
            missing.join(", ")
        ))),
    }
    if unknown > 0 {
        found.push(Finding::Note(format!(
            "the registration system has {unknown} services more than portal.govstack.directory_file: of them no name is told"
        )));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_of_the_standard_and_nothing_is_promised_else() {
        use ApplicationStatus as S;
        for (code, ended, status) in [
            ("PENDING", false, S::InReview),
            ("SENDBACK", false, S::ReturnedForCorrection),
            ("SENDBACK", true, S::InReview),
            ("APPROVED", true, S::Approved),
            ("REJECTED", true, S::Rejected),
            ("approved", false, S::InReview),
            ("READY", false, S::InReview),
            ("", false, S::InReview),
        ] {
            assert_eq!(status_of(code, ended), status, "{code} {ended}");
        }
    }
}
