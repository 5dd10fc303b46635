//! TLS of the server, and of callbacks to https URLs.

use crate::model::error::SimulatorError;
use crate::model::options::Tls;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};
use std::fmt;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The server's side of TLS.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority that was made for it.
    pub(crate) ca_pem: Option<String>,
}

impl Identity {
    /// Parses a certificate, or makes one for this machine and another host.
    pub(crate) fn new(tls: &Tls, host: Option<String>) -> Result<Self, SimulatorError> {
        let (chain, key, ca_pem) = match tls {
            Tls::SelfMade => {
                let mut hosts = ["localhost", "127.0.0.1", "::1"]
                    .map(str::to_owned)
                    .to_vec();
                hosts.extend(host);
                let made = make_certificate(&hosts).map_err(|error| unusable(&error))?;
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

/// A certificate as DER, and its private key as PKCS #8.
struct SelfMade {
    certificate: Vec<u8>,
    key: Vec<u8>,
    /// The authority's certificate as PEM. Its key is discarded.
    authority: String,
}

/// Makes a certificate for these names and addresses, and an authority for it.
fn make_certificate(hosts: &[String]) -> Result<SelfMade, rcgen::Error> {
    let mut authority = params("Netgíró simulator, made for one run", &[])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut server = params("localhost", hosts)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;

    let key = KeyPair::generate()?;
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(SelfMade {
        certificate: certificate.der().to_vec(),
        key: key.serialize_der(),
        authority: authority_certificate.pem(),
    })
}

fn params(common_name: &str, hosts: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // Valid for every clock that a test may have.
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31);
    Ok(params)
}

fn unusable(error: &dyn fmt::Display) -> SimulatorError {
    SimulatorError::InvalidOption(format!(
        "tls needs a certificate and its private key, both as PEM: {error}"
    ))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// TLS for callbacks. A shop under test may have any certificate: callbacks are signed, and not secret.
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

/// Accepts every certificate, but verifies that the server has its key.
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
