//! Whom we trust and who we are, over a pipe, with certificates that openssl made.
use super::{ClientTls, Identity, ServerTls, words};
use crate::{
    certificates::{Ca, Pair, Valid},
    types::UnixMs,
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use rustls::{RootCertStore, ServerConfig, pki_types::CertificateDer, server::WebPkiClientVerifier};
use std::{path::Path, sync::Arc};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsAcceptor;

const NAMES: &str = "DNS:smsc.example,IP:192.0.2.1,DNS:other.example";

fn identity(pair: &Pair) -> Identity {
    Identity { cert_file: pair.cert.clone(), key_file: pair.key.clone() }
}

fn server(pair: &Pair) -> ServerTls {
    ServerTls::new(identity(pair)).expect("a certificate with its key")
}

/// Both ends meet; what ours says of it.
async fn meet(client: &ClientTls, acceptor: TlsAcceptor) -> Result<(), String> {
    let (ours, theirs) = duplex(64 * 1024);
    let peer = tokio::spawn(async move {
        if let Ok(mut stream) = acceptor.accept(theirs).await {
            // a peer that is gone already has nothing to be told
            let _ = stream.write_all(b"hello").await;
            let _ = stream.flush().await;
            let _ = stream.read_u8().await;
        }
    });
    let said = async {
        let mut stream = client.connector().await.connect(client.name().clone(), ours).await?;
        let mut read = [0; 5];
        stream.read_exact(&mut read).await?;
        stream.shutdown().await
    }
    .await;
    peer.await.expect("the peer ends");
    said.map_err(|fault: std::io::Error| words(&fault).unwrap_or_else(|| panic!("{fault} is none of TLS")))
}

fn client(ca: &Ca, name: &str) -> ClientTls {
    ClientTls::new(Some(ca.cert()), None, name).expect("a CA")
}

#[tokio::test]
async fn a_server_is_taken_by_its_ca_its_name_and_its_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, other) = (Ca::new(folder.path(), "ca"), Ca::new(folder.path(), "other"));
    let good = server(&ca.sign("good", NAMES, Valid::Now));
    assert_eq!(meet(&client(&ca, "smsc.example"), good.acceptor()).await, Ok(()));
    assert_eq!(meet(&client(&ca, "other.example"), good.acceptor()).await, Ok(()));
    for (ca, name, server, told) in [
        (&other, "smsc.example", &good, "signed by nobody we trust: give the CA"),
        (
            &ca,
            "third.example",
            &good,
            "is for smsc.example, 192.0.2.1, other.example, not for third.example: set tls.server_name",
        ),
        (&ca, "192.0.2.7", &good, "not for 192.0.2.7"),
        (&ca, "smsc.example", &server(&ca.sign("old", NAMES, Valid::Before)), "has expired: the telco must renew it"),
    ] {
        let said = meet(&client(ca, name), server.acceptor()).await.expect_err(told);
        assert!(said.contains(told) && !said.contains('\n'), "{said}");
    }
}

/// A server that wants a certificate of its own CA from us.
fn choosy(ca: &Ca, pair: &Pair) -> TlsAcceptor {
    let read = |path: &Path| std::fs::read(path).expect("a file");
    let certificate = |path: &Path| CertificateDer::from_pem_slice(&read(path)).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&ca.cert())).expect("a CA");
    let provider = super::files::provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let key = PrivateKeyDer::from_pem_slice(&read(&pair.key)).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(vec![certificate(&pair.cert)], key)
        .expect("a certificate with its key");
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn who_we_are_is_shown_where_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, other) = (Ca::new(folder.path(), "ca"), Ca::new(folder.path(), "other"));
    let pair = ca.sign("smsc", NAMES, Valid::Now);
    let as_who = |who: &Ca| {
        let ours = who.sign("chrak", "DNS:chrak.example", Valid::Now);
        ClientTls::new(Some(ca.cert()), Some(identity(&ours)), "smsc.example").expect("good files")
    };
    assert_eq!(meet(&as_who(&ca), choosy(&ca, &pair)).await, Ok(()));
    let said = meet(&client(&ca, "smsc.example"), choosy(&ca, &pair)).await.expect_err("nobody");
    assert!(said.contains("wants a certificate of ours: set tls.cert_file and tls.key_file"), "{said}");
    let said = meet(&as_who(&other), choosy(&ca, &pair)).await.expect_err("a stranger");
    assert!(said.contains("does not take our certificate"), "{said}");
}

