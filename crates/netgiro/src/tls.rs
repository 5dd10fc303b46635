//! TLS by rustls: the system's roots, the bundled ones, and the shop's own.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, Result};
use crate::options::Settings;

/// The TLS set-up of a client. Over plain http (loopback alone) no certificate is read.
pub(crate) fn configuration(settings: &Settings) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if settings.base_url.starts_with("https:") {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // Unreadable ones are passed over: the bundled roots are there for machines without any.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &settings.ca_file {
            for certificate in ca_file(path)? {
                roots.add(certificate).map_err(|error| {
                    Error::configuration(format!(
                        "ca_file {} holds a certificate that cannot be used: {error}",
                        path.display()
                    ))
                })?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::configuration(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The certificates of a PEM file; at least one.
pub(crate) fn ca_file(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>> {
    let refused = |why: String| {
        Error::configuration(format!(
            "ca_file must be a PEM file with at least one certificate; {}: {why}",
            path.display()
        ))
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused(error.to_string()))?;
    if certificates.is_empty() {
        return Err(refused("it holds none".to_owned()));
    }
    Ok(certificates)
}
