//! curl with the examples of the message protocol for REST 1.0.4 judges `chrak road`: its chapters 4.1 to 4.6 and 6, and the lists of the
//! service metadata protocol. What stands behind the security server, and the hash that it computes of each request, share no
//! code with us (`tests/python/petstore.py`).
use crate::support::{certificates::of_x_road, peer::Peer, program::Program};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, process::Command};

/// As the specification names them.
const CLIENT: &str = "DEV/COM/222/TESTCLIENT";
const SERVICE: &str = "DEV/COM/222/TESTSERVICE/petstore";
const NOWHERE: &str = "DEV/COM/222/TESTSERVICE/nowhere";
const PET: &str = r#"{ "id": 0, "category": { "id": 0, "name": "string" }, "name": "doggie", "photoUrls": [ "string" ], "tags": [ { "id": 0, "name": "string" } ], "status": "available"}"#;

/// A security server before the pet store.
struct Stand {
    _road: Program,
    store: Peer,
    url: String,
    /// What curl says to be let in.
    identity: Vec<String>,
    folder: tempfile::TempDir,
}

/// What curl read.
struct Heard {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// An error as 4.6 has it: the type in header and body, what happened, an id to find it by.
    fn is_error(&self, status: u16, kind: &str) {
        assert_eq!((self.status, self.header("x-road-error")), (status, kind), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/json;charset=utf-8");
        let body: Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(body["type"], kind);
        assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        assert!(is_uuid(body["detail"].as_str().expect("text")), "{body}");
    }
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.as_hyphenated().to_string() == text)
}

impl Stand {
    /// With these flags besides; `tls`: over HTTPS, with a certificate of the client's.
    fn new(tls: bool, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Peer::python("petstore.py", &[SERVICE]);
        let service = format!("{SERVICE}=http://127.0.0.1:{}", store.port());
        let nowhere = format!("{NOWHERE}=http://127.0.0.1:1");
        let mut words = vec!["road", "--listen", "127.0.0.1:0", "--client", CLIENT, "--client", "DEV/COM/222"];
        words.extend(["--service", &service, "--service", &nowhere]);
        words.extend(more);
        let file = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
        let mut identity = Vec::new();
        let (ours, servers) = (of_x_road(folder.path(), "is"), of_x_road(folder.path(), "ss"));
        let files = [file(servers.cert), file(servers.key), file(ours.cert)];
        if tls {
            words.extend(["--cert", &files[0], "--key", &files[1], "--client-cert", &files[2]]);
            // X-Road's own certificate names nobody
            identity = vec!["--insecure".to_owned(), "--cert".to_owned(), files[2].clone()];
            identity.extend(["--key".to_owned(), file(ours.key)]);
        }
        let mut road = Program::start(&words, &[]);
        let ready = road.said("ready: a sandbox");
        let at = ready.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let url = format!("{}://{at}", if tls { "https" } else { "http" });
        Stand { _road: road, store, url, identity, folder }
    }

    /// `curl -X METHOD {url}{path}` with these words, as this client.
    fn curl(&self, method: &str, path: &str, more: &[&str]) -> Heard {
        let client = format!("X-Road-Client: {CLIENT}");
        self.stranger(method, path, &[&["-H", client.as_str()], more].concat())
    }

    /// The same, saying nothing of who asks.
    fn stranger(&self, method: &str, path: &str, more: &[&str]) -> Heard {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--include",
            "--http1.1",
            "--max-time",
            "20",
            "--path-as-is",
            "-X",
            method,
        ]);
        curl.arg(format!("{}{path}", self.url)).args(&self.identity).args(more);
        let done = curl.env_remove("http_proxy").env_remove("https_proxy").output().expect("apt-get install curl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).expect("UTF-8");
        let mut rest = text.as_str();
        loop {
            let (head, body) = rest.split_once("\r\n\r\n").expect("a head");
            rest = body;
            let mut lines = head.lines();
            let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
            if status == "100" {
                continue;
            }
            let named = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
            let headers = lines.filter_map(named).collect();
            return Heard { status: status.parse().expect("a number"), headers, body: body.to_owned() };
        }
    }

    /// What the pet store was asked last, of so many questions.
    fn asked(&mut self, count: usize) -> (String, BTreeMap<String, String>, String) {
        let request = self.store.wait("request", count).pop().expect("a request");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let pair = |pair: &Value| (text(&pair[0]).to_lowercase(), text(&pair[1]));
        let headers = request["headers"].as_array().expect("a list").iter().map(pair).collect();
        (
            format!("{} {} {}", text(&request["method"]), text(&request["path"]), request["octets"]),
            headers,
            text(&request["digest"]),
        )
    }
}

