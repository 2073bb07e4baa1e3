//! A commune hall: the program itself with a telco, the sandbox portal and a kiosk's pages, on real sockets.
use super::{
    app,
    browser::Browser,
    program::{Program, client, client_builder, run},
    way::{Over, Way},
};
use chrak::sandbox::{
    portal::{Portal, PortalConfig, Sample, sample_applications},
    telco::Telco,
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub struct Hall {
    pub program: Option<Program>,
    pub telco: Telco,
    pub portal: Option<Portal>,
    portal_at: SocketAddr,
    /// Address of the pages, without a slash at its end.
    pub http: String,
    pub ops: String,
    config: PathBuf,
    folder: tempfile::TempDir,
    /// What the program's log is to hold; `None`: as it usually is.
    logs: Option<&'static str>,
}

async fn portal(listen: SocketAddr, db: Option<PathBuf>) -> Portal {
    let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db, stands_at: None };
    Portal::start(config).await.expect("the sandbox portal starts")
}

impl Hall {
    /// Any browser may use it.
    pub async fn open() -> Self {
        Self::with("pairing = \"off\"\nprinters = [\"*\"]").await
    }

    /// With these lines in `[kiosk]`.
    pub async fn with(kiosk: &str) -> Self {
        let portal = portal(([127, 0, 0, 1], 0).into(), None).await;
        let at = portal.addr();
        Self::at(kiosk, &format!("[portal]\nurl = \"http://{at}\"\ntoken = \"t\"\n"), at, Some(portal)).await
    }

    /// With these lines in `[kiosk]` and `[portal]`, the portal at the end of that way.
    pub async fn by(over: Over, kiosk: &str, more: &str) -> (Self, Way) {
        let portal = portal(([127, 0, 0, 1], 0).into(), None).await;
        let at = portal.addr();
        let way = Way::to(at, over).await;
        let configured = way.configured().replacen("[portal]\n", &format!("[portal]\n{more}"), 1);
        let configured = format!("{configured}[push]\nquiet_hours = []\n");
        (Self::at(kiosk, &configured, at, Some(portal)).await, way)
    }

    /// With this in place of `[portal]`, which is somebody else's.
    pub async fn over(portal: &str) -> Self {
        let kiosk = "pairing = \"off\"\nprinters = [\"*\"]";
        Self::at(kiosk, portal, ([127, 0, 0, 1], 0).into(), None).await
    }

    async fn at(kiosk: &str, configured: &str, portal_at: SocketAddr, portal: Option<Portal>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let telco = app::telco().await;
        let config = folder.path().join("chrak.toml");
        // fixed ports, so that a server that was away comes back where it was
        let (http, ops) = (free_port(), free_port());
        let text = format!(
            "data_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:{http}\"\n[ops]\nlisten = \"127.0.0.1:{ops}\"\n\
             [kiosk]\n{kiosk}\n{configured}\
             [[smsc]]\nname = \"test\"\naddress = \"{}\"\nsystem_id = \"chrak\"\npassword = \"secret\"\nreconnect_max_s = 1\n",
            telco.addr()
        );
        std::fs::write(&config, text).expect("the configuration can be written");
        let (http, ops) = (format!("http://127.0.0.1:{http}"), format!("http://127.0.0.1:{ops}"));
        let mut hall = Hall { program: None, telco, portal, portal_at, http, ops, config, folder, logs: None };
        hall.come_back();
        hall
    }

    /// The portal ends.
    pub async fn portal_goes(&mut self) {
        self.portal.take().expect("it runs").stop().await;
    }

    /// A portal comes to where the first one was; what it hears it keeps over its end.
    pub async fn portal_comes(&mut self) {
        self.portal = Some(portal(self.portal_at, Some(self.folder.path().join("portal.db"))).await);
    }

    pub fn portal(&self) -> &Portal {
        self.portal.as_ref().expect("the portal runs")
    }

    /// Starts the server (again).
    pub fn come_back(&mut self) {
        let config = self.config.to_str().expect("UTF-8");
        let logs: Vec<(&str, &str)> = self.logs.iter().map(|logs| ("RUST_LOG", *logs)).collect();
        let mut program = Program::start(&["serve", "--config", config], &logs);
        program.said("ready");
        self.program = Some(program);
    }

    /// Starts the server again, which logs all that there is from then on.
    pub fn log_all(&mut self) {
        self.go_away();
        self.logs = Some("trace,sqlx=debug");
        self.come_back();
    }

    /// Ends the server, and all that it logged since it came.
    pub fn logged(&mut self) -> String {
        let mut program = self.program.take().expect("it runs");
        program.signal("TERM");
        program.ended(Duration::from_secs(25));
        program.listen().to_owned()
    }

    /// Kills the server.
    pub fn go_away(&mut self) {
        self.program.take().expect("it runs").kill();
    }

    /// `chrak kiosk` with these words.
    pub fn kiosk(&self, words: &[&str]) -> super::program::Said {
        let config = self.config.to_str().expect("UTF-8");
        run(&[&["kiosk"], words, &["--config", config]].concat())
    }

