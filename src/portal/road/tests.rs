//! Where calls go, what stands in their heads, and whose an answer is.
use super::{
    errors::{Means, Mend},
    *,
};

fn options() -> XroadOptions {
    XroadOptions {
        client: Identifier::client("CAMBODIA/GOV/CAMDX-1/CHRAK").expect("an identifier"),
        service: Identifier::service("CAMBODIA/GOV/CAMDX-2/PORTAL(2)/portal?").expect("an identifier"),
        user_id: None,
        represented_party: None,
        provider_server: None,
        tls: None,
    }
}

fn road(options: XroadOptions) -> Road {
    Road::new("https://ss.example".to_owned(), Some(options)).expect("a way")
}

#[test]
fn a_call_goes_to_the_service_with_its_parts_encoded_one_by_one() {
    let way = road(options());
    let url = way.portal("/v1/offices/o%2F1/slots?service=1&from=2026-11-23").url;
    assert_eq!(
        url,
        "https://ss.example/r1/CAMBODIA/GOV/CAMDX-2/PORTAL%282%29/portal%3F/v1/offices/o%2F1/slots?service=1&from=2026-11-23"
    );
    let told = way.told("allowedMethods").expect("a way").url;
    assert_eq!(told, "https://ss.example/r1/CAMBODIA/GOV/CAMDX-2/PORTAL%282%29/allowedMethods");
    let straight = Road::new("https://portal.example".to_owned(), None).expect("a way");
    assert_eq!(straight.portal("/v1/x").url, "https://portal.example/v1/x");
    assert!(straight.told("allowedMethods").is_none() && straight.headers(Uuid::nil()).is_empty());
}

#[test]
fn the_head_has_constants_and_the_id_of_the_attempt_only() {
    let names = |headers: &HeaderMap| {
        let mut names: Vec<String> = headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    };
    let few = road(options()).headers(Uuid::from_u128(7));
    assert_eq!(names(&few), ["x-road-client", "x-road-id"]);
    assert_eq!(few["x-road-client"], "CAMBODIA/GOV/CAMDX-1/CHRAK");
    assert_eq!(few["x-road-id"], "00000000-0000-0000-0000-000000000007");
    let mut all = options();
    all.user_id = Some("KH-CHRAK".to_owned());
    all.represented_party = Some(Identifier::party("GOV/CAMDX-3").expect("an identifier"));
    all.provider_server = Some(Identifier::server("CAMBODIA/GOV/CAMDX-2/ss1").expect("an identifier"));
    let all = road(all).headers(Uuid::nil());
    assert_eq!(
        names(&all),
        ["x-road-client", "x-road-id", "x-road-represented-party", "x-road-security-server", "x-road-userid"]
    );
    assert_eq!((&all["x-road-userid"], &all["x-road-represented-party"]), (&value("KH-CHRAK"), &value("GOV/CAMDX-3")));
    for wrong in ["", "two words", "line\r\nbreak", "ខ"] {
        let wrong = XroadOptions { user_id: Some(wrong.to_owned()), ..options() };
        assert!(Road::new(String::new(), Some(wrong)).is_err());
    }
}

fn answer(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, text): &(&str, &str)| (HeaderName::from_bytes(name.as_bytes()).expect("a name"), value(text));
    pairs.iter().map(pair).collect()
}

#[test]
fn an_answer_is_the_portals_only_if_it_is_to_this_call_of_ours() {
    let way = road(options());
    let (to, attempt) = (way.portal("/v1/x"), Uuid::from_u128(7));
    let id = "00000000-0000-0000-0000-000000000007";
    let good = [
        ("x-road-id", id),
        ("x-road-client", "CAMBODIA/GOV/CAMDX-1/CHRAK"),
        ("x-road-service", "CAMBODIA/GOV/CAMDX-2/PORTAL(2)/portal%3f"),
    ];
    let judge = |pairs: &[(&str, &str)], status| way.origin(&to, attempt, status, &answer(pairs));
    assert_eq!(judge(&good, 200), Origin::Portal);
    assert_eq!(judge(&good, 503), Origin::Portal, "the portal itself is away");
    for (at, other) in [
        (0, "00000000-0000-0000-0000-000000000008"),
        (0, "7"),
        (0, ""),
        (1, "CAMBODIA/GOV/CAMDX-1/OTHER"),
        (1, "cambodia/gov/camdx-1/chrak"),
        (2, "CAMBODIA/GOV/CAMDX-2/PORTAL(2)/other"),
        (2, "CAMBODIA/GOV/CAMDX-2/PORTAL(2)"),
    ] {
        let mut forged = good;
        forged[at].1 = other;
        assert_eq!(judge(&forged, 200), Origin::Stranger, "{forged:?}");
        assert_eq!(judge(&forged, 502), Origin::Between, "{forged:?}");
        let mut missing = good.to_vec();
        missing.remove(at);
        assert_eq!(judge(&missing, 404), Origin::Stranger);
    }
    assert_eq!(
        (judge(&[], 200), judge(&[], 302), judge(&[], 504)),
        (Origin::Stranger, Origin::Stranger, Origin::Between)
    );
    let mut refused = good.to_vec();
    refused.push(("x-road-error", "server.serverproxy.access_denied"));
    let Origin::Road(error) = judge(&refused, 500) else { panic!("an error of the way goes before everything") };
    assert_eq!(error.means, Means::Mend(Mend::Right));
    let straight = Road::new(String::new(), None).expect("a way");
    assert_eq!(straight.origin(&straight.portal("/"), attempt, 200, &answer(&[])), Origin::Portal);
}

#[test]
fn what_is_to_be_mended_is_named() {
    let options = options();
    for (error, named) in [
        ("Client.BadRequest", "portal.xroad.client (CAMBODIA/GOV/CAMDX-1/CHRAK)"),
        ("Server.ClientProxy.UnknownMember", "portal.xroad.service"),
        ("Server.ClientProxy.InvalidClientIdentifier", "check portal.xroad.client"),
        ("Server.ClientProxy.SslAuthenticationFailed", "portal.xroad.cert_file"),
        ("Server.ClientProxy.InvalidSecurityServer", "portal.xroad.provider_server"),
        (
            "Server.ServerProxy.AccessDenied",
            "the portal's owner must allow CAMBODIA/GOV/CAMDX-1/CHRAK to use CAMBODIA/GOV/CAMDX-2/PORTAL(2)/portal?",
        ),
        ("Server.ServerProxy.UnknownService", "to use it"),
    ] {
        let alarm = in_words(&RoadError::read(error), &options.client, &options.service).expect(error);
        assert!(alarm.en.contains(named) && !alarm.en.contains('\n'), "{alarm:?}");
        let key = named.split_whitespace().find(|word| word.starts_with("portal.xroad."));
        assert!(key.is_none_or(|key| alarm.km.contains(key)) && alarm.km.ends_with('។'), "{alarm:?}");
    }
    for passes in ["Server.ServerProxy.NetworkError", "Server.ServerProxy.ServiceDisabled"] {
        assert_eq!(in_words(&RoadError::read(passes), &options.client, &options.service), None);
    }
}

#[test]
fn a_request_line_of_two_thousand_octets_is_too_long() {
    let url = |octets: usize| {
        let path = "a".repeat(octets - "GET / HTTP/1.1".len() - "?q".len());
        reqwest::Url::parse(&format!("https://ss.example/{path}?q")).expect("a URL")
    };
    assert!(!is_too_long("GET", &url(1_999)));
    assert!(is_too_long("GET", &url(2_000)));
}
