//! The simulator's own address, and its public one.

use crate::model::error::SimulatorError;
use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use std::net::SocketAddr;
use url::Url;

/// The address on which the simulator listens, and the URL of a tunnel or a proxy.
#[derive(Debug)]
pub(crate) struct Address {
    scheme: &'static str,
    socket: SocketAddr,
    public: Option<PublicUrl>,
}

/// The URL at which others reach the simulator.
#[derive(Debug)]
pub(crate) struct PublicUrl {
    url: Url,
    /// Without the final slash, and without the API's version.
    base: String,
}

impl PublicUrl {
    /// Parses a URL; it may have a path, and may end in the API's `/v1/`.
    pub(crate) fn read(text: &str) -> Result<Self, SimulatorError> {
        let wrong = |why: &str| {
            SimulatorError::InvalidOption(format!(
                "public_url must be a URL such as \"https://abc.tunnel.example\"; got {text:?}: {why}"
            ))
        };
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment"));
        }
        let base = url.as_str().trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base).to_owned();
        Ok(Self { url, base })
    }

    /// The path that a proxy may put before the simulator's own; usually empty.
    fn prefix(&self) -> &str {
        let path = self.url.path().trim_end_matches('/');
        path.strip_suffix("/v1").unwrap_or(path)
    }
}

impl Address {
    pub(crate) fn new(
        socket: SocketAddr,
        public_url: Option<&str>,
        is_tls: bool,
    ) -> Result<Self, SimulatorError> {
        Ok(Self {
            scheme: if is_tls { "https" } else { "http" },
            socket,
            public: public_url.map(PublicUrl::read).transpose()?,
        })
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> SocketAddr {
        self.socket
    }

    /// The host of the public URL, as a certificate names it.
    pub(crate) fn public_host(&self) -> Option<String> {
        let host = self.public.as_ref()?.url.host_str()?;
        Some(host.trim_matches(['[', ']']).to_owned())
    }

    fn local(&self) -> String {
        format!("{}://{}", self.scheme, self.socket)
    }

    fn base(&self) -> String {
        match &self.public {
            Some(public) => public.base.clone(),
            None => self.local(),
        }
    }

    /// The API's base URL for others.
    pub(crate) fn api(&self) -> String {
        format!("{}/v1/", self.base())
    }

    /// The API's base URL on this machine.
    pub(crate) fn local_api(&self) -> String {
        format!("{}/v1/", self.local())
    }

    /// The page's URL for others.
    pub(crate) fn page(&self) -> String {
        format!("{}/", self.base())
    }

    /// A path without the prefix that a proxy may have put before it.
    pub(crate) fn within<'a>(&self, path: &'a str) -> &'a str {
        (self.public.as_ref())
            .map(PublicUrl::prefix)
            .filter(|prefix| !prefix.is_empty())
            .and_then(|prefix| path.strip_prefix(prefix))
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(path)
    }

    /// The URLs that the sender of a request may have signed: the one in the request, path and query unchanged; and
    /// the public one, because a tunnel replaces the host.
    pub(crate) fn signed_urls(
        &self,
        uri: &hyper::Uri,
        headers: &HeaderMap,
        path: &str,
    ) -> Vec<String> {
        let received = if uri.authority().is_some() {
            uri.to_string() // sent as if to a proxy
        } else {
            format!("{}://{}{uri}", self.scheme, text(headers, &HOST))
        };
        let mut urls = vec![received];
        if let Some(public) = &self.public {
            urls.push(format!("{}{path}", public.base));
        }
        urls
    }

    /// Refuses requests from pages of other sites: from another origin, or by DNS rebinding.
    pub(crate) fn check_caller(&self, headers: &HeaderMap) -> Result<(), String> {
        let host = text(headers, &HOST);
        if !names_this_machine(&host) && !self.is_public_host(&host) {
            return Err(format!(
                "the simulator does not accept the host {host:?}: open {}, or start it with the public_url that you use",
                self.page()
            ));
        }
        let origin = text(headers, &ORIGIN);
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        // A proxy that terminates TLS keeps the host, but not the scheme.
        let is_own = authority.is_some_and(|authority| authority.eq_ignore_ascii_case(&host));
        if origin.is_empty() || is_own || self.is_public_origin(&origin) {
            return Ok(());
        }
        Err(format!("pages of {origin} cannot control the simulator"))
    }

    fn is_public_host(&self, host: &str) -> bool {
        self.public.as_ref().is_some_and(|public| {
            self.is_public_origin(&format!("{}://{host}", public.url.scheme()))
        })
    }

    fn is_public_origin(&self, origin: &str) -> bool {
        (self.public.as_ref())
            .zip(Url::parse(origin).ok())
            .is_some_and(|(public, origin)| public.url.origin() == origin.origin())
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}