/// An example of chapter 6: what is asked, how it is answered, and what the pet store sees of it.
fn example(
    stand: &mut Stand,
    nth: usize,
    (method, path, more): (&str, &str, &[&str]),
    (status, body, seen): (u16, &str, &str),
) {
    let heard =
        stand.curl(method, &format!("/r1/{SERVICE}{path}"), &[&["-H", "accept: application/json"], more].concat());
    assert_eq!((heard.status, heard.body.as_str()), (status, body), "{method} {path}");
    let (asked, headers, digest) = stand.asked(nth);
    assert!(asked.starts_with(&format!("{method} {path} {seen}")), "{asked}");
    // what the response must carry (4.3), whatever the service says there
    assert_eq!((heard.header("x-road-client"), heard.header("x-road-service")), (CLIENT, SERVICE));
    assert_eq!(heard.header("x-road-request-hash"), digest, "{method} {path}");
    for name in ["x-road-id", "x-road-request-id"] {
        assert!(is_uuid(heard.header(name)), "{name} is made where none is given: {:?}", heard.headers);
        assert_eq!(Some(&heard.headers[name]), headers.get(name), "the service sees the same {name}");
    }
    assert!(
        !heard.headers.contains_key("x-road-error") && !heard.headers.contains_key("server"),
        "{:?}",
        heard.headers
    );
    assert_eq!(headers["accept"], "application/json");
    for gone in ["user-agent", "x-road-request-hash"] {
        assert!(!headers.contains_key(gone), "{gone} goes no further");
    }
}

#[test]
fn the_pet_store_of_the_specification_is_reached_by_every_method_over_http_and_https() {
    for tls in [false, true] {
        let mut stand = Stand::new(tls, &[]);
        let json = ["-H", "Content-Type: application/json", "-d", PET];
        let siddu = r#"{"id": 1124, "name": "Siddu", "photoUrls": [], "tags": [], "status": "Offline"}"#;
        let (pets, octets) = ("/v2/pets/5657082955040009", PET.len().to_string());
        example(&mut stand, 1, ("GET", "/v2/pets/1124", &[]), (200, siddu, "0"));
        example(&mut stand, 2, ("PUT", pets, &json), (200, PET, &octets));
        example(&mut stand, 3, ("POST", "/v2/pets", &json), (201, PET, &octets));
        example(&mut stand, 4, ("PATCH", pets, &json), (200, PET, &octets));
        example(&mut stand, 5, ("DELETE", "/v2/pets/1124", &[]), (204, "", "0"));
        let picture = stand.folder.path().join("cat.jpg");
        std::fs::write(&picture, vec![0xFF; 170_025]).expect("written");
        let form = format!("file=@{};type=image/jpeg", picture.display());
        let heard = stand.curl(
            "POST",
            &format!("/r1/{SERVICE}/v2/pets/1124/images"),
            &["-H", "Expect: 100-continue", "-F", &form],
        );
        assert!(heard.status == 200 && heard.body.contains("\"type\": null"), "{}", heard.body);
        let (asked, headers, digest) = stand.asked(6);
        let octets: usize = asked.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a number");
        assert!(octets > 170_025 && headers["content-type"].starts_with("multipart/form-data; boundary="), "{asked}");
        assert!(!headers.contains_key("expect") && heard.header("x-road-request-hash") == digest);
    }
}

