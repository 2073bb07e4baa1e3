//! The listener at which an SMSC connects to us and asks to be bound to (outbind, SMPP 3.4 §2.2.1, §4.1.7): whoever knows the
//! password of the account gets a receiver on that very connection, for as long as it lasts. It must not know what is
//! carried over it.
use super::{
    bind::{End, Keeper},
    carrier::printable,
    connect::carry,
    dial::{Reader, Writer},
    liveness::watch,
    shared::{Shared, Tasks},
    tap::{tap, to_trace},
    telco::PATIENCE,
};
use crate::{
    exchange::StoreHealth,
    ports::random,
    smpp::{
        decode::{self, BadBody, Outbind},
        framer::HEADER_OCTETS,
        pdu::BindKind,
    },
    types::{
        Secret,
        limits::{OUTBIND_OCTETS_MAX, OUTBIND_REST, OUTBINDS_MAX},
    },
};
use bytes::{Buf, Bytes};
use ring::hmac;
use rusmpp_core::CommandId;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, split},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{sleep, timeout},
};

/// Why a connection gets no bind.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoOutbind {
    /// It said nothing, or not all of it.
    #[error("no outbind within {} s", PATIENCE.as_secs())]
    Silent,
    /// It went.
    #[error("the connection ended before its outbind was whole: {0}")]
    Gone(#[from] io::Error),
    /// No PDU, or too long a one.
    #[error("its command_length of {0} is that of no outbind")]
    Length(u32),
    /// Said nothing of TLS, where that is spoken.
    #[error("no TLS within {} s", PATIENCE.as_secs())]
    NoTls,
    /// TLS was not agreed upon.
    #[error("no TLS was agreed upon: {0}")]
    Tls(io::Error),
    /// Something else than an outbind, by command_id.
    #[error("its first PDU is no outbind but command_id {0:#010x}")]
    Another(u32),
    /// An outbind that cannot be read.
    #[error("its outbind cannot be read: {0}")]
    Bad(#[from] BadBody),
    /// Who knows another password is not the SMSC.
    #[error("its password is not that of this account")]
    Password,
}

/// One of the places at a listener, by the name of its bind; free again when it is dropped.
struct Place {
    name: String,
    free: mpsc::Sender<String>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // at the end of the server nobody waits for it
        let _ = self.free.try_send(std::mem::take(&mut self.name));
    }
}

/// Takes connections until the telco's link ends, [`OUTBINDS_MAX`] at a time; those that come meanwhile wait in the system's queue.
pub(super) async fn listen(shared: Arc<Shared>, listener: Arc<TcpListener>, tasks: Tasks) {
    let smsc = &shared.telco.name;
    let at = listener.local_addr().map_or_else(|fault| fault.to_string(), |at| at.to_string());
    tracing::info!(smsc = %smsc, listen = at, "the SMSC may connect to us (outbind)");
    let (free, mut places) = mpsc::channel(OUTBINDS_MAX);
    for nth in 1..=OUTBINDS_MAX {
        // there is room for all of them
        let _ = free.try_send(format!("ob-{nth}"));
    }
    let work = async {
        while let Some(name) = places.recv().await {
            let place = Place { name, free: free.clone() };
            let (stream, from) = next(&shared, &listener).await;
            tasks.spawn(attend(Arc::clone(&shared), place, stream, from));
        }
    };
    tokio::select! {
        () = work => {}
        () = shared.over() => {}
    }
}

/// The next connection. While the store is lost none is taken, so that the SMSC keeps its messages.
async fn next(shared: &Shared, listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut health = shared.exchange.run.store_health();
    loop {
        if health.wait_for(|state| *state != StoreHealth::Lost).await.is_err() {
            // the exchange is gone, and with it the server
            std::future::pending::<()>().await;
        }
        match listener.accept().await {
            Ok(connection) => return connection,
            Err(fault) => {
                tracing::warn!(smsc = %shared.telco.name, "a connection of the SMSC could not be taken: {fault}");
                sleep(OUTBIND_REST).await;
            }
        }
    }
}

/// One connection to its end.
async fn attend(shared: Arc<Shared>, place: Place, stream: TcpStream, from: SocketAddr) {
    serve(&shared, &place.name, stream, from).await;
    tokio::select! {
        () = sleep(OUTBIND_REST) => {}
        () = shared.over() => {}
    }
}

