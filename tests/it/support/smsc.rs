//! An SMSC made of octets: what it delivers is what a test writes, and it shares no code with the product. It takes every
//! bind and every submit, and remembers what it was sent and how its own PDUs were answered.
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, tcp::OwnedWriteHalf},
    sync::Mutex as AsyncMutex,
};

pub const DELIVER_SM: u32 = 5;
pub const DATA_SM: u32 = 0x103;
const SUBMIT_SM: u32 = 4;
const RESPONSE: u32 = 0x8000_0000;

/// A submit_sm as it came.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The id that its resp gave it.
    pub id: String,
    pub to: String,
    pub esm_class: u8,
    pub data_coding: u8,
    pub body: Vec<u8>,
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

impl Submitted {
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|(found, _)| *found == tag).map(|(_, value)| &value[..])
    }
}

/// What a submit gets: the id in its resp.
type Names = Box<dyn Fn(u32) -> String + Send + Sync>;

/// How one writes to a connection: its bind, once there is one.
enum Own {
    Writer(OwnedWriteHalf),
    Bound(usize),
}

struct Shared {
    /// The way to who is bound, the newest last.
    bound: AsyncMutex<Vec<OwnedWriteHalf>>,
    answered: Mutex<HashMap<u32, u32>>,
    submitted: Mutex<Vec<Submitted>>,
    next: AtomicU32,
    names: Names,
    /// A receipt goes out before the resp.
    early: AtomicBool,
}

#[derive(Clone)]
pub struct RawSmsc {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

impl RawSmsc {
    /// Ids of its resps are 1, 2, 3 …
    pub async fn start() -> Self {
        Self::naming(|n| n.to_string()).await
    }

