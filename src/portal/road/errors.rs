//! What `X-Road-Error` says, and what it means for a call (message protocol for REST 1.0.4, §4.6). X-Road 7 writes
//! `Server.ServerProxy.AccessDenied`, its next generation `server.serverproxy.access_denied`: case and underscores say nothing.

/// What a security server says instead of the portal's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoadError {
    /// Its name in metrics, of a closed list.
    pub label: &'static str,
    /// What it means.
    pub means: Means,
}

/// What became of the call, and what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// It was not carried out, and no call will be until somebody changes this.
    Mend(Mend),
    /// It was not carried out; it may be the next time. Why, in words.
    Closed(&'static str),
    /// Nobody knows whether it was carried out.
    Unknown,
}

/// What is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Who we say we are, or what we call.
    Names,
    /// Who we say we are.
    Client,
    /// Our certificate.
    Certificate,
    /// The security server that we ask for.
    ProviderServer,
    /// The right to use the service, which its owner gives.
    Right,
    /// The service, which its owner has not set up.
    Service,
}

use Means::{Closed, Unknown};

const OLD_CONF: &str = "the security server's global configuration is too old or broken";

/// Of what comes behind `Server.ClientProxy.` and `Server.ServerProxy.`.
const CONSUMER: &[(&str, &str, Means)] = &[
    ("invalidclientidentifier", "invalid_client_identifier", Means::Mend(Mend::Client)),
    ("unknownmember", "unknown_member", Means::Mend(Mend::Names)),
    ("sslauthenticationfailed", "ssl_authentication_failed", Means::Mend(Mend::Certificate)),
    ("invalidsecurityserver", "invalid_security_server", Means::Mend(Mend::ProviderServer)),
    ("outdatedglobalconf", "global_conf", Closed(OLD_CONF)),
    ("globalconfoutdated", "global_conf", Closed(OLD_CONF)),
    ("malformedglobalconf", "global_conf", Closed(OLD_CONF)),
];
const PROVIDER: &[(&str, &str, Means)] = &[
    ("accessdenied", "access_denied", Means::Mend(Mend::Right)),
    ("unknownservice", "unknown_service", Means::Mend(Mend::Service)),
    ("servicemissingurl", "service_missing_url", Means::Mend(Mend::Service)),
    ("servicedisabled", "service_disabled", Closed("the portal's owner has switched the service off")),
];
/// Names at either end of which it is not known what became of the call; only for the metric.
const EITHER: &[(&str, &str)] =
    &[("networkerror", "network_error"), ("servicefailed", "service_failed"), ("loggingfailed", "logging_failed")];

impl RoadError {
    /// Reads the header.
    pub fn read(header: &str) -> Self {
        let plain = header.trim().to_ascii_lowercase().replace('_', "");
        let segments: Vec<&str> = plain.split('.').collect();
        if segments.last() == Some(&"maintenancemode") {
            return RoadError { label: "maintenance_mode", means: Closed("a security server is being maintained") };
        }
        let (table, name) = match segments[..] {
            ["client", ..] => return RoadError { label: "client", means: Means::Mend(Mend::Names) },
            ["server", "clientproxy", name, ..] => (CONSUMER, name),
            ["server", "serverproxy", name, ..] => (PROVIDER, name),
            _ => (&[][..], ""),
        };
        if let Some((_, label, means)) = table.iter().find(|(known, ..)| *known == name) {
            return RoadError { label, means: *means };
        }
        let label = EITHER.iter().find(|(known, _)| *known == name).map_or("other", |(_, label)| label);
        RoadError { label, means: Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As X-Road 7 and its next generation write it, its label and its meaning.
    const ROWS: &[(&str, &str, &str, Means)] = &[
        ("Client.BadRequest", "client.bad_request", "client", Means::Mend(Mend::Names)),
        ("Client.InternalError", "client.internal_error", "client", Means::Mend(Mend::Names)),
        (
            "Server.ClientProxy.InvalidClientIdentifier",
            "server.clientproxy.invalid_client_identifier",
            "invalid_client_identifier",
            Means::Mend(Mend::Client),
        ),
        (
            "Server.ClientProxy.UnknownMember",
            "server.clientproxy.unknown_member",
            "unknown_member",
            Means::Mend(Mend::Names),
        ),
        (
            "Server.ClientProxy.SslAuthenticationFailed",
            "server.clientproxy.ssl_authentication_failed",
            "ssl_authentication_failed",
            Means::Mend(Mend::Certificate),
        ),
        (
            "Server.ClientProxy.InvalidSecurityServer",
            "server.clientproxy.invalid_security_server",
            "invalid_security_server",
            Means::Mend(Mend::ProviderServer),
        ),
        (
            "Server.ServerProxy.AccessDenied",
            "server.serverproxy.access_denied",
            "access_denied",
            Means::Mend(Mend::Right),
        ),
        (
            "Server.ServerProxy.UnknownService",
            "server.serverproxy.unknown_service",
            "unknown_service",
            Means::Mend(Mend::Service),
        ),
        (
            "Server.ServerProxy.ServiceMissingUrl",
            "server.serverproxy.service_missing_url",
            "service_missing_url",
            Means::Mend(Mend::Service),
        ),
        (
            "Server.ServerProxy.ServiceDisabled",
            "server.serverproxy.service_disabled",
            "service_disabled",
            Closed("the portal's owner has switched the service off"),
        ),
        (
            "Server.ServerProxy.MaintenanceMode",
            "server.clientproxy.maintenance_mode",
            "maintenance_mode",
            Closed("a security server is being maintained"),
        ),
        (
            "Server.ClientProxy.OutdatedGlobalConf",
            "server.clientproxy.outdated_global_conf",
            "global_conf",
            Closed(OLD_CONF),
        ),
        (
            "Server.ClientProxy.GlobalConfOutdated",
            "server.clientproxy.global_conf_outdated",
            "global_conf",
            Closed(OLD_CONF),
        ),
        (
            "Server.ClientProxy.MalformedGlobalConf",
            "server.clientproxy.malformed_global_conf",
            "global_conf",
            Closed(OLD_CONF),
        ),
        ("Server.ServerProxy.NetworkError", "server.serverproxy.network_error", "network_error", Unknown),
        ("Server.ClientProxy.NetworkError", "server.clientproxy.network_error", "network_error", Unknown),
        (
            "Server.ServerProxy.ServiceFailed.HttpError",
            "server.serverproxy.service_failed.http_error",
            "service_failed",
            Unknown,
        ),
        ("Server.ServerProxy.LoggingFailed", "server.serverproxy.logging_failed", "logging_failed", Unknown),
        ("Server.ServerProxy.DatabaseError", "server.serverproxy.database_error", "other", Unknown),
        (
            "Server.ServerProxy.SslAuthenticationFailed",
            "server.serverproxy.ssl_authentication_failed",
            "other",
            Unknown,
        ),
        ("Server.ClientProxy.AccessDenied", "server.clientproxy.access_denied", "other", Unknown),
        ("Server.ServerProxy.AccessDeniedNot", "server.serverproxy.access_denied_not", "other", Unknown),
        ("Clientele.BadRequest", "clientele.bad_request", "other", Unknown),
        ("", " ", "other", Unknown),
    ];

    #[test]
    fn every_row_of_the_table_is_read_however_it_is_written() {
        for &(seven, eight, label, means) in ROWS {
            for written in [seven, eight, &seven.to_uppercase(), &format!(" {eight} ")] {
                assert_eq!(RoadError::read(written), RoadError { label, means }, "{written}");
            }
        }
    }
}