/// Whether a host, with or without a port, can only be this machine.
fn names_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(public_url: Option<&str>) -> Address {
        Address::new("127.0.0.1:8765".parse().unwrap(), public_url, false).unwrap()
    }

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_public_url_may_have_a_path_and_the_version() {
        for (given, api) in [
            ("https://abc.example", "https://abc.example/v1/"),
            ("https://abc.example/", "https://abc.example/v1/"),
            ("https://ABC.example/v1/", "https://abc.example/v1/"),
            ("https://abc.example/v1", "https://abc.example/v1/"),
            ("http://abc.example:81/net", "http://abc.example:81/net/v1/"),
        ] {
            assert_eq!(address(Some(given)).api(), api);
        }
        assert_eq!(address(None).api(), "http://127.0.0.1:8765/v1/");
        for wrong in [
            "abc.example",
            "ftp://a.is",
            "https://me@a.is",
            "https://a.is/?x",
            "https://a.is/#x",
        ] {
            let message = PublicUrl::read(wrong).unwrap_err().to_string();
            assert!(message.starts_with("public_url must be"), "{message}");
        }
    }

    #[test]
    fn a_proxy_may_leave_its_path_or_not() {
        let address = address(Some("https://abc.example/net/v1/"));
        for path in ["/net/v1/Checkout/CheckCart?a", "/v1/Checkout/CheckCart?a"] {
            assert_eq!(address.within(path), "/v1/Checkout/CheckCart?a");
        }
        assert_eq!(address.within("/nets"), "/nets");
        assert_eq!(address.within("/net/"), "/");
    }

    #[test]
    fn signatures_are_for_the_url_received_or_the_public_one() {
        let uri: hyper::Uri = "/v1/Checkout/CheckCart?a=b".parse().unwrap();
        let urls = |public| {
            address(public).signed_urls(
                &uri,
                &headers("inner:1", None),
                "/v1/Checkout/CheckCart?a=b",
            )
        };
        assert_eq!(urls(None), ["http://inner:1/v1/Checkout/CheckCart?a=b"]);
        assert_eq!(
            urls(Some("https://abc.example/net")),
            [
                "http://inner:1/v1/Checkout/CheckCart?a=b",
                "https://abc.example/net/v1/Checkout/CheckCart?a=b"
            ]
        );
    }

    #[test]
    fn other_sites_stay_out() {
        let local = address(None);
        let public = address(Some("https://abc.example"));
        for (host, origin) in [
            ("127.0.0.1:8765", None),
            ("127.0.0.1:8765", Some("http://127.0.0.1:8765")),
            ("localhost:8765", Some("http://localhost:8765")),
            ("[::1]:8765", Some("http://[::1]:8765")),
            ("localhost", Some("https://localhost")),
        ] {
            assert_eq!(local.check_caller(&headers(host, origin)), Ok(()), "{host}");
            assert_eq!(
                public.check_caller(&headers(host, origin)),
                Ok(()),
                "{host}"
            );
        }
        for (host, origin) in [
            ("127.0.0.1:8765", Some("https://abc.example")),
            ("abc.example", Some("https://abc.example")),
            ("abc.example:443", Some("https://abc.example")),
            ("ABC.example", None),
        ] {
            assert!(
                local.check_caller(&headers(host, origin)).is_err(),
                "{host}"
            );
            assert_eq!(
                public.check_caller(&headers(host, origin)),
                Ok(()),
                "{host}"
            );
        }
        for (host, origin) in [
            ("127.0.0.1:8765", Some("http://evil.example")),
            ("127.0.0.1:8765", Some("http://localhost:8765")),
            ("127.0.0.1:8765", Some("http://127.0.0.1:3000")),
            ("127.0.0.1:8765", Some("null")),
            ("evil.example:8765", Some("http://evil.example:8765")),
            ("127.0.0.1.evil.example:8765", None),
            ("127.0.0.1:8765", Some("http://abc.example")),
            ("", None),
        ] {
            assert!(
                local.check_caller(&headers(host, origin)).is_err(),
                "{host} {origin:?}"
            );
            assert!(
                public.check_caller(&headers(host, origin)).is_err(),
                "{host} {origin:?}"
            );
        }
    }
}
