//! Which of a host's addresses is taken, and what is said when none is.
use super::super::dial::try_all;
use crate::{certificates::Ca, tls::ClientTls};
use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// What no test waits for.
const DEAD: Duration = Duration::from_secs(600);

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
        let line = try_all(all.into_iter(), None, DEAD, "smsc.example:2775").await;
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
    let fault =
        try_all([one, two].into_iter(), None, DEAD, "smsc.example:2775").await.err().expect("nobody").to_string();
    assert!(fault.starts_with(&format!("{one}: Connection refused")), "{fault}");
    assert!(fault.contains(&format!("; {two}: Connection refused")), "{fault}");
    let fault = try_all([].into_iter(), None, DEAD, "smsc.example:2775").await.err().expect("nobody").to_string();
    assert_eq!(fault, "smsc.example:2775: has no address");
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    let tls = ClientTls::new(Some(ca.cert()), None, "127.0.0.1").expect("a CA");
    let at = greets((Ipv4Addr::LOCALHOST, 0)).await;
    let fault = try_all([at].into_iter(), Some(&tls), DEAD, "x").await.err().expect("no TLS").to_string();
    assert_eq!(fault, format!("{at}: the other side speaks no TLS at this port"));
}

/// What the system does for a peer whose acknowledgements do not come, it does for one that has no room: both are nothing taken.
#[tokio::test]
async fn a_connection_of_which_nothing_is_taken_is_ended_by_the_system_in_the_time_that_it_was_given() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let dead_after = Duration::from_secs(2);
    let (mut reader, mut writer, _) = try_all([at].into_iter(), None, dead_after, "x").await.expect("a connection");
    let (_reads_nothing, _) = listener.accept().await.expect("ours");
    let begun = Instant::now();
    let writes = async {
        let octets = vec![0; 1 << 20];
        loop {
            if let Err(fault) = writer.write_all(&octets).await {
                return fault;
            }
        }
    };
    let fault = tokio::time::timeout(Duration::from_secs(20), writes).await.expect("ended by the system");
    assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
    assert!(begun.elapsed() >= dead_after, "{:?}", begun.elapsed());
    assert_eq!(reader.read(&mut [0; 8]).await.unwrap_or(0), 0, "and nothing comes of it any more");
}