async fn serve(shared: &Arc<Shared>, name: &str, stream: TcpStream, from: SocketAddr) {
    let smsc = &shared.telco.name;
    // What does not take it is over, which reading says.
    let _ = watch(&stream, shared.telco.line_dead_after());
    let asked = async {
        let (reader, writer) = secured(shared, stream).await?;
        let (mut reader, writer) = tap(reader, writer, to_trace(shared, name));
        Ok((read(&mut reader, &shared.telco.password).await?, reader, writer))
    };
    let asked: Result<_, NoOutbind> = tokio::select! {
        asked = asked => asked,
        () = shared.over() => return,
    };
    if shared.is_drained() {
        tracing::info!(smsc = %smsc, bind = name, %from, "outbind refused: an operator has drained this telco; closed");
        return;
    }
    let (peer, reader, writer) = match asked {
        Ok((outbind, reader, writer)) => (printable(&outbind.system_id), reader, writer),
        Err(why) => {
            tracing::warn!(smsc = %smsc, bind = name, %from, "outbind refused: {why}; closed");
            return;
        }
    };
    tracing::info!(smsc = %smsc, bind = name, %from, peer, "outbind taken: binding as receiver");
    let (shared, name) = (Arc::clone(shared), name.to_owned());
    let keeper = Keeper { peer: Some(from.to_string()), ..Keeper::new(shared, BindKind::Receiver, name) };
    let (end, _) = carry(&keeper, reader, writer).await;
    let (shared, name) = (&keeper.shared, &keeper.name);
    // it comes back when the SMSC wants it, and is not missed until then
    shared.board.withdraw(smsc, name);
    match end {
        End::WasBound(why) => tracing::info!(smsc = %smsc, bind = name, "the bind of an outbind is over: {why}"),
        end => tracing::warn!(smsc = %smsc, bind = name, "an outbind came to no bind: {end}"),
    }
}

/// With TLS where it is configured, agreed upon within [`PATIENCE`]. A certificate of the SMSC is not asked for: that it knows
/// the password shows that it is the SMSC, and only ours shows that we are the ESME.
async fn secured(shared: &Shared, stream: TcpStream) -> Result<(Reader, Writer), NoOutbind> {
    let Some(tls) = &shared.telco.outbind_tls else {
        let (reader, writer) = stream.into_split();
        return Ok((Box::new(reader), Box::new(writer)));
    };
    let agreed = timeout(PATIENCE, async { tls.fresh_acceptor().await.accept(stream).await }).await;
    let (reader, writer) = split(agreed.map_err(|_| NoOutbind::NoTls)?.map_err(NoOutbind::Tls)?);
    Ok((Box::new(reader), Box::new(writer)))
}

/// Reads the outbind of who has connected, within [`PATIENCE`], and no octet behind it. What the SMSC calls itself is not
/// judged: that it knows the password is what shows that it is the SMSC, and so it is told nothing new by our bind.
pub(super) async fn read(reader: &mut (impl AsyncRead + Unpin), password: &Secret) -> Result<Outbind, NoOutbind> {
    let outbind = timeout(PATIENCE, first_pdu(reader)).await.map_err(|_| NoOutbind::Silent)??;
    if equal(outbind.password.expose(), password.expose()) { Ok(outbind) } else { Err(NoOutbind::Password) }
}

async fn first_pdu(reader: &mut (impl AsyncRead + Unpin)) -> Result<Outbind, NoOutbind> {
    let length = reader.read_u32().await?;
    let octets = usize::try_from(length).unwrap_or(usize::MAX);
    if !(HEADER_OCTETS..=OUTBIND_OCTETS_MAX).contains(&octets) {
        return Err(NoOutbind::Length(length));
    }
    let mut rest = vec![0; octets - 4];
    reader.read_exact(&mut rest).await?;
    let mut rest = Bytes::from(rest);
    let id = rest.get_u32();
    if CommandId::from(id) != CommandId::Outbind {
        return Err(NoOutbind::Another(id));
    }
    // command_status, which a request has none of, and sequence_number, as nothing is answered
    rest.advance(8);
    Ok(decode::outbind(rest)?)
}

/// In constant time: how far a wrong one is right is not to be measured.
fn equal(given: &str, wanted: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random::octets::<32>());
    let tag = hmac::sign(&key, wanted.as_bytes());
    hmac::verify(&key, given.as_bytes(), tag.as_ref()).is_ok()
}
