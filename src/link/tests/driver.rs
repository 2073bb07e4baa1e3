//! The loop over pipes: a telco that writes before it reads, one that never reads, and how often is written.
use super::peer::{binds, pdu, read, text};
use crate::{
    link::driver::{User, drive, now},
    ports::clock::Still,
    smpp::{
        esme::{Effect, Esme, EsmeConfig, Now, NumberFormat, Pace, Stored, Style, Validity},
        pdu::{Bind, BindKind},
        session::{CloseReason, SessionConfig},
        status::Table,
    },
    types::limits::{PDU_OCTETS_MAX, UNWRITTEN_OCTETS_MAX},
};
use rusmpp_core::CommandId;
use std::{
    io,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter, DuplexStream, duplex, split};

const SECOND: Duration = Duration::from_secs(1);
/// How long a telco may read nothing here.
const STALLED: Duration = Duration::from_millis(300);
/// Octets of a resp to a deliver_sm.
const RESP: usize = 17;

fn esme(write_stalled: Duration) -> Esme {
    let bind = Bind {
        kind: BindKind::Transceiver,
        system_id: "chrak".into(),
        password: "secret".into(),
        system_type: String::new(),
        interface_version: 0x34,
    };
    let session = SessionConfig {
        bind,
        window: 10,
        enquire_link: 30 * SECOND,
        response_timeout: 30 * SECOND,
        patience: 10 * SECOND,
        pdu_octets_max: PDU_OCTETS_MAX,
    };
    let style = Style {
        short_codes: Vec::new(),
        number_format: NumberFormat::International,
        dest: (1, 1),
        source: (0, 1),
        validity: Validity::None,
        receipts: false,
        packed: false,
        sar: false,
    };
    let config = EsmeConfig { session, style, statuses: Table::default(), write_stalled };
    Esme::new(config, Arc::new(Pace::new(0)), now(&Still::at_noon()))
}

/// Keeps every text at once, and has nothing to say.
#[derive(Default)]
struct Keeps {
    texts: usize,
    closed: Option<CloseReason>,
}

impl User for Keeps {
    type Wake = ();

    async fn next(&mut self, _room: bool) {
        std::future::pending().await
    }

    fn act(&mut self, (): (), _esme: &mut Esme, _now: Now) {}

    fn effect(&mut self, effect: Effect, esme: &mut Esme, now: Now) {
        match effect {
            Effect::Text { owed, .. } => {
                self.texts += 1;
                esme.stored(owed, Stored::Kept(None), now);
            }
            Effect::Closed(reason) => self.closed = Some(reason),
            _ => {}
        }
    }

    fn round(&mut self, _esme: &Esme) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Runs our side over a pipe that holds so few octets, until the peer is done and gone.
async fn run(ours: DuplexStream, write_stalled: Duration) -> Keeps {
    let (reader, writer) = split(ours);
    let (mut esme, mut keeps) = (esme(write_stalled), Keeps::default());
    drive(reader, writer, &mut esme, &mut keeps, &Still::at_noon()).await;
    keeps
}

#[tokio::test]
async fn two_sides_with_full_buffers_do_not_wait_for_one_another() {
    let (ours, mut peer) = duplex(48);
    let telco = async move {
        binds(&mut peer).await;
        for sequence in 0..1_000 {
            // what we answer fills the pipe long before it is read
            peer.write_all(&text(sequence)).await.expect("we read on");
        }
        for _ in 0..1_000 {
            assert_eq!(read(&mut peer).await, CommandId::DeliverSmResp);
        }
    };
    let (keeps, ()) = tokio::join!(run(ours, 10 * SECOND), telco);
    assert_eq!((keeps.texts, keeps.closed), (1_000, Some(CloseReason::TelcoClosed)));
}

#[tokio::test]
async fn a_telco_that_reads_nothing_is_heard_and_then_left() {
    let (ours, mut peer) = duplex(64);
    let telco = async move {
        binds(&mut peer).await;
        let stalled = Instant::now();
        for sequence in 0.. {
            if peer.write_all(&text(sequence)).await.is_err() {
                return (stalled.elapsed(), sequence);
            }
            tokio::time::sleep(STALLED / 20).await;
        }
        unreachable!("it is left");
    };
    let (keeps, (lasted, texts)) = tokio::join!(run(ours, STALLED), telco);
    assert_eq!(keeps.closed, Some(CloseReason::NotReading));
    assert!(lasted >= STALLED, "{lasted:?}");
    assert!(keeps.texts > 4 && keeps.texts + 3 >= texts as usize, "{} of {texts} were heard", keeps.texts);
}

#[tokio::test]
async fn a_flood_of_requests_from_who_reads_nothing_is_not_answered_into_memory() {
    let (ours, mut peer) = duplex(64 * 1024);
    let (keeps, ()) = tokio::join!(run(ours, 2 * SECOND), async move {
        binds(&mut peer).await;
        let flood: Vec<u8> = (0..200_000).flat_map(text).collect();
        peer.write_all(&flood).await.expect_err("it is left before all is read");
    });
    // what is in the pipe, what waits, and what was read at once
    let most = (64 * 1024 + UNWRITTEN_OCTETS_MAX) / RESP + 64 * 1024 / text(0).len() + 1;
    assert!(keeps.texts <= most, "{} texts were read, of {most}", keeps.texts);
}

#[tokio::test]
async fn what_a_writer_keeps_to_itself_is_flushed() {
    let (ours, mut peer) = duplex(1_024);
    let (reader, writer) = split(ours);
    let ours = async {
        let (mut esme, mut keeps) = (esme(10 * SECOND), Keeps::default());
        drive(reader, BufWriter::new(writer), &mut esme, &mut keeps, &Still::at_noon()).await;
        keeps.closed
    };
    let telco = async move {
        binds(&mut peer).await;
        peer.write_all(&pdu(CommandId::Unbind, 7, b"")).await.expect("written");
        assert_eq!(read(&mut peer).await, CommandId::UnbindResp, "also at the end");
    };
    let (closed, ()) = tokio::join!(ours, telco);
    assert_eq!(closed, Some(CloseReason::TelcoUnbound));
}

/// Counts the calls that would be system calls.
struct Counting<W>(W, Arc<AtomicUsize>);

impl<W: AsyncWrite + Unpin> AsyncWrite for Counting<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.0).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[tokio::test]
async fn what_is_answered_together_is_written_together() {
    let (ours, mut peer) = duplex(64 * 1024);
    let (reader, writer) = split(ours);
    let writes = Arc::new(AtomicUsize::new(0));
    let counting = Counting(writer, Arc::clone(&writes));
    let ours = async {
        let (mut esme, mut keeps) = (esme(10 * SECOND), Keeps::default());
        drive(reader, counting, &mut esme, &mut keeps, &Still::at_noon()).await;
    };
    let telco = async move {
        binds(&mut peer).await;
        tokio::time::sleep(SECOND).await;
        let before = writes.load(Ordering::Relaxed);
        let batch: Vec<u8> = (0..100).flat_map(text).collect();
        peer.write_all(&batch).await.expect("written");
        for _ in 0..100 {
            assert_eq!(read(&mut peer).await, CommandId::DeliverSmResp);
        }
        assert_eq!(writes.load(Ordering::Relaxed) - before, 1, "a hundred resps are one write");
    };
    tokio::join!(ours, telco);
}
