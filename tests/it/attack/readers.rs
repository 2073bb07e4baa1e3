//! Clients that hold what they have: that never read, that send a body octet by octet, that open connection after
//! connection. Each time a newcomer is served within a second, and health is answered.
use crate::support::{
    app,
    doors::{Doors, Got, ask, ask_from, connect, get},
};
use futures_util::future::join_all;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// As many as there are places.
const MANY: usize = 1_024;
/// What a newcomer waits at most: within a second where the machine is ours alone, and without end where the flood wins.
const SOON: Duration = Duration::from_secs(10);
/// From where the attacks come, and the newcomers: the worst is when that is the same.
const ATTACKER: [u8; 4] = [127, 0, 0, 1];
const NEWCOMERS: [[u8; 4]; 2] = [[127, 0, 0, 1], [127, 0, 0, 2]];

/// The address of a font.
fn font() -> String {
    chrak::web::assets::asset("fonts/noto-khmer-khmer-400.woff2").expect("a font")
}

/// Opens so many connections and sends each of them this.
async fn flood(to: SocketAddr, count: usize, request: &str) -> Vec<TcpStream> {
    let one = |_| async {
        let mut stream = connect(ATTACKER, to).await.ok()?;
        // the server may have given up by then
        let _ = timeout(Duration::from_secs(2), stream.write_all(request.as_bytes())).await;
        Some(stream)
    };
    join_all((0..count).map(one)).await.into_iter().flatten().collect()
}

