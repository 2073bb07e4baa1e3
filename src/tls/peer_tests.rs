//! A server that is known whole, with certificates as X-Road makes them.
use super::{Identity, Left, PeerFiles, PeerTls, peer_words};
use crate::{
    certificates::{Ca, Pair, Valid, of_x_road},
    types::UnixMs,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use std::{path::Path, sync::Arc};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[allow(clippy::disallowed_methods, reason = "certificates of this moment are judged by the time of this moment")]
fn now() -> UnixMs {
    UnixMs(jiff::Timestamp::now().as_millisecond())
}

fn known(cert: &Path) -> PeerFiles {
    PeerFiles { identity: None, server_cert_file: Some(cert.to_owned()), ca_file: None }
}

/// A server that shows one certificate and signs with a key, which need not be its own.
fn server(cert: &Path, key: &Path) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_file(cert).expect("PEM")];
    let key = provider.key_provider.load_private_key(PrivateKeyDer::from_pem_file(key).expect("PEM")).expect("a key");
    let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    TlsAcceptor::from(Arc::new(config))
}

async fn meet(client: &PeerTls, server: &TlsAcceptor) -> Result<(), String> {
    let (ours, theirs) = duplex(64 * 1024);
    let server = server.clone();
    let peer = tokio::spawn(async move {
        if let Ok(mut stream) = server.accept(theirs).await {
            // a peer that is gone already has nothing to be told
            let _ = stream.write_all(b"hello").await;
            let _ = stream.flush().await;
        }
    });
    let connector = TlsConnector::from(Arc::new(client.config().expect("a config")));
    let name = ServerName::try_from("192.0.2.1").expect("a name that no certificate holds");
    let said = async {
        let mut stream = connector.connect(name, ours).await?;
        let mut read = [0; 5];
        stream.read_exact(&mut read).await
    };
    let said =
        said.await.map(drop).map_err(|fault: std::io::Error| peer_words(&fault).unwrap_or_else(|| fault.to_string()));
    peer.await.expect("the peer ends");
    said
}

#[tokio::test]
async fn a_security_servers_own_certificate_is_known_whole_and_no_other_like_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, like) = (of_x_road(folder.path(), "own"), of_x_road(folder.path(), "like"));
    let client = PeerTls::new(known(&own.cert), now()).expect("a certificate");
    assert_eq!(meet(&client, &server(&own.cert, &own.key)).await, Ok(()), "a CA's, without a name");
    let said = meet(&client, &server(&like.cert, &like.key)).await.expect_err("another of the same subject");
    assert!(said.contains("it is not the one in server_cert_file"), "{said}");
    meet(&client, &server(&own.cert, &like.key)).await.expect_err("a copy of the certificate without its key");
    let by_ca = PeerFiles { ca_file: Some(own.cert.clone()), server_cert_file: None, identity: None };
    let by_ca = PeerTls::new(by_ca, now()).expect("a CA");
    meet(&by_ca, &server(&own.cert, &own.key)).await.expect_err("ordinary verification refuses it");
}

#[tokio::test]
async fn a_certificate_that_ends_while_it_is_known_is_refused_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    let ended = ca.sign("ss1", "DNS:ss1", Valid::Before);
    let then = UnixMs::from_rfc3339("2020-01-15T00:00:00Z").expect("a time");
    let client = PeerTls::new(known(&ended.cert), then).expect("it was valid then");
    assert_eq!(client.left(then), [Left { of: "server", days: 17 }]);
    assert!(client.left(now())[0].days < 0);
    let said = meet(&client, &server(&ended.cert, &ended.key)).await.expect_err("it has ended");
    assert!(said.contains("expired"), "{said}");
    let fault = PeerTls::new(known(&ended.cert), now()).expect_err("it has ended").to_string();
    assert!(fault.contains("ended on 2020-02-01"), "{fault}");
    let early = UnixMs::from_rfc3339("2019-01-15T00:00:00Z").expect("a time");
    let fault = PeerTls::new(known(&ended.cert), early).expect_err("it is not valid yet").to_string();
    assert!(fault.contains("begins on 2020-01-01: is this machine's clock right?"), "{fault}");
}

#[tokio::test]
async fn a_new_pair_serves_new_connections_and_a_broken_one_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, next) = (of_x_road(folder.path(), "own"), of_x_road(folder.path(), "next"));
    let Pair { cert, key } = of_x_road(folder.path(), "is");
    let (old, new) = (server(&own.cert, &own.key), server(&next.cert, &next.key));
    let identity = Some(Identity { cert_file: cert.clone(), key_file: key });
    let client = PeerTls::new(PeerFiles { identity, ..known(&own.cert) }, now()).expect("good files");
    let left = client.left(now());
    assert_eq!(left.iter().map(|left| left.of).collect::<Vec<_>>(), ["client", "server"]);
    assert!(left.iter().all(|left| (89..=90).contains(&left.days)), "{left:?}");
    assert_eq!(client.look(now()), Ok(false));
    std::fs::copy(&next.cert, &own.cert).expect("copied");
    assert_eq!(meet(&client, &old).await, Ok(()), "not yet looked at");
    assert_eq!(client.look(now()), Ok(true));
    assert_eq!(meet(&client, &new).await, Ok(()));
    meet(&client, &old).await.expect_err("it is known no more");
    std::fs::copy(&next.cert, &cert).expect("half of a new pair");
    let fault = client.look(now()).expect_err("the key is of another").to_string();
    assert!(fault.starts_with("key_file: "), "{fault}");
    assert_eq!(meet(&client, &new).await, Ok(()), "what stood there before is used on");
}
