//! The running program with all its defaults, a paired kiosk, a signed-in operator and an agency; pages and console each
//! behind a mirror.
use super::{
    app,
    hall::shown_digits,
    mirror::Mirror,
    program::{Program, client_builder, run},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig},
    telco::Telco,
};
use std::time::Duration;

pub const AGENCY: &str = "token-of-the-agency-of-a-test";
const OPERATOR: &str = "token-of-the-operator-of-a-test";

pub struct Whole {
    pub pages: Mirror,
    pub ops: Mirror,
    /// Cookies of the paired kiosk and of the operator who signed in.
    pub kiosk: String,
    pub operator: String,
    pub folder: tempfile::TempDir,
    pub telco: Telco,
    program: Program,
    portal: Portal,
}

impl Whole {
    /// With every default that a key has, and what `more` changes.
    pub async fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let telco = app::telco().await;
        let stands = PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay: Duration::ZERO,
            db: None,
            stands_at: None,
        };
        let portal = Portal::start(stands).await.expect("the sandbox portal starts");
        let (http, ops) = (free_port(), free_port());
        let config = folder.path().join("chrak.toml");
        let text = format!(
            "data_dir = \"data\"\n[http]\nlisten = \"{http}\"\n[ops]\nlisten = \"{ops}\"\ntoken = \"{OPERATOR}\"\n\
             [portal]\nurl = \"http://{}\"\ntoken = \"t\"\n[[agency]]\nname = \"owso\"\ntoken = \"{AGENCY}\"\n\
             [[smsc]]\nname = \"test\"\naddress = \"{}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n{more}",
            portal.addr(),
            telco.addr()
        );
        std::fs::write(&config, text).expect("the configuration can be written");
        let config = config.to_str().expect("UTF-8");
        let mut program = Program::start(&["serve", "--config", config], &[]);
        program.said("ready");
        telco.bound().await;
        let (http, ops) = (format!("http://{http}"), format!("http://{ops}"));
        let (kiosk, operator) = (paired(&http, config).await, signed_in(&ops).await);
        let (pages, ops) = (Mirror::before(&http).await, Mirror::before(&ops).await);
        Whole { pages, ops, kiosk, operator, folder, telco, program, portal }
    }

    /// Ends it: what it logged meanwhile.
    pub async fn stop(mut self) -> String {
        let log = self.program.listen().to_owned();
        drop(self.program);
        self.telco.stop().await;
        self.portal.stop().await;
        log
    }
}

fn free_port() -> std::net::SocketAddr {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    taken.local_addr().expect("its address")
}

fn browser() -> reqwest::Client {
    client_builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// The first cookie that an answer sets, as it is sent back.
fn cookie(answer: &reqwest::Response) -> String {
    let set = answer.headers().get("set-cookie").unwrap_or_else(|| panic!("no cookie with {}", answer.status()));
    set.to_str().expect("text").split(';').next().expect("a cookie").to_owned()
}

async fn paired(http: &str, config: &str) -> String {
    let first = format!("{http}/kiosk");
    let get = |cookie: String| browser().get(&first).header("cookie", cookie).send();
    let waiting = cookie(&browser().post(&first).form(&[("key", "pair")]).send().await.expect("an answer"));
    let page = get(waiting.clone()).await.expect("an answer").text().await.expect("a page");
    let digits = shown_digits(&page).expect("digits");
    let said = run(&["kiosk", "pair", &digits, "--office", "owso-1205", "--config", config]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    cookie(&get(waiting).await.expect("an answer"))
}

async fn signed_in(ops: &str) -> String {
    let post = browser().post(format!("{ops}/console/sign-in")).form(&[("token", OPERATOR)]);
    cookie(&post.send().await.expect("an answer"))
}
