//! A real browser: Debian's Chromium with a fresh profile, driven through chromedriver. One at a time, so that what is
//! measured is the page and not the other test's browser.
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());
const WITHIN: Duration = Duration::from_secs(15);

pub struct Browser {
    pub driver: WebDriver,
    base: String,
    service: Child,
    profile: tempfile::TempDir,
    /// Touches so far, digits of a pad aside.
    touches: AtomicU32,
    _turn: Option<MutexGuard<'static, ()>>,
}

/// A place for what people look at: `kiosk-screens` in cargo's folder for test output.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder for screenshots");
    folder
}

fn start_chromedriver() -> (Child, u16) {
    let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut service = started.unwrap_or_else(|fault| {
        panic!("chromedriver: {fault}; install it with: apt-get install chromium chromium-driver")
    });
    let mut lines = BufReader::new(service.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("successfully on port")).expect("chromedriver starts");
    // what else it says goes nowhere, and must not hold it up
    std::thread::spawn(move || lines.count());
    let port = line.rsplit(' ').next().unwrap_or_default().trim_end_matches('.');
    (service, port.parse().expect("a port"))
}

/// A key that goes down and up, as the DevTools protocol has it: with Windows' virtual key code.
pub fn strokes(key: &str, text: &str) -> [Value; 2] {
    let code = match key {
        "Backspace" => 8,
        "Tab" => 9,
        "Enter" => 13,
        "Escape" => 27,
        " " => 32,
        "ArrowDown" => 40,
        "ContextMenu" => 93,
        "F5" => 116,
        "F11" => 122,
        "F12" => 123,
        _ => u32::from(key.bytes().next().unwrap_or_default()),
    };
    let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
    [
        json!({ "type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code }),
        json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code }),
    ]
}

impl Browser {
    /// A fresh one with an upright 22" screen at `base`, which has no slash at its end.
    pub async fn open(base: &str) -> Self {
        let turn = TURN.lock().await;
        Self::start(base, Some(turn)).await
    }

    /// Another one beside the test's own: a visitor's telephone.
    pub async fn beside(base: &str) -> Self {
        Self::start(base, None).await
    }

