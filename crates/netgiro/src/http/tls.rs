//! TLS by rustls: the system's roots, the bundled ones, and the shop's own.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};

use crate::model::error::{Error, Result};
use crate::model::text::quote;

/// The TLS set-up of a client.
pub(crate) fn configuration(roots: &TrustedRoots) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::configuration(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots.get()?)
        .with_no_client_auth())
}

/// The authorities to trust, read when they are first needed and once for all connections.
#[derive(Debug)]
pub(crate) struct TrustedRoots {
    /// Over plain http (loopback alone) no certificate is read.
    uses_tls: bool,
    ca_file: Option<PathBuf>,
    store: OnceLock<Arc<RootCertStore>>,
}

impl TrustedRoots {
    pub(crate) fn new(uses_tls: bool, ca_file: Option<PathBuf>) -> Self {
        Self {
            uses_tls,
            ca_file,
            store: OnceLock::new(),
        }
    }

    /// The same authorities, not read yet.
    #[cfg(feature = "simulation")]
    pub(crate) fn unread(&self) -> Self {
        Self::new(self.uses_tls, self.ca_file.clone())
    }

    /// A second thread that comes at the same time reads them too rather than wait: a process that is forked
    /// meanwhile would wait for ever.
    fn get(&self) -> Result<Arc<RootCertStore>> {
        if let Some(roots) = self.store.get() {
            return Ok(Arc::clone(roots));
        }
        let mut roots = RootCertStore::empty();
        if self.uses_tls {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            // Unreadable ones are passed over: the bundled roots are there for machines without any.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if let Some(path) = &self.ca_file {
                for certificate in ca_file(path)? {
                    roots.add(certificate).map_err(|error| {
                        Error::configuration(format!(
                            "ca_file {} holds a certificate that cannot be used: {error}",
                            quote::path(path)
                        ))
                    })?;
                }
            }
        }
        let roots = Arc::new(roots);
        Ok(Arc::clone(self.store.get_or_init(|| roots)))
    }
}

/// The certificates of a PEM file; at least one.
pub(crate) fn ca_file(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let refused = |why: String| {
        let path = quote::path(path);
        let expected = "a PEM file with at least one certificate";
        Error::bad_option(
            "ca_file",
            format!("ca_file must be {expected}; {path}: {why}"),
        )
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused(error.to_string()))?;
    if certificates.is_empty() {
        return Err(refused("it holds none".to_owned()));
    }
    Ok(certificates)
}

/// What TLS refused, in words that somebody can act on; `None` for an error with another cause.
pub(crate) fn refusal(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(sentence(tls));
        }
        // `source` of an I/O error skips the error that it wraps.
        next = match error.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(Some(wrapped)) => Some(wrapped),
            _ => error.source(),
        };
    }
    None
}

fn sentence(error: &rustls::Error) -> String {
    use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

    match error {
        rustls::Error::InvalidCertificate(error) => certificate_sentence(error),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "the server offers no TLS 1.2 or later".to_owned(),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server and this client have no TLS cipher in common".to_owned()
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what answers there does not speak TLS: is it plain http, or a proxy's page?".to_owned()
        }
        other => format!("TLS failed: {other}"),
    }
}

fn certificate_sentence(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the server's certificate has expired on {} (the clock of this machine says {})",
            date(*not_after),
            date(*time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the server's certificate is valid only from {} on (the clock of this machine says {})",
            date(*not_before),
            date(*time)
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            // They come as `DnsName("shop.is")` and `IpAddress(127.0.0.1)`.
            let names: Vec<_> = presented
                .iter()
                .take(3)
                .map(|name| {
                    let inner = name.split_once('(').map_or(&**name, |(_, inner)| inner);
                    inner.trim_end_matches(')').trim_matches('"')
                })
                .collect();
            format!(
                "the server's certificate is for {}, not {}",
                if names.is_empty() {
                    "no name".to_owned()
                } else {
                    names.join(", ")
                },
                expected.to_str()
            )
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is not signed by a trusted authority: pass ca_file if its authority is your own"
                .to_owned()
        }
        // Of webpki's reason rustls shows the name alone.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is an authority's own, self-signed as it seems: it is not signed by a trusted \
             authority. Give the server one that is signed by that authority, and pass ca_file"
                .to_owned()
        }
        CertificateError::Revoked => "the server's certificate has been revoked".to_owned(),
        other => format!("the server's certificate cannot be accepted: {other}"),
    }
}

fn date(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| "an unknown date".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;
    use std::sync::Arc;

    use super::TrustedRoots;

    #[test]
    fn certificates_are_read_when_first_needed_and_once() {
        let roots = TrustedRoots::new(true, None);
        assert!(roots.store.get().is_none());
        let first = roots.get().unwrap();
        assert!(Arc::ptr_eq(&first, &roots.get().unwrap()));
    }

    /// Looks at the roots as the environment has them, when this test is started by the one below.
    #[test]
    fn child() {
        if env::var_os("SSL_CERT_FILE").is_some_and(|file| file == "/dev/null") {
            let roots = TrustedRoots::new(true, None).get().unwrap();
            assert_eq!(roots.len(), webpki_roots::TLS_SERVER_ROOTS.len());
            assert!(roots.len() > 50);
        }
    }

    #[test]
    fn the_bundled_roots_are_there_where_the_system_has_none() {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "http::tls::tests::child"])
            .env("SSL_CERT_FILE", "/dev/null")
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{output}");
        assert!(output.contains("1 passed"), "{output}");
    }
}
