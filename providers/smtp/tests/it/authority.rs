//! A certificate authority with one server certificate, made for one test.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_provider_smtp::simulator::{Encryption, Wire};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub(crate) struct Authority {
    /// The certificate that must be trusted, in PEM form.
    pub(crate) pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        Self {
            pem: own.cert.pem(),
            acceptor: TlsAcceptor::from(Arc::new(tls)),
        }
    }
}

#[async_trait]
impl Encryption for Authority {
    async fn accept(&self, wire: Wire) -> io::Result<Wire> {
        Ok(Box::pin(self.acceptor.accept(wire).await?))
    }
}
