//! Several nodes of the program that ships on one database in PostgreSQL, with one portal: what the tests of nodes share.
use super::{
    postgres::Server,
    program::{self, Program},
};
use chrak::sandbox::portal::{Portal, PortalConfig};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// What nodes have in common.
pub struct Site {
    pub server: &'static Server,
    pub database: String,
    pub portal: Portal,
    folder: tempfile::TempDir,
}

/// A running node.
pub struct Node {
    pub program: Program,
    pub http: String,
    pub ops: String,
}

impl Site {
    /// On the server that the tests of this process share, with a portal that takes so long for each answer.
    pub async fn start(delay: Duration) -> Self {
        Self::on(Server::shared(), delay).await
    }

    /// On a server of its own.
    pub async fn on(server: &'static Server, delay: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay,
            db: None,
            stands_at: None,
        };
        let portal = Portal::start(config).await.expect("the sandbox portal starts");
        Site { server, database: server.database(), portal, folder }
    }

    /// The configuration of a node at a telco; it has a copy of the key file, once there is one. `more` are keys of the
    /// telco, and then whole sections.
    pub fn config(&self, name: &str, telco: SocketAddr, more: &str) -> String {
        let folder = self.folder.path().join(name);
        let data = folder.join("data");
        std::fs::create_dir_all(&data).expect("a folder");
        let key = self.folder.path().join("chrak.key");
        if key.is_file() && !data.join("chrak.key").exists() {
            std::fs::copy(&key, data.join("chrak.key")).expect("copied");
        }
        let path = program::config(&folder, telco, self.portal.addr(), more);
        let text = std::fs::read_to_string(&path).expect("read");
        let url = self.server.url(&self.database);
        let database = format!("[database]\nurl = \"{url}\"\nnode = \"{name}\"\n[http]");
        std::fs::write(&path, text.replacen("[http]", &database, 1)).expect("written");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Starts a node and waits until it is ready.
    pub fn node(&self, name: &str, telco: SocketAddr, more: &str) -> Node {
        let config = self.config(name, telco, more);
        let node = Node::start(&config);
        self.keep_key(name);
        node
    }

    /// Keeps the key file that a node has made, for those that come after it.
    pub fn keep_key(&self, name: &str) {
        let key = self.folder.path().join("chrak.key");
        if !key.is_file() {
            std::fs::copy(self.key_of(name), key).expect("copied");
        }
    }

    fn key_of(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).join("data/chrak.key")
    }

    /// What the database says.
    pub fn psql(&self, sql: &str) -> String {
        self.server.psql(&self.database, sql)
    }

    /// How many rows there are.
    pub fn count(&self, of: &str) -> u64 {
        self.psql(&format!("SELECT count(*) FROM {of}")).parse().expect("a number")
    }

    /// Texts and segments that are still in hand.
    pub fn open(&self) -> u64 {
        self.count("inbox WHERE state < 2") + self.count("outbox WHERE state < 3")
    }
}

impl Node {
    /// Starts it and waits until it is ready.
    pub fn start(config: &str) -> Self {
        Self::of(Program::start(&["serve", "--config", config], &[]))
    }

    /// One that is starting, once it is ready.
    pub fn of(mut program: Program) -> Self {
        let ready = program.said("ready");
        let address = |name: &str| {
            let found = ready.split(name).nth(1).and_then(|rest| rest.split_whitespace().next());
            found.unwrap_or_else(|| panic!("{name}ADDRESS in {ready}")).to_owned()
        };
        Node { http: address("http="), ops: address("ops="), program }
    }

    /// The status of a page of its own, `None` when nobody answers.
    pub async fn status(&self, page: &str) -> Option<u16> {
        let address = if page == "/readyz" { &self.ops } else { &self.http };
        let asked = program::client().get(format!("http://{address}{page}")).send().await;
        asked.ok().map(|answer| answer.status().as_u16())
    }

    /// Ends it in order.
    pub fn stop(mut self) {
        self.program.signal("TERM");
        let ended = self.program.ended(Duration::from_secs(25));
        assert_eq!(ended.code(), Some(0), "{}", self.program.log);
    }
}
