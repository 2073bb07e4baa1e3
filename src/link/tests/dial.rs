//! Which of a host's addresses is taken, and what is said when none is.
use super::super::dial::try_all;
use crate::{certificates::Ca, tls::ClientTls};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A listener that says hello to whoever comes.
async fn greets(at: impl Into<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind(at.into()).await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // whoever is gone again is not greeted
            let _ = stream.write_all(b"hello").await;
        }
    });
    at
}

/// An address at which nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port").local_addr().expect("an address")
}

#[tokio::test]
async fn a_dead_first_address_does_not_hide_a_live_one_whichever_ip_it_is() {
    for at in [greets((Ipv6Addr::LOCALHOST, 0)).await, greets((Ipv4Addr::LOCALHOST, 0)).await] {
        let all = [nobody().await, at];
        let line = try_all(all.into_iter(), None, "smsc.example:2775").await;
        let (mut reader, _, taken) = line.expect("the second one");
        assert_eq!(taken, at);
        let mut read = [0; 5];
        reader.read_exact(&mut read).await.expect("read");
        assert_eq!(&read, b"hello", "{at}");
    }
}

#[tokio::test]
async fn when_no_address_is_taken_each_is_told() {
    let (one, two) = (nobody().await, nobody().await);
    let fault = try_all([one, two].into_iter(), None, "smsc.example:2775").await.err().expect("nobody").to_string();
    assert!(fault.starts_with(&format!("{one}: Connection refused")), "{fault}");
    assert!(fault.contains(&format!("; {two}: Connection refused")), "{fault}");
    let fault = try_all([].into_iter(), None, "smsc.example:2775").await.err().expect("nobody").to_string();
    assert_eq!(fault, "smsc.example:2775: has no address");
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    let tls = ClientTls::new(Some(ca.cert()), None, "127.0.0.1").expect("a CA");
    let at = greets((Ipv4Addr::LOCALHOST, 0)).await;
    let fault = try_all([at].into_iter(), Some(&tls), "x").await.err().expect("no TLS").to_string();
    assert_eq!(fault, format!("{at}: the other side speaks no TLS at this port"));
}