/// The slowest of what newcomers ask for until then, one after the other; each of it is answered.
async fn newcomers(doors: &Doors, until: Duration) -> Duration {
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < until {
        for from in NEWCOMERS {
            let (http, ops) = (doors.http.to_string(), doors.ops.to_string());
            for (to, path, host) in [
                (doors.http, "/kiosk/en/home", &http),
                (doors.http, "/v1/openapi.json", &http),
                (doors.ops, "/healthz", &ops),
                (doors.ops, "/metrics", &ops),
            ] {
                // who shares the flood's address shares its places
                if from == ATTACKER && to == doors.http {
                    continue;
                }
                let asked = Instant::now();
                let mut got = ask_from(from, to, &get(path, host, &[])).await;
                // who finds no place within two seconds is refused, and a browser tries again
                for _ in 0..4 {
                    if got.is_none() {
                        got = ask_from(from, to, &get(path, host, &[])).await;
                    }
                }
                let got: Got = got.unwrap_or_else(|| panic!("{from:?} got no {path}"));
                assert_eq!(got.status, 200, "{path}");
                slowest = slowest.max(asked.elapsed().max(got.took));
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
    slowest
}

/// Whether the server has ended a connection by now, whatever of it waits to be read.
async fn ended(mut stream: TcpStream) -> bool {
    let mut all = vec![0; 1 << 20];
    let end = async { while matches!(stream.read(&mut all).await, Ok(1..)) {} };
    timeout(Duration::from_secs(2), end).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_that_never_read_shut_nobody_out_and_are_closed() {
    let doors = Doors::open(&[]).await;
    let fonts = get(&font(), &doors.http.to_string(), &[]) + "\r\n";
    let many = fonts.repeat(100);
    let begun = Instant::now();
    let once = flood(doors.http, MANY / 2, &fonts).await;
    let silent = flood(doors.http, MANY, &many).await;
    let console = flood(doors.ops, 300, &(get(&font(), &doors.ops.to_string(), &[]) + "\r\n").repeat(100)).await;
    let home = get("/kiosk/en/home", &doors.http.to_string(), &[]);
    // a browser tries again when it is refused while the flood is still coming in
    let mut tries = 0;
    while ask_from(NEWCOMERS[1], doors.http, &home).await.is_none_or(|got| got.status != 200) {
        tries += 1;
        assert!(tries < 5, "a newcomer in the midst of it is refused again and again");
        sleep(Duration::from_millis(500)).await;
    }
    println!("the flood stood and a first newcomer had its page after {:?}, try {}", begun.elapsed(), tries + 1);
    // and it goes on
    let more = async {
        let mut held = Vec::new();
        for _ in 0..20 {
            sleep(Duration::from_secs(1)).await;
            held.extend(flood(doors.http, 20, &many).await);
        }
        held
    };
    let (slowest, more) = tokio::join!(newcomers(&doors, Duration::from_secs(22)), more);
    println!("the slowest answer to a newcomer took {slowest:?}");
    assert!(slowest < SOON, "{slowest:?}");
    // the last of them have had 20 seconds too by then
    newcomers(&doors, Duration::from_secs(21)).await;
    // 5 seconds for the next request, 20 for what waits to be read
    let mut streams: Vec<TcpStream> = once.into_iter().chain(silent).chain(more).chain(console).collect();
    let mut all = Vec::new();
    // not all at once: what waits in the system's buffers is a hundred megabytes
    while !streams.is_empty() {
        let some = streams.split_off(streams.len().saturating_sub(100));
        all.extend(join_all(some.into_iter().map(ended)).await);
    }
    assert_eq!(all.iter().filter(|ended| !**ended).count(), 0, "of {} connections", all.len());
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_come_octet_by_octet_hold_no_place_for_long() {
    let doors = Doors::open(&[]).await;
    let host = doors.http.to_string();
    let head = format!(
        "POST /kiosk/en/check HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 30000\r\n\r\n"
    );
    let slow = flood(doors.http, MANY, &head).await;
    let begun = Instant::now();
    let trickle = async |mut stream: TcpStream| {
        let mut answer = [0; 64];
        loop {
            if stream.write_all(b"x").await.is_err() {
                return (begun.elapsed(), String::new());
            }
            match timeout(Duration::from_millis(400), stream.read(&mut answer)).await {
                Ok(Ok(read @ 1..)) => return (begun.elapsed(), String::from_utf8_lossy(&answer[..read]).into_owned()),
                Ok(_) => return (begun.elapsed(), String::new()),
                Err(_) => {}
            }
        }
    };
    let trickles = join_all(slow.into_iter().map(trickle));
    // a second is theirs: less than what a body must bring is seen then
    sleep(Duration::from_millis(1_100)).await;
    let (ends, slowest) = tokio::join!(trickles, newcomers(&doors, Duration::from_secs(10)));
    println!("the slowest answer to a newcomer took {slowest:?}");
    assert!(slowest < SOON, "{slowest:?}");
    let longest = ends.iter().map(|(after, _)| *after).max().expect("some");
    assert!(longest < Duration::from_secs(14), "one was held for {longest:?}");
    assert!(ends.iter().any(|(_, answer)| answer.starts_with("HTTP/1.1 408")), "they are told why");
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_on_a_poor_line_gets_all_of_it() {
    let doors = Doors::open(&[]).await;
    let host = doors.http.to_string();
    let whole = ask(doors.http, &get("/v1/openapi.json", &host, &[])).await.body;
    let request = get("/v1/openapi.json", &host, &["Connection: close"]) + "\r\n";
    let mut stream = connect(ATTACKER, doors.http).await.expect("a connection");
    stream.write_all(request.repeat(4).as_bytes()).await.expect("written");
    // 8 KiB a second, as a telephone has it where it has little: for longer than any other time of the listener
    let (mut all, mut piece) = (Vec::new(), [0; 2_048]);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        all.extend_from_slice(&piece[..read]);
        sleep(Duration::from_millis(250)).await;
    }
    let text = String::from_utf8(all).expect("UTF-8");
    assert!(text.ends_with(&whole), "{} of {} octets came", text.len(), whole.len());
    doors.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_connections_takes_no_file_from_binds_and_database() {
    // too few for everything: pages make do with what is left
    let mut doors = Doors::with_files(800).await;
    doors.telco.bound().await;
    let request = get(&font(), &doors.http.to_string(), &[]) + "\r\n";
    let held = flood(doors.http, 700, &request.repeat(50)).await;
    let console = flood(doors.ops, 200, &request.repeat(50)).await;
    for nth in 0..20 {
        doors.telco.send_mo(&format!("855100000{nth:02}"), "1212", "STOP").expect("taken");
    }
    let answered = app::eventually(Duration::from_secs(20), || (doors.telco.counters().mt >= 20).then_some(())).await;
    assert!(answered.is_some(), "{} of 20 texts were answered", doors.telco.counters().mt);
    // a newcomer of whom too many wait at once is turned away, and comes again
    let request = get("/readyz", &doors.ops.to_string(), &[]);
    let ready = async {
        loop {
            match ask_from([127, 0, 0, 1], doors.ops, &request).await {
                Some(answer) => return answer,
                None => sleep(Duration::from_millis(200)).await,
            }
        }
    };
    let ready = timeout(Duration::from_secs(10), ready).await.expect("the operator is answered while it goes on");
    assert_eq!(ready.status, 200, "{}", ready.body);
    let log = doors.program.listen();
    assert!(log.contains("the limit of open files leaves few places"), "it says so at the start");
    assert!(!log.contains("cannot accept a connection") && !log.contains("os error 24"), "{log}");
    drop((held, console));
    doors.close().await;
}
