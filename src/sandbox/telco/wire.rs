//! The phones' way into the sandbox telco, on the same listener: a phone is no ESME, so it does not speak SMPP.
//! A connection whose first octets are `PHON` (no command_length an ESME would write) speaks lines:
//!
//! ```text
//! > PHON
//! > {"from":"85510123456"}                                  who I am
//! > {"to":"1212","text":"HELP"}                             a text to send
//! > {"dial":"*1212#"}  {"answer":"1"}  {"hangup":true}       a USSD session
//! < {"event":"state","id":1,"state":"accepted",…}           what became of it: queued sent accepted waiting refused
//! < {"event":"text","from":"1212","text":"…","segments":1,"alphabet":"ucs2","units":54,…}
//! < {"event":"receipt","id":"1001","message":"delivered",…} the sender was told
//! < {"event":"screen","text":"…","end":false,"units":87,"size":182,…}   a USSD screen
//! < {"event":"ended","why":"…"}                             a USSD session is over
//! < {"event":"error","error":"…"}                           a line that could not be used
//! ```
//!
//! Phones are taken from loopback only, unless the telco was started otherwise: nothing here proves a number.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::handle::Telco;
use super::hub::{Event, Hub};
use super::phone::{valid_dialled, valid_number};

/// The longest line, in octets: a text of 255 segments and its JSON would not fit, ten would.
const MAX_LINE: u64 = 16 * 1024;
/// After the end of piped input, how long the terminal phone waits for answers.
const LINGER: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hello {
    from: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outgoing {
    to: String,
    text: String,
}

/// Serves a phone; `read` starts with `PHON`.
pub async fn serve(hub: Arc<Hub>, stream: TcpStream, read: BytesMut) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(std::io::Cursor::new(read).chain(reader));
    let mut events = hub.events();
    let stop = hub.stop.clone();
    let telco = Telco::of(hub);
    let greeting = tokio::time::timeout(Duration::from_secs(10), async {
        next_line(&mut lines, &mut Vec::new()).await?;
        next_line(&mut lines, &mut Vec::new()).await
    });
    let Ok(Some(hello)) = greeting.await else {
        return;
    };
    let number = match serde_json::from_str::<Hello>(&hello) {
        Ok(h) if valid_number(&h.from) => h.from,
        _ => {
            let _ = complain(&mut writer, "say who you are: {\"from\":\"85510123456\"}").await;
            return;
        }
    };
    let mut partial = Vec::new();
    loop {
        let done = tokio::select! {
            line = next_line(&mut lines, &mut partial) => match line {
                None => return,
                Some(line) => match send_line(&telco, &number, &line) {
                    Ok(()) => Ok(()),
                    Err(why) => complain(&mut writer, &why).await,
                },
            },
            event = events.recv() => match event {
                Ok(event) if event.number() == number => write_event(&mut writer, &event).await,
                Ok(_) | Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => return,
            },
            () = stop.cancelled() => return,
        };
        if done.is_err() {
            return;
        }
    }
}

/// The next line; what is read of an unfinished one stays in `partial`, so that a select may drop this.
async fn next_line<R>(lines: &mut R, partial: &mut Vec<u8>) -> Option<String>
where
    R: tokio::io::AsyncBufRead + Unpin,
{
    let room = MAX_LINE.saturating_sub(partial.len() as u64);
    let n = lines.take(room).read_until(b'\n', partial).await.ok()?;
    if n == 0 || partial.last() != Some(&b'\n') {
        return None;
    }
    let line = String::from_utf8(std::mem::take(partial)).ok()?;
    Some(line.trim_end().to_owned())
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Ussd {
    Dial { dial: String },
    Answer { answer: String },
    HangUp { hangup: bool },
}

fn send_line(telco: &Telco, number: &str, line: &str) -> Result<(), String> {
    let done = match serde_json::from_str::<Ussd>(line) {
        Ok(Ussd::Dial { dial }) if valid_dialled(&dial) => telco.dial(number, &dial),
        Ok(Ussd::Dial { .. }) => return Err("dial: such as *1212#".to_owned()),
        Ok(Ussd::Answer { answer }) => telco.answer_screen(number, &answer),
        Ok(Ussd::HangUp { hangup }) if hangup => telco.hang_up(number),
        Ok(Ussd::HangUp { .. }) => Ok(()),
        Err(_) => return send_text(telco, number, line),
    };
    done.map_err(|e| e.to_string())
}

fn send_text(telco: &Telco, number: &str, line: &str) -> Result<(), String> {
    let out: Outgoing = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if !valid_number(&out.to) {
        return Err("to: digits only, at most 20".to_owned());
    }
    match telco.send_mo(number, &out.to, &out.text) {
        Ok(_) => Ok(()),
        Err(e) => Err(e.to_string()),
    }
}

async fn write_event<W: AsyncWriteExt + Unpin>(w: &mut W, event: &Event) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    w.write_all(&line).await
}

async fn complain<W: AsyncWriteExt + Unpin>(w: &mut W, why: &str) -> std::io::Result<()> {
    let line = serde_json::json!({ "event": "error", "error": why });
    w.write_all(format!("{line}\n").as_bytes()).await
}

/// The terminal phone: `chrak phone --smsc ADDR --from MSISDN`. A line typed is a text to `to`, unless it
/// begins with `>NUMBER `, or is dialled like `*1212#`; while a USSD screen waits, it is the answer to it, and
/// an empty line hangs up. Prints what arrives. Returns the exit code: 1 when input was piped and no
/// answer came within 10 s of its end.
pub async fn run_phone(smsc: SocketAddr, from: String, to: String, shutdown: CancellationToken) -> anyhow::Result<i32> {
    anyhow::ensure!(valid_number(&from), "--from: digits only, at most 20");
    let stream = TcpStream::connect(smsc)
        .await
        .map_err(|e| anyhow::anyhow!("{smsc}: {e}; a sandbox telco is started by `chrak` or `chrak smsc`"))?;
    println!("{from} → {to}. Type a text, or dial *{to}#, and press Enter; Ctrl-C ends.");
    let input = BufReader::new(tokio::io::stdin());
    talk(stream, &from, &to, input, &shutdown, |line| println!("{line}")).await
}