    /// Touches the button of an unpaired device, and waits for its digits.
    pub async fn digits(&self, browser: &Browser) -> String {
        if browser.js("return !document.querySelector('.pair-code')").await == true {
            browser.press("button.pair").await;
        }
        browser.see(".pair-code").await;
        let code = browser.js("return document.querySelector('.pair-code').textContent").await;
        code.as_str().expect("digits").to_owned()
    }

    /// Pairs the device of a browser that shows the first page of an unpaired one.
    pub async fn pair(&self, browser: &Browser, office: &str) {
        let code = self.digits(browser).await;
        let said = self.kiosk(&["pair", &code, "--office", office]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        browser.until("the first page", "return !document.querySelector('.pair-code')").await;
    }

    /// Opens the first page with this cookie and follows nothing: the page, and the cookie that it sets.
    pub async fn first_page(&self, cookie: &str) -> (String, Option<String>) {
        let get = no_follow().get(format!("{}/kiosk", self.http)).header("cookie", cookie);
        let answer = get.send().await.expect("an answer");
        assert!(!answer.status().is_server_error(), "{}", answer.status());
        let set = device_cookie(&answer);
        (answer.text().await.expect("a page"), set)
    }

    /// Touches "pair" as an unpaired device with this cookie: the cookie that it has from now on.
    pub async fn touch_pair(&self, cookie: &str) -> String {
        let post = no_follow().post(format!("{}/kiosk", self.http)).header("cookie", cookie).form(&[("key", "pair")]);
        let answer = post.send().await.expect("an answer");
        assert_eq!(answer.status(), 303);
        device_cookie(&answer).expect("a cookie")
    }

    /// Enters digits at the console: whether they paired a device.
    pub async fn enter(&self, digits: &str, office: &str) -> bool {
        let fields = [("code", digits), ("office", office), ("profile", "kiosk-22")];
        let post = client().post(format!("{}/kiosks/pair", self.ops)).form(&fields);
        post.send().await.expect("an answer").status().is_success()
    }

    /// A paired device without a browser: its cookie while it waited, and the one by which it is known.
    pub async fn paired_device(&self, office: &str) -> (String, String) {
        let waiting = self.touch_pair("").await;
        let digits = shown_digits(&self.first_page(&waiting).await.0).expect("digits");
        assert!(self.enter(&digits, office).await, "{digits}");
        let known = self.first_page(&waiting).await.1.expect("a new cookie");
        (waiting, known)
    }

    /// Name and state of each device.
    pub async fn devices(&self) -> Vec<(String, String)> {
        let all = client().get(format!("{}/kiosks", self.ops)).send().await.expect("an answer");
        let all: Vec<serde_json::Value> = all.json().await.expect("JSON");
        let text = |one: &serde_json::Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        all.iter().map(|one| (text(one, "id"), text(one, "state"))).collect()
    }

    /// Tells a device something, as the console's form does.
    pub async fn tell(&self, id: &str, form: &str) {
        let post = client().post(format!("{}/kiosks/{id}/tell", self.ops));
        let post = post.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        assert_eq!(post.send().await.expect("an answer").status(), 200);
    }

    /// The one-time code that was texted last to `number`, after `before` texts.
    pub async fn one_time_code(&self, number: &str, before: usize) -> String {
        let text = self.text_to(number, before).await;
        let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 6).collect();
        digits.first().unwrap_or_else(|| panic!("no code in \"{text}\"")).to_string()
    }

    /// The text after `before` texts to `number`.
    pub async fn text_to(&self, number: &str, before: usize) -> String {
        let found = app::eventually(Duration::from_secs(10), || self.all_texts(number).into_iter().nth(before));
        found.await.unwrap_or_else(|| panic!("no text came to {number}"))
    }

    /// How many texts went to `number`.
    pub fn texts(&self, number: &str) -> usize {
        self.all_texts(number).len()
    }

    fn all_texts(&self, number: &str) -> Vec<String> {
        let number = international(number);
        self.telco.snapshot().mt.into_iter().filter(|mt| mt.to == number).map(|mt| mt.text).collect()
    }

    pub async fn close(mut self) {
        drop(self.program.take());
        self.telco.stop().await;
        if let Some(portal) = self.portal.take() {
            portal.stop().await;
        }
    }
}

/// The digits that an unpaired device shows.
pub fn shown_digits(page: &str) -> Option<String> {
    page.split("aria-label=\"").nth(1).and_then(|rest| rest.get(..8)).map(str::to_owned)
}

fn no_follow() -> reqwest::Client {
    client_builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

fn device_cookie(answer: &reqwest::Response) -> Option<String> {
    let mut all = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    all.find(|cookie| cookie.contains("chrak-device=")).and_then(|cookie| cookie.split(';').next()).map(str::to_owned)
}

fn international(number: &str) -> String {
    format!("855{}", number.trim_start_matches('0'))
}

fn free_port() -> u16 {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    taken.local_addr().expect("its address").port()
}

/// An application with this sequence number.
pub fn sample(sequence: &str) -> Sample {
    let mut all = sample_applications().into_iter();
    all.find(|one| one.code[8..14] == *sequence).expect("a sample")
}
