//! Who asks, where proxies stand in front: what they say of it (RFC 7239, or the older X-Forwarded headers) is believed
//! from those that the configuration names, and taken off the request from everybody else. It must not know what is asked.
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

const X_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Everything by which a proxy says for whom it asks.
const TOLD: [HeaderName; 7] = [
    header::FORWARDED,
    X_FOR,
    X_PROTO,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-ssl"),
    HeaderName::from_static("x-real-ip"),
];

/// An address, or a network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

impl Net {
    /// `192.0.2.7`, `2001:db8::7`, or a network as `192.0.2.0/24`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
        Some(Net { address, bits })
    }

    fn holds(&self, other: IpAddr) -> bool {
        let octets = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let (mine, other) = (octets(self.address), octets(other));
        let same = |bit: usize| (mine[bit / 8] ^ other[bit / 8]) & (0x80 >> (bit % 8)) == 0;
        mine.len() == other.len() && (0..usize::from(self.bits)).all(same)
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[Net]>);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// From where.
    pub address: IpAddr,
    /// Whether a believed proxy says that it came by TLS.
    pub tls: bool,
}

impl Proxies {
    /// Those of `[http] proxies`.
    pub fn new(nets: Vec<Net>) -> Self {
        Proxies(nets.into())
    }

    /// Whether one stands at this address.
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.holds(address))
    }

    /// Finds out who asks, and leaves of what proxies say only `x-forwarded-proto: https`, where that is believed: what
    /// comes after may rely on it. `tls`: the connection itself is one of TLS, which says how whoever is no proxy came, and
    /// how everybody did of whom a proxy does not say it.
    pub fn settle(&self, peer: SocketAddr, tls: bool, headers: &mut HeaderMap) -> Client {
        let peer = peer.ip().to_canonical();
        let client = if self.hold(peer) { self.told(peer, tls, headers) } else { Client { address: peer, tls } };
        for name in TOLD {
            headers.remove(name);
        }
        if client.tls {
            headers.insert(X_PROTO, HeaderValue::from_static("https"));
        }
        client
    }

    /// What a believed proxy says. Where both ways are used and differ, one of them came through from the client, and
    /// nobody knows which: then neither is believed.
    fn told(&self, peer: IpAddr, tls: bool, headers: &HeaderMap) -> Client {
        let forwarded = forwarded(headers).map(|hops| self.walk(peer, &hops));
        let older = older(headers).map(|hops| self.walk(peer, &hops));
        let (address, https) = match (forwarded, older) {
            (Some((one, https)), Some((other, too))) if one == other => (one, https.into_iter().chain(too).min()),
            (Some(_), Some(_)) => (peer, None),
            (one, other) => one.or(other).unwrap_or((peer, None)),
        };
        Client { address, tls: https.unwrap_or(tls) }
    }

    /// From the nearest hop to the first one that is no proxy of ours. What that one says of others is its own word.
    fn walk(&self, peer: IpAddr, hops: &[Hop]) -> (IpAddr, Option<bool>) {
        let mut found = (peer, None);
        for hop in hops.iter().rev() {
            found.1 = hop.https;
            let Some(address) = hop.address else { break };
            found.0 = address;
            if !self.hold(address) {
                break;
            }
        }
        found
    }
}

/// What one proxy says.
struct Hop {
    /// Whom it asks for, where it says so.
    address: Option<IpAddr>,
    https: Option<bool>,
}

fn values(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    (!lines.is_empty()).then(|| lines.iter().flat_map(|line| split(line, ',')).collect())
}

/// Parts of a line, but not within quotes.
fn split(line: &str, at: char) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == at && !quoted => parts.push(std::mem::take(&mut part)),
            _ => {}
        }
        if c != at || quoted {
            part.push(c);
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// RFC 7239.
fn forwarded(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let hop = |element: String| {
        let mut hop = Hop { address: None, https: None };
        for pair in split(&element, ';') {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = node(value),
                "proto" => hop.https = Some(value.eq_ignore_ascii_case("https")),
                _ => {}
            }
        }
        hop
    };
    Some(values(headers, &header::FORWARDED)?.into_iter().map(hop).collect())
}

/// `X-Forwarded-For` and `X-Forwarded-Proto`; a list of protocols belongs to the same hops, one word alone to all of them.
fn older(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let protos = values(headers, &X_PROTO).unwrap_or_default();
    let hops = values(headers, &X_FOR).or_else(|| (!protos.is_empty()).then(|| vec!["unknown".to_owned()]))?;
    let missing = hops.len().saturating_sub(protos.len());
    let https = |at: usize| {
        let said = if protos.len() == 1 { protos.first() } else { protos.get(at.wrapping_sub(missing)) };
        said.map(|said| said.eq_ignore_ascii_case("https"))
    };
    Some(hops.iter().enumerate().map(|(at, hop)| Hop { address: node(hop), https: https(at) }).collect())
}

