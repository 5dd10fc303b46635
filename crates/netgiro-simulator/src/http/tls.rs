//! TLS on both sides: the certificate that the simulator shows, and the callbacks it sends to shops that have one.

use crate::http::certificate;
use crate::model::error::SimulatorError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};
use std::fmt;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The certificate that the simulator shows.
///
/// `Debug` leaves the key out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// One made up at the start, for `localhost`, `127.0.0.1`, `::1` and the public URL's host, signed by an authority
    /// made up with it: [`Simulator::ca_pem`](crate::Simulator::ca_pem).
    SelfMade,
    /// One of your own.
    Given {
        /// The certificate and those that lead to its authority, as PEM.
        certificate: String,
        /// Its private key, as PEM.
        key: String,
    },
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelfMade => "SelfMade",
            Self::Given { .. } => "Given",
        })
    }
}

/// What a server shows, ready to be shown.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority that was made up for it.
    pub(crate) ca_pem: Option<String>,
}

impl Identity {
    /// Reads a certificate, or makes one for this machine and another host.
    pub(crate) fn new(tls: &Tls, host: Option<String>) -> Result<Self, SimulatorError> {
        let (chain, key, ca_pem) = match tls {
            Tls::SelfMade => {
                let mut hosts = ["localhost", "127.0.0.1", "::1"]
                    .map(str::to_owned)
                    .to_vec();
                hosts.extend(host);
                let made = certificate::make(&hosts).map_err(|error| unusable(&error))?;
                let key = PrivatePkcs8KeyDer::from(made.key).into();
                (vec![made.certificate.into()], key, Some(made.authority))
            }
            Tls::Given { certificate, key } => {
                let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| unusable(&error))?;
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                    .map_err(|error| unusable(&error))?;
                (chain, key, None)
            }
        };
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| unusable(&error))?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca_pem,
        })
    }
}

fn unusable(error: &dyn fmt::Display) -> SimulatorError {
    SimulatorError::InvalidOption(format!(
        "tls needs a certificate and its private key, both as PEM: {error}"
    ))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// TLS for callbacks. A shop under test may show any certificate: what is sent to it is signed, and no secret.
pub(crate) fn connector() -> Option<TlsConnector> {
    let provider = provider();
    let trusting = Trusting(Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting))
        .with_no_client_auth();
    Some(TlsConnector::from(Arc::new(config)))
}

/// Takes every certificate, and still asks for the key that belongs to it.
#[derive(Debug)]
struct Trusting(Arc<CryptoProvider>);

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
