//! The proxy that a client is given. Without one the environment decides.

use std::fmt;

use url::Url;

use crate::model::error::{Error, Result};

/// A proxy's URL, checked. Its password is in no print-out.
#[derive(Clone)]
pub(crate) struct Proxy {
    url: Url,
}

impl Proxy {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::read(text.trim()).map_err(|why| {
            // A text that is not a URL is not shown, since a password could be anywhere in it.
            Error::bad_option(
                "proxy",
                format!("proxy must be a URL such as http://proxy.example:3128: {why}"),
            )
        })
    }

    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("there is white space or a control character in it");
        }
        let Ok(url) = Url::parse(text) else {
            return Err("what was given is no absolute URL");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https proxies are supported");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("it has a path, a query or a fragment");
        }
        let is_host =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if !url.host_str().is_some_and(|host| host.chars().all(is_host)) {
            return Err("its host is no name of a host");
        }
        Ok(Self { url })
    }

    /// The URL with its credentials.
    pub(crate) fn expose(&self) -> &Url {
        &self.url
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_credentials = !self.url.username().is_empty() || self.url.password().is_some();
        write!(
            f,
            "{}://{}{}",
            self.url.scheme(),
            if has_credentials { "***@" } else { "" },
            self.url.host_str().unwrap_or_default()
        )?;
        match self.url.port() {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Proxy;

    #[test]
    fn credentials_are_in_no_print_out() {
        let proxy = Proxy::parse("http://shop:hunter2@proxy.example:3128").unwrap();
        assert_eq!(format!("{proxy}"), "http://***@proxy.example:3128");
        assert_eq!(format!("{proxy:?}"), "Proxy(http://***@proxy.example:3128)");
        for bad in [
            "shop:hunter2@proxy.example:3128",
            "socks5://shop:hunter2@proxy.example",
            "http://shop:hunter2@proxy.example/path",
            "http://shop:hunter2@",
            "http://shop:hunter2@proxy\n.example",
            "\"http://shop:hunter2@proxy.example\"",
            "",
        ] {
            let error = Proxy::parse(bad).unwrap_err();
            assert!(
                error.message().starts_with("proxy must be a URL"),
                "{error}"
            );
            assert!(!error.message().contains("hunter2"), "{error}");
        }
    }
}