    pub async fn naming(names: impl Fn(u32) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            bound: AsyncMutex::default(),
            answered: Mutex::default(),
            submitted: Mutex::default(),
            next: AtomicU32::new(1),
            names: Box::new(names),
            early: AtomicBool::default(),
        });
        let telco = RawSmsc { addr, shared };
        let listening = telco.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut reader, writer) = stream.into_split();
                let telco = listening.clone();
                tokio::spawn(async move {
                    let mut own = Own::Writer(writer);
                    while let Ok(length) = reader.read_u32().await {
                        let mut rest = vec![0; length as usize - 4];
                        if reader.read_exact(&mut rest).await.is_err() {
                            break;
                        }
                        telco.took(&rest, &mut own).await;
                    }
                });
            }
        });
        telco
    }

    /// One PDU, without its length.
    async fn took(&self, pdu: &[u8], own: &mut Own) {
        let word = |at: usize| u32::from_be_bytes(pdu[at..at + 4].try_into().expect("a header"));
        let (command, status, sequence, body) = (word(0), word(4), word(8), &pdu[12..]);
        let answer: Option<Vec<u8>> = match command {
            1 | 2 | 9 => Some(b"raw\0".to_vec()),
            6 | 0x15 => Some(Vec::new()),
            SUBMIT_SM => {
                let id = self.submitted_one(body);
                if self.shared.early.load(Ordering::Relaxed) {
                    let text = format!("id:{id} stat:DELIVRD");
                    let early = deliver_sm("85510000000", 4, 0, text.as_bytes(), &[]);
                    let sequence = self.shared.next.fetch_add(1, Ordering::Relaxed);
                    self.write(None, &pdu_of(DELIVER_SM, sequence, &early)).await.expect("written");
                }
                Some([id.as_bytes(), b"\0"].concat())
            }
            _ => {
                self.shared.answered.lock().expect("answers").insert(sequence, status);
                None
            }
        };
        let Some(answer) = answer else { return };
        let answer = pdu_of(command | RESPONSE, sequence, &answer);
        match own {
            // what was bound and is gone reads nothing
            Own::Bound(at) => drop(self.write(Some(*at), &answer).await),
            Own::Writer(writer) if !matches!(command, 1 | 2 | 9) => writer.write_all(&answer).await.expect("written"),
            // where a bind stands it is written to by everybody
            Own::Writer(_) => {
                let mut bound = self.shared.bound.lock().await;
                let Own::Writer(mut writer) = std::mem::replace(own, Own::Bound(bound.len())) else { unreachable!() };
                writer.write_all(&answer).await.expect("written");
                bound.push(writer);
            }
        }
    }

    fn submitted_one(&self, body: &[u8]) -> String {
        let mut submitted = self.shared.submitted.lock().expect("submits");
        let id = (self.shared.names)(submitted.len() as u32 + 1);
        submitted.push(Submitted { id: id.clone(), ..submit(body) });
        id
    }

    /// From now on a receipt goes out before each resp.
    pub fn be_early(&self, early: bool) {
        self.shared.early.store(early, Ordering::Relaxed);
    }

    /// Writes to a bind, counted from the first; to the newest without a number.
    async fn write(&self, bind: Option<usize>, octets: &[u8]) -> std::io::Result<()> {
        let mut bound = self.shared.bound.lock().await;
        let at = bind.unwrap_or(bound.len().saturating_sub(1));
        bound.get_mut(at).ok_or(std::io::ErrorKind::NotConnected)?.write_all(octets).await
    }

    /// Waits for `count` binds since the start.
    pub async fn bound(&self, count: usize) {
        for _ in 0..4_000 {
            if self.shared.bound.lock().await.len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no {count}. bind");
    }

    /// Delivers a body, and waits for its resp: the status.
    pub async fn deliver(&self, command: u32, body: &[u8]) -> u32 {
        self.deliver_on(None, command, body).await
    }

    /// As [`RawSmsc::deliver`], over a bind of one's choice.
    pub async fn deliver_on(&self, bind: Option<usize>, command: u32, body: &[u8]) -> u32 {
        let sequence = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.write(bind, &pdu_of(command, sequence, body)).await.expect("written");
        for _ in 0..2_000 {
            if let Some(status) = self.shared.answered.lock().expect("answers").get(&sequence) {
                return *status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no resp");
    }

    /// What was submitted to a number, once there are so many segments.
    pub async fn submitted(&self, to: &str, count: usize) -> Vec<Submitted> {
        for _ in 0..3_000 {
            let found = self.seen(to);
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no {count} segments to {to}: {:#?}", self.shared.submitted.lock().expect("submits"));
    }

    /// What was submitted to a number so far.
    pub fn seen(&self, to: &str) -> Vec<Submitted> {
        self.shared.submitted.lock().expect("submits").iter().filter(|one| one.to == to).cloned().collect()
    }
}

fn pdu_of(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len() as u32;
    let mut pdu: Vec<u8> = [length, command, 0, sequence].iter().flat_map(|word| word.to_be_bytes()).collect();
    pdu.extend_from_slice(body);
    pdu
}

/// The body of a deliver_sm from a number to 1212.
pub fn deliver_sm(from: &str, esm_class: u8, data_coding: u8, text: &[u8], tlvs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [b"\0\x01\x01", from.as_bytes(), b"\0\0\x011212\0"].concat();
    body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, u8::try_from(text.len()).expect("short")]);
    body.extend_from_slice(text);
    with(body, tlvs)
}

/// The body of a data_sm from a number to 1212.
pub fn data_sm(from: &str, esm_class: u8, data_coding: u8, tlvs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [b"\0\x01\x01", from.as_bytes(), b"\0\0\x011212\0"].concat();
    body.extend_from_slice(&[esm_class, 0, data_coding]);
    with(body, tlvs)
}

fn with(mut body: Vec<u8>, tlvs: &[(u16, &[u8])]) -> Vec<u8> {
    for (tag, value) in tlvs {
        body.extend_from_slice(&tag.to_be_bytes());
        body.extend_from_slice(&(value.len() as u16).to_be_bytes());
        body.extend_from_slice(value);
    }
    body
}

/// A submit_sm's body; it has no id yet.
pub fn submit(mut body: &[u8]) -> Submitted {
    fn text(body: &mut &[u8]) -> String {
        let end = body.iter().position(|octet| *octet == 0).expect("a NUL");
        let text = String::from_utf8_lossy(&body[..end]).into_owned();
        *body = &body[end + 1..];
        text
    }
    fn octets<'a>(body: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (taken, rest) = body.split_at(count);
        *body = rest;
        taken
    }
    text(&mut body);
    octets(&mut body, 2);
    text(&mut body);
    octets(&mut body, 2);
    let to = text(&mut body);
    let esm_class = octets(&mut body, 3)[0];
    text(&mut body);
    text(&mut body);
    let [_, _, data_coding, _, length] = *octets(&mut body, 5) else { unreachable!("five") };
    let short = octets(&mut body, usize::from(length)).to_vec();
    let mut tlvs = Vec::new();
    while !body.is_empty() {
        let head = octets(&mut body, 4);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        tlvs.push((u16::from_be_bytes([head[0], head[1]]), octets(&mut body, length).to_vec()));
    }
    Submitted { id: String::new(), to, esm_class, data_coding, body: short, tlvs }
}