    async fn start(base: &str, turn: Option<MutexGuard<'static, ()>>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (service, port) = start_chromedriver();
        let profile = tempfile::tempdir().expect("a folder");
        let mut caps = DesiredCapabilities::chrome();
        let data = format!("--user-data-dir={}", profile.path().display());
        for arg in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--touch-events=enabled",
            // as docs/KIOSK.md has it
            "--overscroll-history-navigation=0",
            "--autoplay-policy=no-user-gesture-required",
            "--mute-audio",
            &data,
        ] {
            caps.add_arg(arg).expect("an argument");
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), caps).await;
        let driver = driver.expect("Chromium starts; install it with: apt-get install chromium chromium-driver");
        let browser =
            Browser { driver, base: base.to_owned(), service, profile, touches: AtomicU32::new(0), _turn: turn };
        browser.cdp("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await;
        browser.screen(1080, 1920).await;
        // the browser's own printing would wait for a person
        let fingerprint = "window.print = () => { document.documentElement.dataset.printed = 1; }";
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": fingerprint })).await;
        browser
    }

    /// Sends a command of the DevTools protocol.
    pub async fn cdp(&self, method: &str, params: Value) -> Value {
        let answer = self.driver.cdp().send_raw(method, params).await;
        answer.unwrap_or_else(|fault| panic!("{method}: {fault}"))
    }

    /// The size of the glass, in CSS pixels.
    pub async fn screen(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Runs a script (the body of a function) in the page.
    pub async fn js(&self, script: &str) -> Value {
        for _ in 0..20 {
            match self.try_js(script).await {
                // between two documents there is a moment without a root
                Err(fault) if fault.contains("properties of null") => {
                    tokio::time::sleep(Duration::from_millis(50)).await
                }
                answer => return answer.unwrap_or_else(|fault| panic!("{script}: {fault}")),
            }
        }
        self.try_js(script).await.unwrap_or_else(|fault| panic!("{script}: {fault}"))
    }

    async fn try_js(&self, script: &str) -> Result<Value, String> {
        let expression = format!("(() => {{ {script} }})()");
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.driver.cdp().send_raw("Runtime.evaluate", asked).await.map_err(|fault| fault.to_string())?;
        match answer.get("exceptionDetails") {
            Some(fault) => Err(fault.to_string()),
            None => Ok(answer["result"].get("value").cloned().unwrap_or(Value::Null)),
        }
    }

    /// Opens an address below the base and waits for the page.
    pub async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap_or_else(|fault| panic!("{path}: {fault}"));
    }

    /// Waits until the script returns true.
    pub async fn until(&self, what: &str, script: &str) {
        let end = Instant::now() + WITHIN;
        loop {
            // while a page goes and another comes there is nothing to ask
            if matches!(self.try_js(script).await, Ok(Value::Bool(true))) {
                return;
            }
            if Instant::now() > end {
                let shot = folder("kiosk-screens").join("failed.png");
                self.driver.screenshot(&shot).await.ok();
                let text = self.try_js("return location.href + '\\n' + document.body.innerText").await;
                panic!("waited for {what} in vain; the page (also {}):\n{text:?}", shot.display());
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Waits for an element that can be seen.
    pub async fn see(&self, css: &str) {
        self.until(css, &format!("const one = document.querySelector({css:?}); return !!one && one.checkVisibility()"))
            .await;
    }

    /// Waits for a text on the page.
    pub async fn read(&self, text: &str) {
        self.until(text, &format!("return document.body.innerText.includes({text:?})")).await;
    }

    /// Where a finger would touch the element: seen, and covered by nothing.
    async fn spot(&self, css: &str) -> (f64, f64) {
        self.see(css).await;
        let script = format!(
            "const one = document.querySelector({css:?}); one.scrollIntoView({{ block: 'center' }}); \
             const box = one.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2; \
             const top = document.elementFromPoint(x, y); \
             return one === top || one.contains(top) ? [x, y] : 'covered by ' + (top?.outerHTML ?? 'nothing').slice(0, 200)"
        );
        let spot = self.js(&script).await;
        let at = |index: usize| spot[index].as_f64().unwrap_or_else(|| panic!("{css} cannot be touched: {spot}"));
        (at(0), at(1))
    }

    /// Touches an element with a finger.
    pub async fn tap(&self, css: &str) {
        let (x, y) = self.spot(css).await;
        self.touch(x, y).await;
    }

    /// Touches a place on the glass.
    pub async fn touch(&self, x: f64, y: f64) {
        self.touches.fetch_add(1, Ordering::Relaxed);
        let down = json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] });
        self.cdp("Input.dispatchTouchEvent", down).await;
        self.cdp("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
    }

    /// How often the glass was touched since this was asked last, digits of a pad aside.
    pub fn touches(&self) -> u32 {
        self.touches.swap(0, Ordering::Relaxed)
    }

    /// Touches an element and waits for the next page.
    pub async fn press(&self, css: &str) {
        self.leaving(self.tap(css)).await;
    }

    /// Does something and waits for the page that it brings.
    pub async fn leaving(&self, action: impl Future<Output = ()>) {
        self.js("document.documentElement.dataset.old = 1").await;
        action.await;
        self.until(
            "the next page",
            "return !!document.body && !document.documentElement.dataset.old && document.readyState === 'complete'",
        )
        .await;
    }

    /// Enters digits on the page's pad.
    pub async fn digits(&self, digits: &str) {
        let mut last = ' ';
        for digit in digits.chars() {
            if std::mem::replace(&mut last, digit) == digit {
                // the same key twice within 120 ms is one trembling finger
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            self.tap(&format!(".pad .key[value$=\"{digit}\"]")).await;
            self.touches.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Sends a key of a keyboard to the page.
    pub async fn key(&self, key: &str, text: &str) {
        for stroke in strokes(key, text) {
            self.cdp("Input.dispatchKeyEvent", stroke).await;
        }
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.js("return location.pathname").await.as_str().unwrap_or_default().to_owned()
    }

    /// What the page shows.
    pub async fn text(&self) -> String {
        self.js("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Shows a file of this machine.
    pub async fn file(&self, path: &Path) {
        self.driver.goto(format!("file://{}", path.display())).await.expect("a file that can be shown");
    }

    /// A picture of the glass.
    pub async fn shot(&self, path: &Path) {
        self.driver.screenshot(path).await.expect("a screenshot");
    }

    /// Ends it.
    pub async fn close(mut self) {
        let _ = self.driver.clone().quit().await;
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // a browser whose test failed must not outlive it; it is known by its profile
        let profile = self.profile.path().display().to_string();
        let _ = Command::new("pkill").args(["-9", "-f", &profile]).status();
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}