/// An address with or without a port; `None` for `unknown` and made-up names.
fn node(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => address,
            _ => text,
        },
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// Who asks, as the first believed of `10.0.0.0/24` and `2001:db8::1` hears it, and what is left of the words.
    fn settle(peer: &str, told: &[(&'static str, &str)]) -> (String, bool, Vec<String>) {
        let nets = ["10.0.0.0/24", "2001:db8::1"].map(|net| Net::parse(net).expect("a net"));
        let mut headers = HeaderMap::new();
        for (name, value) in told {
            headers.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        let peer = SocketAddr::new(peer.parse().expect("an address"), 50_000);
        let client = Proxies::new(nets.into()).settle(peer, false, &mut headers);
        let left = headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
        (client.address.to_string(), client.tls, left)
    }

    #[test]
    fn a_believed_proxy_says_for_whom_it_asks() {
        for (told, address, tls) in [
            (vec![("forwarded", "for=192.0.2.7;proto=https")], "192.0.2.7", true),
            (vec![("forwarded", "For=\"[2001:db8:7::7]:4711\"; Proto=HTTPS")], "2001:db8:7::7", true),
            (vec![("forwarded", "for=192.0.2.7:80;host=\"a,b;c\";proto=http")], "192.0.2.7", false),
            // the client's own word stands before the one of the proxy
            (vec![("forwarded", "for=203.0.113.9;proto=https, for=192.0.2.7;proto=http")], "192.0.2.7", false),
            (vec![("forwarded", "for=203.0.113.9"), ("forwarded", "for=192.0.2.7")], "192.0.2.7", false),
            // two believed ones in a row
            (
                vec![("forwarded", "for=203.0.113.9, for=192.0.2.7;proto=https, for=10.0.0.9;proto=http")],
                "192.0.2.7",
                true,
            ),
            (vec![("forwarded", "for=unknown;proto=https")], PROXY, true),
            (vec![("forwarded", "for=_hidden, for=10.0.0.9")], "10.0.0.9", false),
            (vec![("forwarded", "nonsense")], PROXY, false),
            (vec![("x-forwarded-for", "203.0.113.9, 192.0.2.7"), ("x-forwarded-proto", "https")], "192.0.2.7", true),
            (vec![("x-forwarded-for", "192.0.2.7, 10.0.0.9"), ("x-forwarded-proto", "https, http")], "192.0.2.7", true),
            (vec![("x-forwarded-for", "::ffff:192.0.2.7")], "192.0.2.7", false),
            (vec![("x-forwarded-proto", "https")], PROXY, true),
            // both ways: they agree, or neither is believed
            (
                vec![("forwarded", "for=192.0.2.7"), ("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")],
                "192.0.2.7",
                true,
            ),
            (vec![("forwarded", "for=203.0.113.9;proto=https"), ("x-forwarded-for", "192.0.2.7")], PROXY, false),
            (
                vec![
                    ("forwarded", "for=192.0.2.7;proto=https"),
                    ("x-forwarded-for", "192.0.2.7"),
                    ("x-forwarded-proto", "http"),
                ],
                "192.0.2.7",
                false,
            ),
        ] {
            let (found, found_tls, left) = settle(PROXY, &told);
            assert_eq!((found.as_str(), found_tls), (address, tls), "{told:?}");
            assert_eq!(left, if tls { vec!["x-forwarded-proto: https"] } else { Vec::new() }, "{told:?}");
        }
    }

    #[test]
    fn what_anybody_else_says_of_it_is_taken_off() {
        let forged = [
            ("forwarded", "for=192.0.2.7;proto=https"),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "x"),
            ("x-real-ip", "192.0.2.7"),
        ];
        for peer in ["10.0.1.1", "127.0.0.1", "2001:db8::2"] {
            assert_eq!(settle(peer, &forged), (peer.to_owned(), false, Vec::new()));
        }
        for peer in ["::ffff:10.0.0.200", "2001:db8::1"] {
            assert_eq!(settle(peer, &forged[..1]).0, "192.0.2.7", "{peer}");
        }
    }

    #[test]
    fn a_connection_of_tls_is_one_whoever_says_otherwise_but_a_believed_proxy() {
        let settle = |peer: &str, told: &[(&'static str, &'static str)]| {
            let mut headers: HeaderMap = HeaderMap::new();
            for (name, value) in told {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let peer = SocketAddr::new(peer.parse().expect("an address"), 50_000);
            let net = Net::parse(PROXY).expect("a net");
            let tls = Proxies::new(vec![net]).settle(peer, true, &mut headers).tls;
            assert_eq!(tls, headers.get(X_PROTO).is_some_and(|proto| proto == "https"));
            tls
        };
        let plain = [("forwarded", "for=192.0.2.7;proto=http")];
        assert!(settle("192.0.2.7", &[]) && settle("192.0.2.7", &plain));
        assert!(settle(PROXY, &[]) && settle(PROXY, &[("forwarded", "for=192.0.2.7")]));
        assert!(!settle(PROXY, &plain), "the visitor's own line is in the clear");
    }

    #[test]
    fn only_addresses_and_networks_are_read() {
        for good in ["192.0.2.7", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::1"] {
            assert!(Net::parse(good).is_some(), "{good}");
        }
        for bad in ["", "proxy.example", "192.0.2.7:80", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2/24"] {
            assert!(Net::parse(bad).is_none(), "{bad}");
        }
    }
}
