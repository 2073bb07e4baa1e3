//! Addresses that are called, or shown to be called: https, or http near by. It must not know whose they are.
use std::net::IpAddr;

/// Whether an address can be called: https, or http on a loopback or private address.
///
/// # Errors
/// Why it cannot.
pub fn check_address(url: &str) -> Result<(), String> {
    let such = "must be such as https://id.example.gov.kh";
    if url.len() > 500 || !url.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(format!("is no address: {such}"));
    }
    let parsed = reqwest::Url::parse(url).map_err(|fault| format!("is no address ({fault}): {such}"))?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(format!("must have no query and no fragment: {such}"));
    }
    match (parsed.scheme(), parsed.host_str()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(host)) if is_near(host) => Ok(()),
        ("http", Some(_)) => {
            Err("http:// is for a provider at a loopback or private address only; use https://".to_owned())
        }
        _ => Err(format!("is no address: {such}")),
    }
}

fn is_near(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(four)) => four.is_loopback() || four.is_private() || four.is_link_local(),
        Ok(IpAddr::V6(six)) => six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local(),
        Err(_) => host == "localhost",
    }
}

/// The same of an address that may have a query.
pub fn is_web(url: &str) -> bool {
    check_address(url.split(['?', '#']).next().unwrap_or_default()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_near() {
        for good in [
            "https://id.example/realm",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://localhost:3000",
            "http://10.0.0.7",
        ] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "id.example",
            "http://id.example",
            "ftp://id.example",
            "https://id.example?x=1",
            "https://id example",
            "http://127.0.0.1.example",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }
}