#[test]
fn headers_and_queries_go_through_as_the_specification_has_them() {
    let mut stand = Stand::new(false, &[]);
    let id = "fa2e18a5-c2cb-4d09-b994-f57727f7c3fb";
    let given = [
        format!("X-Road-Id: {id}"),
        "X-Road-UserId: EE12345678901".to_owned(),
        "X-Road-Issue: MT324223MSD".to_owned(),
        "X-Road-Security-Server: DEV/COM/222/SERVERCODE".to_owned(),
        "X-Road-Represented-Party: COM/MEMBERCODE".to_owned(),
        "X-Pingback: https://example.com/xmlrpc.php".to_owned(),
        "Cache-Control: no-cache, no-store, must-revalidate".to_owned(),
        "Pragma: no-cache".to_owned(),
        "X-Road-Request-Hash: forged".to_owned(),
        "X-Hop: 1".to_owned(),
        "Connection: keep-alive, X-Hop".to_owned(),
        "TE: trailers".to_owned(),
        "Accept:".to_owned(),
    ];
    let words: Vec<&str> = given.iter().flat_map(|line| ["-H", line.as_str()]).collect();
    let query = "/v1/bar/zyggy?quu=1&also=a%2Fb+c%20d&quu=2&%E1%9E%80";
    let heard = stand.curl("GET", &format!("/r1/{SERVICE}{query}"), &words);
    assert_eq!((heard.status, heard.header("x-road-id")), (200, id));
    assert_eq!((heard.header("cache-control"), heard.header("x-powered-by")), ("no-store", "PHP/5.2.17"));
    assert!(!heard.headers.contains_key("keep-alive") && !heard.headers.contains_key("server"));
    let (asked, headers, digest) = stand.asked(1);
    assert_eq!(asked, format!("GET {query} 0"));
    assert_eq!(headers["accept"], "application/json", "the default");
    assert_eq!(heard.header("x-road-request-hash"), digest);
    for line in &given[..8] {
        let (name, value) = line.split_once(": ").expect("a header");
        assert_eq!(headers.get(&name.to_lowercase()).map(String::as_str), Some(value), "{name} goes through unchanged");
    }
    for gone in ["x-hop", "te", "connection", "user-agent", "x-road-request-hash"] {
        assert!(!headers.contains_key(gone), "{gone}: {headers:?}");
    }
    // of several clients the last one counts; a member without a subsystem is one too
    let several = ["-H", "X-Road-Client: DEV/COM/222/OTHER", "-H", "x-road-client: DEV/COM/222"];
    let heard = stand.stranger("GET", &format!("/r1/{SERVICE}/v2/pets/1124"), &several);
    assert_eq!((heard.status, heard.header("x-road-client")), (200, "DEV/COM/222"));
    // a service's own no, and a redirection, are handed on as they are (4.4, 4.6 example 1)
    let heard = stand.curl("PUT", &format!("/r1/{SERVICE}/v3/pet/findByStatus"), &[]);
    assert!(
        heard.status == 405 && heard.body.contains("Method Not Allowed") && heard.header("x-road-error").is_empty()
    );
    let heard = stand.curl("GET", &format!("/r1/{SERVICE}/v2/pets/moved"), &[]);
    assert_eq!((heard.status, heard.header("location")), (302, "https://elsewhere.example/"));
}

