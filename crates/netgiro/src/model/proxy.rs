//! The proxy that a client was told to use. Without one the environment decides: `HTTPS_PROXY`, `NO_PROXY`.

use std::fmt;

use url::Url;

use crate::error::{Error, Result};

/// A proxy's URL, checked. Its password is in no print-out.
#[derive(Clone)]
pub(crate) struct Proxy {
    url: Url,
}

impl Proxy {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        // What is no URL is not shown, since a password could be anywhere in it.
        let refused = |why: &str| {
            Err(Error::configuration(format!(
                "proxy must be a URL such as http://proxy.example:3128: {why}"
            )))
        };
        let Ok(url) = Url::parse(text.trim()) else {
            return refused("what was given is no absolute URL");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refused("only http and https proxies are supported");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return refused("it has a path, a query or a fragment");
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
