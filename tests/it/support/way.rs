//! The ways to a portal: straight, through the sandbox security server, or through one that shares no code with us. Certificates are as
//! X-Road makes them, on both sides.
use super::{
    certificates::{Pair, of_x_road},
    peer::Peer,
};
use chrak::{
    app::clock::SystemClock,
    portal::{Identifier, PortalOptions, XroadOptions},
    ports::clock::Clock,
    sandbox::road::{Road, RoadConfig},
    tls::{Identity, PeerFiles, PeerTls},
};
use std::{net::SocketAddr, path::Path, sync::Mutex};

pub const CLIENT: &str = "CAMBODIA/GOV/CAMDX-1/CHRAK";
pub const SERVICE: &str = "CAMBODIA/GOV/CAMDX-2/PORTAL(1)/portal";

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Straight,
    Sandbox,
    Python,
}

/// A way that stands, with what stands on it.
pub struct Way {
    pub road: Option<Road>,
    pub python: Option<Mutex<Peer>>,
    pub url: String,
    pub certificates: Option<Certificates>,
}

/// Of an information system and of a security server.
pub struct Certificates {
    pub folder: tempfile::TempDir,
    pub ours: Pair,
    pub servers: Pair,
}

impl Certificates {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, servers) = (of_x_road(folder.path(), "is"), of_x_road(folder.path(), "ss"));
        Certificates { folder, ours, servers }
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

impl Way {
    /// To the portal at this address.
    pub async fn to(portal: SocketAddr, over: Over) -> Self {
        Self::with(portal, over, |_| {}).await
    }

    /// As [`Way::to`], with a change of the sandbox's configuration.
    pub async fn with(portal: SocketAddr, over: Over, change: impl FnOnce(&mut RoadConfig)) -> Self {
        super::program::with_tls();
        let provider = format!("http://{portal}");
        if over == Over::Straight {
            return Way { road: None, python: None, url: provider, certificates: None };
        }
        let certificates = Certificates::new();
        let (servers, ours) = (&certificates.servers, &certificates.ours);
        let (road, python, port) = match over {
            Over::Sandbox => {
                let mut config = RoadConfig {
                    clients: vec![CLIENT.to_owned()],
                    services: vec![(SERVICE.to_owned(), provider)],
                    identity: Some((servers.cert.clone(), servers.key.clone())),
                    client_cert: Some(ours.cert.clone()),
                    ..RoadConfig::default()
                };
                change(&mut config);
                let road = Road::start(config).await.expect("the security server starts");
                let port = road.addr().port();
                (Some(road), None, port)
            }
            _ => {
                let (cert, key) = (text(&servers.cert), text(&servers.key));
                let mut words = vec![provider.as_str(), "--client", CLIENT, "--service", SERVICE, "--cert", &cert];
                let client_cert = text(&ours.cert);
                words.extend(["--key", &key, "--client-cert", &client_cert]);
                let mut python = Peer::python("road.py", &words);
                let port = python.port();
                (None, Some(Mutex::new(python)), port)
            }
        };
        Way { road, python, url: format!("https://127.0.0.1:{port}"), certificates: Some(certificates) }
    }

    /// How the client goes this way.
    pub fn options(&self) -> PortalOptions {
        let road = self.certificates.as_ref().map(|certificates| {
            let Certificates { ours, servers, .. } = certificates;
            let identity = Some(Identity { cert_file: ours.cert.clone(), key_file: ours.key.clone() });
            let files = PeerFiles { identity, server_cert_file: Some(servers.cert.clone()), ca_file: None };
            XroadOptions {
                client: Identifier::client(CLIENT).expect("an identifier"),
                service: Identifier::service(SERVICE).expect("an identifier"),
                user_id: Some("KH-CHRAK".to_owned()),
                represented_party: None,
                provider_server: None,
                tls: Some(PeerTls::new(files, SystemClock.now()).expect("good files")),
            }
        });
        PortalOptions { url: self.url.clone(), token: "t".into(), ca_file: None, road }
    }

    /// What a configuration says of it, in place of `[portal]` with its url and token.
    pub fn configured(&self) -> String {
        let url = &self.url;
        let mut text = format!("[portal]\nurl = \"{url}\"\ntoken = \"t\"\n");
        if let Some(Certificates { ours, servers, .. }) = &self.certificates {
            text += &format!(
                "mode = \"xroad\"\n[portal.xroad]\nclient = \"{CLIENT}\"\nservice = \"{SERVICE}\"\ncert_file = {:?}\nkey_file = {:?}\n\
                 server_cert_file = {:?}\n",
                ours.cert, ours.key, servers.cert
            );
        }
        text
    }

    /// What the judge that shares no code with us has to say: calls it saw, and all that was wrong with them.
    pub fn judged(&self) -> (usize, Vec<String>) {
        let Some(python) = &self.python else { return (0, Vec::new()) };
        let mut python = python.lock().expect("no panic holds it");
        python.listen();
        let calls = python.seen.iter().filter(|line| line["event"] == "call");
        let wrong = calls.clone().flat_map(|call| call["wrong"].as_array().expect("a list").clone());
        let wrong = wrong.map(|one| one.as_str().expect("text").to_owned()).collect();
        (calls.count(), wrong)
    }
}