#[test]
fn a_certificate_says_until_when_it_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    for valid in [Valid::Now, Valid::Before] {
        let pair = ca.sign("smsc", NAMES, valid);
        let words = ["x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in"];
        let said = std::process::Command::new("openssl").args(words).arg(&pair.cert).output().expect("openssl runs");
        let said = String::from_utf8(said.stdout).expect("UTF-8");
        let time = said.trim().strip_prefix("notAfter=").expect("a time").replace(' ', "T");
        assert_eq!(server(&pair).ends(), UnixMs::from_rfc3339(&time), "{time}");
    }
    assert_eq!(client(&ca, "smsc.example").ends(), None, "we show none");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_trusted_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ca, next) = (Ca::new(folder.path(), "ca"), Ca::new(folder.path(), "next"));
    let pair = ca.sign("smsc", NAMES, Valid::Now);
    let (server, ours) = (server(&pair), client(&ca, "smsc.example"));
    assert_eq!(meet(&ours, server.acceptor()).await, Ok(()));
    let before = server.acceptor();
    let renewed = next.sign("smsc", NAMES, Valid::Now);
    std::fs::copy(&renewed.cert, &pair.cert).expect("copied");
    server.look();
    assert_eq!(meet(&ours, before.clone()).await, Ok(()), "half of a pair is not shown");
    std::fs::copy(&renewed.key, &pair.key).expect("copied");
    server.look();
    let said = meet(&ours, before.clone()).await.expect_err("another CA");
    assert!(said.contains("signed by nobody we trust"), "{said}");
    std::fs::write(ca.cert(), "nothing").expect("written");
    meet(&ours, before.clone()).await.expect_err("a file of no use leaves what was");
    std::fs::copy(next.cert(), ca.cert()).expect("copied");
    assert_eq!(meet(&ours, before).await, Ok(()));
}

#[test]
fn files_of_no_use_are_told_by_key_and_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = Ca::new(folder.path(), "ca");
    let (one, two) = (ca.sign("one", NAMES, Valid::Now), ca.sign("two", NAMES, Valid::Now));
    let locked = folder.path().join("locked.key");
    std::fs::write(&locked, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        .expect("written");
    let broken = folder.path().join("broken.pem");
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").expect("written");
    let away = folder.path().join("away");
    for (cert, key, told) in [
        (&one.cert, &two.key, "two.key is not the key of the certificate in "),
        (&one.key, &one.key, "cert_file: "),
        (&one.cert, &one.cert, "holds no private key in PEM"),
        (&one.cert, &locked, "is locked with a passphrase"),
        (&broken, &one.key, "broken.pem is no PEM"),
        (&away, &one.key, "away cannot be read: No such file"),
    ] {
        let identity = Identity { cert_file: cert.clone(), key_file: key.clone() };
        for fault in [
            ServerTls::new(identity.clone()).expect_err(told).to_string(),
            ClientTls::new(Some(ca.cert()), Some(identity), "a.example").expect_err(told).to_string(),
        ] {
            assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
        }
    }
    for (file, name, told) in [(&one.key, "a.example", "ca_file: "), (&one.cert, "no name", "server_name: \"no name\"")]
    {
        let fault = ClientTls::new(Some(file.clone()), None, name).expect_err(told).to_string();
        assert!(fault.contains(told), "{fault}");
    }
    let half = Identity::of(Some(one.cert), None).expect_err("half").to_string();
    assert_eq!(half, "key_file: is missing: the certificate of cert_file needs it");
}
