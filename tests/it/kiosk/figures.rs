//! Figures: what a page weighs and how soon it is there. Weights and shifts are judged; times depend on the machine and
//! are printed.
use crate::support::{browser::Browser, hall::Hall, program};
use serde_json::json;
use std::time::{Duration, Instant};

/// Octets of the first view on the line, compressed, without fonts: it comes with the first ten segments of TCP.
const FIRST_VIEW_MAX: u64 = 14_600;

/// How a page came: its largest paint and its shifts.
const PAINTS: &str = "
    return new Promise(done => {
      let largest = 0, shifts = 0, moved = '';
      const place = box => [box.x, box.y, box.width, box.height].map(Math.round).join(' ');
      new PerformanceObserver(list => { for (const one of list.getEntries()) largest = one.startTime; })
        .observe({ type: 'largest-contentful-paint', buffered: true });
      new PerformanceObserver(list => { for (const one of list.getEntries()) {
        shifts += one.value;
        moved += one.sources.map(it => `${it.node?.outerHTML?.slice(0, 60) ?? it.node?.data}: ${place(it.previousRect)} to ${place(it.currentRect)}; `).join('');
      } })
        .observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done([largest, shifts, moved]), 400);
    })";

/// What was fetched over the line, fonts aside, in octets: bodies as they came, and 300 for each head (what the browser
/// reckons; nothing for what it had already); then piece by piece.
const WEIGHT: &str = "
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter(one => one.transferSize && !/woff2|sw\\.js|heartbeat/.test(one.name));
    return [all.reduce((sum, one) => sum + one.transferSize, 0),
      all.map(one => `${one.name.split('/').pop()} ${one.transferSize}`).join(', ')]";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_view_is_light_and_nothing_shifts() {
    let hall = Hall::open().await;
    let browser = Browser::open(&hall.http).await;
    browser.cdp("Network.enable", json!({})).await;
    for page in ["/kiosk", "/kiosk/km/home", "/kiosk/km/check", "/kiosk/km/services"] {
        browser.cdp("Network.clearBrowserCache", json!({})).await;
        browser.cdp("Storage.clearDataForOrigin", json!({ "origin": hall.http, "storageTypes": "all" })).await;
        browser.go(page).await;
        let weighed = browser.js(WEIGHT).await;
        let (weight, pieces) = (weighed[0].as_u64().expect("octets"), &weighed[1]);
        let cold = browser.js(PAINTS).await;
        println!("{page}: {weight} octets at the first view, LCP {} ms cold ({pieces})", cold[0]);
        assert!(weight > 5_000, "{page}: something came without being weighed: {pieces}");
        assert!(weight <= FIRST_VIEW_MAX, "{page}: {weight} octets: {pieces}");
        for (throttle, name) in [(1, "warm"), (6, "warm, 6x CPU throttle")] {
            browser.cdp("Emulation.setCPUThrottlingRate", json!({ "rate": throttle })).await;
            let mut times = Vec::new();
            for _ in 0..7 {
                browser.go(page).await;
                let paints = browser.js(PAINTS).await;
                assert!(paints[1].as_f64().unwrap_or(1.0) < 0.0001, "{page} shifts by {}: {}", paints[1], paints[2]);
                times.push(paints[0].as_f64().expect("a time"));
            }
            times.sort_by(f64::total_cmp);
            println!("{page}: LCP {name}: median {:.0} ms ({:.0} to {:.0})", times[3], times[0], times[6]);
        }
        browser.cdp("Emulation.setCPUThrottlingRate", json!({ "rate": 1 })).await;
    }
    taps(&browser).await;
    browser.close().await;
    hall.close().await;
}

/// From the finger's touch to the next page's first paint.
async fn taps(browser: &Browser) {
    let mut times = Vec::new();
    for _ in 0..9 {
        browser.go("/kiosk/km/home").await;
        browser.js("addEventListener('pointerdown', () => { window.name = String(performance.timeOrigin + performance.now()); }, true)").await;
        browser.press(".tile.lead").await;
        let paint = "
            return new Promise(done => new PerformanceObserver(list => done(
                performance.timeOrigin + list.getEntries()[0].startTime - Number(window.name)))
              .observe({ type: 'paint', buffered: true }))";
        times.push(browser.js(paint).await.as_f64().expect("a time"));
    }
    times.sort_by(f64::total_cmp);
    println!("tap to the next page's first paint: median {:.0} ms ({:.0} to {:.0})", times[4], times[0], times[8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_at_two_hundred_a_second_and_two_thousand_devices() {
    let hall = Hall::open().await;
    let pages = ["/kiosk", "/kiosk/km/home", "/kiosk/en/check", "/kiosk/km/services", "/kiosk/en/offices"];
    let client = program::client();
    let mut all = tokio::task::JoinSet::new();
    let (count, begun) = (1_000, Instant::now());
    for nth in 0..count {
        let at = begun + Duration::from_millis(5 * nth);
        let (client, url) = (client.clone(), format!("{}{}", hall.http, pages[nth as usize % pages.len()]));
        all.spawn(async move {
            tokio::time::sleep_until(at.into()).await;
            let begun = Instant::now();
            let answer = client.get(url).send().await.expect("an answer");
            let ok = answer.status() == 200;
            answer.bytes().await.expect("a page");
            (ok, begun.elapsed())
        });
    }
    let mut times = Vec::new();
    while let Some(done) = all.join_next().await {
        let (ok, time) = done.expect("no panic");
        assert!(ok);
        times.push(time);
    }
    report("pages at 200 a second", &mut times);

    hall.close().await;

    let hall = Hall::with("pairing = \"required\"").await;
    // 2,000 devices, each once in 30 s, are 67 heartbeats a second; here one minute's worth at double speed
    let devices = 2_000;
    let cookies = paired(&hall, devices).await;
    let heartbeat = json!({ "page": "home", "build": "1", "printer": "none", "network_ms": 12 }).to_string();
    let (mut all, begun) = (tokio::task::JoinSet::new(), Instant::now());
    for (nth, cookie) in cookies.into_iter().enumerate() {
        let at = begun + Duration::from_micros(7_500 * nth as u64);
        let post = client.post(format!("{}/v1/kiosk/heartbeat", hall.http)).body(heartbeat.clone());
        let post = post.header("content-type", "application/json").header("cookie", cookie);
        all.spawn(async move {
            tokio::time::sleep_until(at.into()).await;
            let begun = Instant::now();
            assert_eq!(post.send().await.expect("an answer").status(), 200);
            begun.elapsed()
        });
    }
    let mut times: Vec<Duration> = all.join_all().await;
    report(&format!("heartbeats of {devices} devices at 133 a second"), &mut times);
    hall.close().await;
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 1000].as_secs_f64() * 1_000.0;
    println!("{what}: p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms, most {:.1} ms", at(500), at(990), at(999), at(1000));
}

/// Pairs so many devices and returns their cookies.
async fn paired(hall: &Hall, count: usize) -> Vec<String> {
    let mut cookies = Vec::new();
    for _ in 0..count {
        cookies.push(hall.paired_device("owso-1205").await.1);
    }
    cookies
}
