//! Connections: HTTP/1.1, over TLS where there is a certificate. Any client certificate is taken in the handshake, as a
//! security server takes it; which one it is, the door asks.
use super::door::Door;
use anyhow::{Context, anyhow};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Connections at a time: more than the clients of a test have.
const CONNECTIONS_MAX: usize = 2_048;
/// A handshake of TLS must be done within this.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Takes whichever certificate a client shows, if it can sign with it.
#[derive(Debug)]
struct AnyClient(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The first certificate in a file.
pub fn certificate(path: &Path) -> anyhow::Result<CertificateDer<'static>> {
    CertificateDer::from_pem_file(path).map_err(|fault| anyhow!("{}: {fault}", path.display()))
}

/// TLS by these files.
pub fn acceptor(identity: Option<&(PathBuf, PathBuf)>) -> anyhow::Result<Option<TlsAcceptor>> {
    let Some((cert, key)) = identity else { return Ok(None) };
    let chain = vec![certificate(cert).context("--cert")?];
    let key = PrivateKeyDer::from_pem_file(key).map_err(|fault| anyhow!("--key {}: {fault}", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(AnyClient(provider)))
        .with_single_cert(chain, key)
        .context("--cert and --key")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Serves until `stop`, then finishes what is under way.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, door: Arc<Door>, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            accepted = listener.accept(), if tasks.len() < CONNECTIONS_MAX => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(connection(stream, tls.clone(), Arc::clone(&door), stop.clone()));
            }
            Err(fault) => {
                tracing::warn!(%fault, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, door: Arc<Door>, stop: CancellationToken) {
    // Nagle's delay would be measured as the server's
    if let Err(fault) = stream.set_nodelay(true) {
        tracing::debug!(%fault, "a connection that is gone already");
    }
    let Some(tls) = tls else { return talk(stream, None, door, stop).await };
    match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
            let shown = shown.map(CertificateDer::into_owned);
            talk(stream, shown, door, stop).await;
        }
        Ok(Err(fault)) => tracing::info!(%fault, "a handshake that failed"),
        Err(_) => tracing::info!("a handshake that did not end"),
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    shown: Option<CertificateDer<'static>>,
    door: Arc<Door>,
    stop: CancellationToken,
) {
    let answer = service_fn(move |request| Arc::clone(&door).answer(request, shown.clone()));
    let talk = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(talk);
    let ended = tokio::select! {
        ended = &mut talk => ended,
        () = stop.cancelled() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    if let Err(fault) = ended {
        tracing::debug!(%fault, "a connection ended");
    }
}
