//! Impatient fingers: random taps, keys and gestures. The page stays inside, nothing opens, nothing falls over.
//! `CHRAK_MONKEY_S` says for how many seconds, `CHRAK_SEED` repeats a run.
use crate::support::{
    browser::{Browser, strokes},
    hall::Hall,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use thirtyfour::cdp::{CdpSession, RawEvent};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// SplitMix64, after Steele, Lea and Flood (2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}: a number")))
}

const KEYS: [&str; 12] =
    ["Tab", "Enter", "Escape", "Backspace", "F5", "F11", "F12", "ContextMenu", "1", "7", "ArrowDown", " "];

/// How long an answer of the browser is waited for. What was sent while one page goes and another comes may never be
/// answered, which harms nothing.
const ANSWER: Duration = Duration::from_millis(400);

/// What no visitor may bring about, as the DevTools protocol names it.
const FORBIDDEN: [&str; 4] =
    ["Page.javascriptDialogOpening", "Browser.downloadWillBegin", "Page.windowOpen", "Inspector.targetCrashed"];

/// A hand on the glass and a keyboard. It speaks to the browser past the driver, which would wait for the page.
struct Hand {
    cdp: CdpSession,
    dice: Dice,
    events: Receiver<RawEvent>,
}

impl Hand {
    async fn new(browser: &Browser, seed: u64) -> Hand {
        let cdp = browser.driver.cdp().connect().await.expect("a session of the DevTools protocol");
        let events = cdp.subscribe_connection();
        cdp.send_raw("Page.enable", json!({})).await.expect("events of pages");
        let rule = json!({ "behavior": "deny", "eventsEnabled": true });
        cdp.send_raw("Browser.setDownloadBehavior", rule).await.expect("events of downloads");
        Hand { cdp, dice: Dice(seed), events }
    }

    async fn send(&self, method: &str, params: Value) -> Option<Value> {
        tokio::time::timeout(ANSWER, self.cdp.send_raw(method, params)).await.ok()?.ok()
    }

    /// Asks the page, again and again while pages change; one that answers nothing in fifteen seconds hangs.
    async fn ask(&self, script: &str) -> Value {
        let question = json!({ "expression": script, "returnByValue": true });
        let end = Instant::now() + Duration::from_secs(15);
        while Instant::now() < end {
            if let Some(answer) = self.send("Runtime.evaluate", question.clone()).await
                && answer.get("exceptionDetails").is_none()
            {
                return answer["result"]["value"].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the page hangs");
    }

    /// A finger that is put down, stays so long, moves by so much five times, and is lifted.
    async fn drag(&self, (x, y): (f64, f64), stay: Duration, (dx, dy): (f64, f64)) {
        let touch = |kind: &str, step: f64| {
            let point = json!([{ "x": (x + dx * step).clamp(1.0, 1079.0), "y": (y + dy * step).clamp(1.0, 1919.0) }]);
            self.send("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": point }))
        };
        touch("touchStart", 0.0).await;
        tokio::time::sleep(stay).await;
        if (dx, dy) != (0.0, 0.0) {
            for step in 1..=5 {
                touch("touchMove", f64::from(step)).await;
            }
        }
        self.send("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
    }

    async fn touch(&self, place: (f64, f64)) {
        self.drag(place, Duration::ZERO, (0.0, 0.0)).await;
    }

    /// Something that looks as if it could be pressed.
    async fn target(&mut self) -> Option<(f64, f64)> {
        let script = format!(
            "(() => {{ const all = [...document.querySelectorAll('a,button,input,textarea,summary')].filter(one => one.checkVisibility()); \
             const one = all[{} % all.length]; if (!one) return []; one.scrollIntoView({{ block: 'center' }}); \
             const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }})()",
            self.dice.below(1 << 30)
        );
        let spot = self.ask(&script).await;
        Some((spot[0].as_f64()?, spot[1].as_f64()?))
    }

    async fn act(&mut self) {
        let dice = &mut self.dice;
        let place = (dice.below(1080) as f64, dice.below(1920) as f64);
        match dice.below(12) {
            0..=4 => {
                let place = self.target().await.unwrap_or(place);
                self.touch(place).await;
            }
            5 | 6 => self.touch(place).await,
            7 => {
                self.touch(place).await;
                self.touch(place).await;
            }
            8 => {
                let key = KEYS[dice.below(KEYS.len() as u64) as usize];
                for stroke in strokes(key, if key.len() == 1 { key } else { "" }) {
                    self.send("Input.dispatchKeyEvent", stroke).await;
                }
            }
            9 => self.drag(place, Duration::from_millis(700), (0.0, 0.0)).await,
            10 => {
                let way = if dice.below(2) == 0 { 1.0 } else { -1.0 };
                let step = if dice.below(3) == 0 { (60.0, 0.0) } else { (0.0, 90.0) };
                self.drag(place, Duration::ZERO, (step.0 * way, step.1 * way)).await;
            }
            // the wheel with the control key held
            _ => {
                let (x, y) = place;
                let wheel = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": 300, "modifiers": 2 });
                self.send("Input.dispatchMouseEvent", wheel).await;
            }
        }
    }

    /// Looks whether something happened that may not.
    fn look(&mut self) {
        loop {
            match self.events.try_recv() {
                Ok(event) => {
                    assert!(!FORBIDDEN.contains(&event.method.as_str()), "{}: {}", event.method, event.params);
                }
                Err(TryRecvError::Empty) => return,
                Err(fault) => panic!("events of the browser: {fault}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_fingers_break_nothing() {
    let (seconds, seed) = (number("CHRAK_MONKEY_S", 60), number("CHRAK_SEED", u64::from(std::process::id())));
    println!("{seconds} s, CHRAK_SEED={seed}");
    let mut hall = Hall::with("pairing = \"off\"\nstaff_pin = \"482913\"").await;
    let browser = Browser::open(&hall.http).await;
    browser.go("/kiosk").await;
    let mut hand = Hand::new(&browser, seed).await;
    let (end, mut acts, mut seen) = (Instant::now() + Duration::from_secs(seconds), 0u32, BTreeSet::new());
    while Instant::now() < end {
        hand.act().await;
        hand.look();
        acts += 1;
        if acts.is_multiple_of(10) {
            let place = hand.ask("location.href").await;
            let place = place.as_str().unwrap_or_default();
            assert!(place.starts_with(&format!("{}/kiosk", hall.http)), "after {acts} acts it stands at {place}");
            assert_eq!(hand.ask("visualViewport.scale").await, 1, "{place} was zoomed");
            let targets = hand.send("Target.getTargets", json!({})).await.unwrap_or_default();
            let pages = targets["targetInfos"].as_array().into_iter().flatten().filter(|one| one["type"] == "page");
            assert!(pages.count() <= 1, "another window opened: {targets}");
            seen.insert(place.to_owned());
        }
    }
    println!("{acts} acts, {} pages seen", seen.len());
    assert!(acts > 50 && seen.len() > 5, "{acts} acts on {} pages", seen.len());
    let log = hall.program.as_mut().expect("it runs").listen();
    let broken: Vec<&str> =
        log.lines().filter(|line| line.contains("a page could not be") || line.contains("panic")).collect();
    assert!(broken.is_empty(), "{broken:?}");
    browser.close().await;
    hall.close().await;
}
