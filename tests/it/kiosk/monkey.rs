//! Impatient fingers: random taps, keys and gestures. The page stays inside, nothing opens, nothing falls over.
//! `CHRAK_MONKEY_S` says for how many seconds, `CHRAK_SEED` repeats a run.
use crate::support::{browser::Browser, hall::Hall};
use serde_json::json;
use std::time::{Duration, Instant};

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
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

const KEYS: [&str; 12] =
    ["Tab", "Enter", "Escape", "Backspace", "F5", "F11", "F12", "ContextMenu", "1", "7", "ArrowDown", " "];

/// Sends something that the browser may leave unanswered while one page goes and another comes.
async fn try_cdp(browser: &Browser, method: &str, params: serde_json::Value) {
    let _ = tokio::time::timeout(Duration::from_secs(3), browser.driver.cdp().send_raw(method, params)).await;
}

/// A finger that is put down, moved by so much five times, and lifted.
async fn drag(browser: &Browser, (x, y): (f64, f64), (dx, dy): (f64, f64)) {
    for step in 0..=5 {
        let step = f64::from(step);
        let point = json!([{ "x": (x + dx * step).clamp(1.0, 1079.0), "y": (y + dy * step).clamp(1.0, 1919.0) }]);
        let kind = if step == 0.0 { "touchStart" } else { "touchMove" };
        try_cdp(browser, "Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": point })).await;
    }
    try_cdp(browser, "Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
}

/// Asks the page. A question that meets the change of two pages may be lost, and is asked again; a page that answers
/// none in half a minute hangs.
async fn ask(browser: &Browser, script: &str) -> serde_json::Value {
    for _ in 0..10 {
        if let Ok(answer) = tokio::time::timeout(Duration::from_secs(3), browser.js(script)).await {
            return answer;
        }
    }
    panic!("the page hangs");
}

async fn touch(browser: &Browser, x: f64, y: f64) {
    drag(browser, (x, y), (0.0, 0.0)).await;
}

async fn act(browser: &Browser, dice: &mut Dice) {
    let (x, y) = (dice.below(1080) as f64, dice.below(1920) as f64);
    match dice.below(12) {
        0..=4 => {
            // a finger goes for what looks as if it could be pressed
            let script = format!(
                "const all = [...document.querySelectorAll('a,button,input,textarea,summary')].filter(one => one.checkVisibility()); \
                 const one = all[{} % all.length]; if (!one) return [1, 1]; one.scrollIntoView({{ block: 'center' }}); \
                 const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]",
                dice.below(1 << 30)
            );
            let spot = ask(browser, &script).await;
            touch(browser, spot[0].as_f64().unwrap_or(x), spot[1].as_f64().unwrap_or(y)).await;
        }
        5 | 6 => touch(browser, x, y).await,
        7 => {
            touch(browser, x, y).await;
            touch(browser, x, y).await;
        }
        8 => {
            let key = KEYS[dice.below(KEYS.len() as u64) as usize];
            let text = if key.len() == 1 { key } else { "" };
            let _ = tokio::time::timeout(Duration::from_secs(3), browser.key(key, text)).await;
        }
        // a long press
        9 => {
            let down = json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] });
            try_cdp(browser, "Input.dispatchTouchEvent", down).await;
            tokio::time::sleep(Duration::from_millis(700)).await;
            try_cdp(browser, "Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
        }
        // one finger that drags, along or up or down
        10 => {
            let way = if dice.below(2) == 0 { 1.0 } else { -1.0 };
            let step = if dice.below(3) == 0 { (60.0, 0.0) } else { (0.0, 90.0) };
            drag(browser, (x, y), (step.0 * way, step.1 * way)).await;
        }
        _ => {
            let wheel = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": 300, "modifiers": 2 });
            try_cdp(browser, "Input.dispatchMouseEvent", wheel).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_fingers_break_nothing() {
    let (seconds, seed) = (number("CHRAK_MONKEY_S", 60), number("CHRAK_SEED", u64::from(std::process::id())));
    println!("{seconds} s, CHRAK_SEED={seed}");
    let mut hall = Hall::with("pairing = \"off\"\nstaff_pin = \"482913\"").await;
    let browser = Browser::open(&hall.http).await;
    let mut dice = Dice(seed);
    browser.go("/kiosk").await;
    let (end, mut acts) = (Instant::now() + Duration::from_secs(seconds), 0u32);
    while Instant::now() < end {
        act(&browser, &mut dice).await;
        acts += 1;
        if acts.is_multiple_of(20) {
            let place = ask(&browser, "return location.href").await;
            let place = place.as_str().unwrap_or_default();
            assert!(place.starts_with(&format!("{}/kiosk", hall.http)), "after {acts} acts it stands at {place}");
            let windows = browser.driver.windows().await.expect("windows");
            assert_eq!(windows.len(), 1, "another window opened");
            assert!(browser.driver.get_alert_text().await.is_err(), "a dialog opened");
            assert_eq!(ask(&browser, "return visualViewport.scale").await, 1, "{place} was zoomed");
        }
    }
    println!("{acts} acts");
    assert!(acts > 100, "{acts}");
    let log = hall.program.as_mut().expect("it runs").listen();
    let broken: Vec<&str> =
        log.lines().filter(|line| line.contains("a page could not be") || line.contains("panic")).collect();
    assert!(broken.is_empty(), "{broken:?}");
    browser.close().await;
    hall.close().await;
}