async fn talk<R: AsyncRead + Unpin>(
    stream: TcpStream,
    from: &str,
    to: &str,
    mut input: BufReader<R>,
    shutdown: &CancellationToken,
    mut show: impl FnMut(String),
) -> anyhow::Result<i32> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let hello = serde_json::json!({ "from": from });
    writer.write_all(format!("PHON\n{hello}\n").as_bytes()).await?;
    let (mut arriving, mut typed, mut heard) = (BufReader::new(reader), Vec::new(), Vec::new());
    let (mut sent, mut answers, mut ended) = (0_u32, 0_u32, false);
    let mut in_session = false;
    let linger = tokio::time::sleep(LINGER);
    tokio::pin!(linger);
    loop {
        if ended && answers >= sent {
            return Ok(0);
        }
        tokio::select! {
            // what is piped waits for the screen it answers
            line = next_line(&mut input, &mut typed), if !(ended || in_session && answers < sent) => {
                // the last line of piped input may lack its newline
                let rest = std::mem::take(&mut typed);
                ended = line.is_none();
                linger.as_mut().reset(tokio::time::Instant::now() + LINGER);
                let line = line.unwrap_or_else(|| String::from_utf8_lossy(&rest).into_owned());
                let dialled = valid_dialled(line.trim());
                if let Some(out) = typed_line(line.trim(), in_session, to) {
                    // a script's next line answers the screen before it
                    in_session |= dialled;
                    let hangs_up = out.get("hangup").is_some();
                    in_session &= !hangs_up;
                    sent += u32::from(!hangs_up);
                    writer.write_all(format!("{out}\n").as_bytes()).await?;
                }
            }
            line = next_line(&mut arriving, &mut heard) => {
                let Some(line) = line else {
                    anyhow::bail!("the telco closed the connection (phones connect from loopback only)");
                };
                let event: serde_json::Value = serde_json::from_str(&line)?;
                answers += u32::from(event["event"] == "text" || event["event"] == "screen");
                if event["event"] == "screen" || event["event"] == "ended" {
                    in_session = event["event"] == "screen" && event["end"] == false;
                }
                if let Some(shown) = display(&event) {
                    show(shown);
                }
            }
            () = &mut linger, if ended => return Ok(1),
            () = shutdown.cancelled() => return Ok(0),
        }
    }
}

/// What a typed line is; `None` for an empty one where nothing is to be hung up.
fn typed_line(line: &str, in_session: bool, to: &str) -> Option<serde_json::Value> {
    if valid_dialled(line) {
        return Some(serde_json::json!({ "dial": line }));
    }
    if in_session {
        let hangs_up = serde_json::json!({ "hangup": true });
        return Some(if line.is_empty() { hangs_up } else { serde_json::json!({ "answer": line }) });
    }
    let (to, text) = addressed(line, to);
    (!line.is_empty()).then(|| serde_json::json!({ "to": to, "text": text }))
}

/// `>1313 text` goes to 1313, anything else to the usual number.
fn addressed<'a>(line: &'a str, usual: &'a str) -> (&'a str, &'a str) {
    match line.strip_prefix('>').and_then(|l| l.split_once(' ')) {
        Some((to, text)) if valid_number(to) => (to, text),
        _ => (usual, line),
    }
}

fn display(event: &serde_json::Value) -> Option<String> {
    let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    match field("event").as_str() {
        "text" => Some(format!(
            "← {} ({}, {} units, {} SMS)\n{}\n",
            field("from"),
            field("alphabet"),
            event["units"],
            event["segments"],
            field("text"),
        )),
        "screen" => Some(format!(
            "┌ USSD screen {} · {}/{} {} · {} ms{}\n{}\n└",
            event["screens"],
            event["units"],
            event["size"],
            field("alphabet"),
            event["latency_ms"],
            if event["end"] == true { " · end" } else { "" },
            field("text").lines().map(|line| format!("│ {line}")).collect::<Vec<_>>().join("\n"),
        )),
        "ended" => Some(format!("  · USSD session over: {}", field("why"))),
        "state" if event["state"] != "sent" => Some(format!("  · {}", field("state"))),
        "error" => Some(format!("  ! {}", field("error"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Telco, TelcoConfig};
    use super::*;

    #[tokio::test]
    async fn the_terminal_phone_sends_its_lines_the_last_one_too() {
        let config = TelcoConfig { listen: ([127, 0, 0, 1], 0).into(), ..TelcoConfig::default() };
        let telco = Telco::start(config).await.unwrap();
        let stream = TcpStream::connect(telco.addr()).await.unwrap();
        let input = BufReader::new(&b"HELP\n\n>1313 hi there\n120500260481937"[..]);
        let shutdown = CancellationToken::new();
        let stop = async {
            while telco.snapshot().mo.len() < 3 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            shutdown.cancel();
        };
        let phone = talk(stream, "85512345678", "1212", input, &shutdown, |_| {});
        let (code, ()) = tokio::join!(phone, stop);
        assert_eq!(code.unwrap(), 0);
        let sent = telco.snapshot().mo;
        let sent: Vec<_> = sent.iter().map(|m| (m.to.as_str(), m.text.as_str())).collect();
        let wanted = [("1212", "HELP"), ("1313", "hi there"), ("1212", "120500260481937")];
        assert_eq!(sent, wanted);
    }
}
