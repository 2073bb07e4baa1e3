//! The names that a server answers to. A page of another site can have its own name pointed to our address (DNS
//! rebinding) and would then be taken by browsers for ours; what it cannot do is to send our name. It must not know what
//! is asked.
use super::Transport;
use axum::http::{HeaderMap, Uri, header};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address of ours that a client reached, for handlers.
#[derive(Clone, Copy, Debug)]
pub struct Reached(pub SocketAddr);

/// A name as it stands before the port.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Address(IpAddr),
    Word(String),
}

/// A name, with a port or with any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: Name,
    port: Option<u16>,
}

impl Host {
    /// `kiosk.example`, `kiosk.example:8443`, `192.0.2.7`, `[2001:db8::7]:8080`; `None` for what is no such name.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let name = match name.strip_prefix('[') {
            Some(v6) => Name::Address(v6.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into()),
            None => match name.parse::<Ipv4Addr>() {
                Ok(v4) => Name::Address(v4.into()),
                Err(_) => Name::Word(word(name)?),
            },
        };
        Some(Host { name, port })
    }
}

/// A name of DNS in small letters, without the dot that may end it.
fn word(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let label = |label: &str| {
        let letters = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
        letters && !label.is_empty() && label.len() <= 63
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// Which names are ours.
#[derive(Clone, Debug)]
pub enum Hosts {
    /// These.
    Named(Vec<Host>),
    /// Those by which what is listened on is reached.
    Listened {
        /// The address that is listened on; where it stands for all addresses, the one that the client reached counts.
        on: SocketAddr,
        /// What this machine calls itself.
        machine: Option<String>,
    },
}

/// What a request says of the name that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One of ours.
    Ours,
    /// Another one.
    Another,
    /// None, or several.
    Unclear,
}

impl Hosts {
    /// By default: what is listened on, under its address, the names of loopback, and what this machine calls itself where
    /// all addresses are listened on.
    pub fn listened(on: SocketAddr, machine: Option<String>) -> Self {
        Hosts::Listened { on, machine: machine.and_then(|name| word(name.trim())).filter(|_| on.ip().is_unspecified()) }
    }

    /// Which name a request asks for.
    pub fn judge(&self, uri: &Uri, headers: &HeaderMap, reached: Option<SocketAddr>) -> Asked {
        let mut all = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (all.next(), all.next()) else { return Asked::Unclear };
        let tls = Transport::of(headers) == Transport::Tls;
        let ours = |text: &str| Host::parse(text).is_some_and(|host| self.answers(&host, tls, reached));
        // a whole address in the first line goes before the header (RFC 9112, 3.2.2); both must be ours
        let whole = uri.authority().is_none_or(|authority| ours(authority.as_str()));
        if whole && host.to_str().is_ok_and(ours) { Asked::Ours } else { Asked::Another }
    }

    fn answers(&self, host: &Host, tls: bool, reached: Option<SocketAddr>) -> bool {
        match self {
            Hosts::Named(ours) => {
                ours.iter().any(|one| one.name == host.name && (one.port.is_none() || one.port == host.port))
            }
            Hosts::Listened { on, machine } => {
                // browsers leave out the port of http and that of https
                let usual = on.port() == 80 || tls && on.port() == 443;
                let port = host.port.map_or(usual, |port| port == on.port());
                port && match &host.name {
                    Name::Address(address) if address.is_loopback() && address.is_ipv6() => true,
                    Name::Address(IpAddr::V4(address)) if *address == Ipv4Addr::LOCALHOST => true,
                    Name::Address(address) if on.ip().is_unspecified() => {
                        reached.is_some_and(|reached| reached.ip().to_canonical() == *address)
                    }
                    Name::Address(address) => on.ip() == *address,
                    Name::Word(name) => name == "localhost" || machine.as_ref() == Some(name),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn judge(hosts: &Hosts, host: &str) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).expect("a value"));
        hosts.judge(&Uri::from_static("/kiosk"), &headers, Some(([192, 0, 2, 7], 8080).into()))
    }

    #[test]
    fn another_sites_name_that_points_here_is_not_ours() {
        let near = Hosts::listened(([127, 0, 0, 1], 8080).into(), Some("chrak".to_owned()));
        let wide = Hosts::listened(([0, 0, 0, 0], 8080).into(), Some("Chrak.local".to_owned()));
        let one = Hosts::listened(([192, 0, 2, 9], 80).into(), None);
        let named =
            Hosts::Named(["Kiosk.Example.", "[2001:db8::7]:8443"].map(|one| Host::parse(one).expect(one)).into());
        for (hosts, host, ours) in [
            (&near, "localhost:8080", true),
            (&near, "LOCALHOST.:8080", true),
            (&near, "127.0.0.1:8080", true),
            (&near, "[::1]:8080", true),
            (&near, "localhost", false),
            (&near, "localhost:8081", false),
            (&near, "evil.example:8080", false),
            (&near, "localhost.evil.example:8080", false),
            (&near, "127.0.0.1.evil.example:8080", false),
            (&near, "192.0.2.7:8080", false),
            (&near, "chrak:8080", false),
            (&near, "evil@localhost:8080", false),
            (&near, "localhost:8080:8080", false),
            (&near, "", false),
            (&wide, "192.0.2.7:8080", true),
            (&wide, "192.0.2.8:8080", false),
            (&wide, "chrak.local:8080", true),
            (&wide, "localhost:8080", true),
            (&wide, "evil.example:8080", false),
            (&one, "192.0.2.9", true),
            (&one, "192.0.2.9:80", true),
            (&one, "192.0.2.7", false),
            (&named, "kiosk.example", true),
            (&named, "kiosk.example:444", true),
            (&named, "[2001:db8::7]:8443", true),
            (&named, "[2001:db8::7]", false),
            (&named, "localhost:8080", false),
            (&named, "kiosk.example.evil", false),
        ] {
            assert_eq!(judge(hosts, host) == Asked::Ours, ours, "{host} to {hosts:?}");
        }
    }

    #[test]
    fn two_names_or_none_are_unclear_and_a_whole_address_counts_too() {
        let near = Hosts::listened(([127, 0, 0, 1], 8080).into(), None);
        let mut headers = HeaderMap::new();
        assert_eq!(near.judge(&Uri::from_static("/"), &headers, None), Asked::Unclear);
        headers.append(header::HOST, HeaderValue::from_static("localhost:8080"));
        assert_eq!(near.judge(&Uri::from_static("/"), &headers, None), Asked::Ours);
        assert_eq!(near.judge(&Uri::from_static("http://evil.example:8080/"), &headers, None), Asked::Another);
        headers.append(header::HOST, HeaderValue::from_static("evil.example:8080"));
        assert_eq!(near.judge(&Uri::from_static("/"), &headers, None), Asked::Unclear);
    }
}