#[test]
fn errors_are_those_of_the_specification_in_json_and_xml() {
    let stand = Stand::new(false, &[]);
    let pet = format!("/r1/{SERVICE}/v2/pets/1124");
    // example 2: the service cannot be reached
    let away = format!("/r1/{NOWHERE}/v2/pets/1124");
    stand.curl("GET", &away, &[]).is_error(500, "Server.ServerProxy.NetworkError");
    // example 3: what is no call of this protocol; a service whose slashes are encoded (4.2), and a part with a slash in it (4.8)
    let encoded = format!("/r1/{}/v2/pets/1124", SERVICE.replace('/', "%2F"));
    for path in [
        "/",
        "/r2/DEV/COM/222/TESTSERVICE/petstore",
        "/r1/DEV/COM/222/TESTSERVICE",
        &encoded,
        "/r1/DEV/COM/222/TESTSERVICE/BAR%2FSERVICE",
    ] {
        stand.curl("GET", path, &[]).is_error(400, "Client.BadRequest");
    }
    stand.stranger("GET", &pet, &[]).is_error(400, "Client.BadRequest");
    stand
        .stranger("GET", &pet, &["-H", "X-Road-Client: DEV%2FCOM%2F222%2FTESTCLIENT"])
        .is_error(400, "Client.BadRequest");
    stand
        .stranger("GET", &pet, &["-H", "X-Road-Client: DEV/COM/222/OTHER"])
        .is_error(500, "Server.ClientProxy.UnknownMember");
    stand.curl("GET", "/r1/DEV/COM/222/TESTSERVICE/other", &[]).is_error(500, "Server.ServerProxy.UnknownService");
    for accept in ["Accept: application/xml", "Accept: text/xml"] {
        let heard = stand.curl("GET", &away, &["-H", accept]);
        assert!(
            heard.status == 500 && heard.header("content-type").starts_with("application/xml;charset"),
            "{:?}",
            heard.headers
        );
        let text = |name: &str| {
            heard.body.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split("</").next()).unwrap_or_default()
        };
        assert_eq!(
            (text("type"), heard.header("x-road-error")),
            ("Server.ServerProxy.NetworkError", "Server.ServerProxy.NetworkError")
        );
        assert!(
            !text("message").is_empty() && is_uuid(text("detail")) && heard.body.starts_with("<?xml"),
            "{}",
            heard.body
        );
    }
    // example 4, as it is asked for, and as the next generation writes it
    let stand = Stand::new(false, &["--fault", "Server.ServerProxy.DatabaseError=100"]);
    stand.curl("GET", &pet, &[]).is_error(500, "Server.ServerProxy.DatabaseError");
    let stand = Stand::new(false, &["--fault", "Server.ServerProxy.DatabaseError=100", "--style", "8"]);
    stand.curl("GET", &pet, &[]).is_error(500, "server.serverproxy.database_error");
    // over HTTPS a client without the certificate that is registered for it
    let mut stand = Stand::new(true, &[]);
    stand.identity = vec!["--insecure".to_owned()];
    stand.curl("GET", &pet, &[]).is_error(500, "Server.ClientProxy.SslAuthenticationFailed");
}

#[test]
fn services_are_listed_as_the_metadata_protocol_has_them() {
    let mut stand = Stand::new(true, &[]);
    for list in ["listMethods", "allowedMethods"] {
        let heard =
            stand.curl("GET", &format!("/r1/DEV/COM/222/TESTSERVICE/{list}"), &["-H", "accept: application/json"]);
        assert!(
            heard.status == 200 && heard.header("content-type").starts_with("application/json"),
            "{:?}",
            heard.headers
        );
        assert!(
            is_uuid(heard.header("x-road-id")) && is_uuid(heard.header("x-road-request-id")),
            "{:?}",
            heard.headers
        );
        let body: Value = serde_json::from_str(&heard.body).expect("JSON");
        let services = body["service"].as_array().expect("a list");
        assert_eq!(services.len(), 2);
        for (service, code) in services.iter().zip(["petstore", "nowhere"]) {
            let members =
                ["object_type", "xroad_instance", "member_class", "member_code", "subsystem_code", "service_code"];
            let said = members.map(|name| service[name].as_str().unwrap_or_default());
            assert_eq!(said, ["SERVICE", "DEV", "COM", "222", "TESTSERVICE", code], "{service}");
            assert!(service["service_type"] == "REST" && service["endpoint_list"].is_array(), "{service}");
        }
    }
    stand.curl("GET", "/r1/DEV/COM/222/OTHER/listMethods", &[]).is_error(500, "Server.ClientProxy.UnknownMember");
    stand.store.listen();
    assert!(stand.store.seen.iter().all(|line| line["event"] != "request"), "the service itself is asked nothing");
}
