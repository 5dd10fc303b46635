//! The proxy that the environment names: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, which hyper-util reads.

use std::env;
use std::ffi::OsString;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::model::error::{Error, Result};
use crate::model::values::proxy::Proxy;

/// Refuses an unreadable variable of the environment that names the proxy for a URL.
///
/// hyper-util ignores such a variable, and would connect without the proxy.
pub(crate) fn check_environment(destination: &Url) -> Result<()> {
    check_variables(destination, env::var_os)
}

/// The proxy that the environment names for a URL, without its password.
pub(crate) fn named(destination: &Url) -> Option<String> {
    let found = Matcher::from_env().intercept(&uri(destination))?;
    let (scheme, authority) = (found.uri().scheme_str()?, found.uri().authority()?);
    let host = authority.as_str().rsplit('@').next()?;
    Some(format!("{scheme}://{host}"))
}

fn check_variables(
    destination: &Url,
    variable: impl Fn(&'static str) -> Option<OsString>,
) -> Result<()> {
    let first = |names: [&'static str; 2]| {
        let mut found = names
            .into_iter()
            .filter_map(|name| Some((name, variable(name)?)));
        found.next()
    };
    let own = match destination.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let mut named = [own, ["ALL_PROXY", "all_proxy"]]
        .into_iter()
        .filter_map(first);
    let Some((name, value)) = named.find(|(_, value)| !value.is_empty()) else {
        return Ok(());
    };
    let excepted = first(["NO_PROXY", "no_proxy"]).and_then(|(_, value)| value.into_string().ok());
    // Within CGI, variables may be a request's headers, and hyper-util reads none of them.
    if variable("REQUEST_METHOD").is_some() || is_excepted(destination, excepted) {
        return Ok(());
    }
    let read = value
        .to_str()
        .ok_or("it is not valid text")
        .and_then(|text| {
            // Without a scheme it is http.
            let url = if text.contains("://") {
                text.to_owned()
            } else {
                format!("http://{text}")
            };
            Proxy::read(&url)?;
            let by_hyper_util = Matcher::builder().all(text.to_owned()).build();
            match by_hyper_util.intercept(&uri(destination)) {
                Some(_) => Ok(()),
                None => Err("what was given is no URL"),
            }
        });
    read.map_err(|why| {
        let expected = "must hold a proxy's URL, such as http://proxy.example:3128";
        Error::bad_option("proxy", format!("the variable {name} {expected}: {why}"))
    })
}

/// Whether `NO_PROXY` excepts a URL's host, as hyper-util reads it.
fn is_excepted(destination: &Url, excepted: Option<String>) -> bool {
    let always = Matcher::builder().all("http://proxy.invalid");
    let matcher = always.no(excepted.unwrap_or_default()).build();
    matcher.intercept(&uri(destination)).is_none()
}

fn uri(url: &Url) -> Uri {
    url.as_str().parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use url::Url;

    use super::check_variables;

    fn checked(variables: &[(&str, &str)]) -> Result<(), String> {
        let destination = Url::parse("https://api.netgiro.is/v1/").unwrap();
        let variable = |name: &'static str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        check_variables(&destination, variable).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_variable_that_cannot_be_read_is_refused_by_name() {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            for value in [
                " http://me:hunter2@proxy.example:3128",
                "http://me:hunter2@proxy.example:3128 ",
                "http://me:hunter2@proxy.example:3128\r",
                "http://me:hunter2@proxy.example:3128\n",
                "http://me:hunter2@proxy.exa\tmple:3128",
                "http://me:hun ter2@proxy.example:3128",
                "\"http://me:hunter2@proxy.example:3128\"",
                "'http://me:hunter2@proxy.example:3128'",
                "'me:hunter2@proxy.example:3128'",
                "http://me:hunter2@proxy.example:port",
                "http://me:hunter2@proxy.example:312800",
                "http://me:hunter2#1@proxy.example:3128",
                "http://me:hunter2/1@proxy.example:3128",
                "socks5://me:hunter2@proxy.example",
                "http://me:hunter2@",
                "http:/me:hunter2@proxy.example",
                "hunter2://proxy.example",
                " ",
            ] {
                let message = checked(&[(name, value)]).unwrap_err();
                assert!(
                    message.contains(&format!("the variable {name} must")),
                    "{message}"
                );
                assert!(
                    !message.contains("hunter2") && !message.contains("proxy.example:3128\r"),
                    "{message}"
                );
            }
        }
    }

    #[test]
    fn what_is_read_or_is_not_looked_at_is_left_alone() {
        let bad = "\"http://proxy.example\"";
        for variables in [
            &[][..],
            &[("HTTPS_PROXY", "http://me:hunter2@proxy.example:3128")],
            &[("HTTPS_PROXY", "http://proxy.example/")],
            &[("https_proxy", "https://proxy.example:3128")],
            &[("HTTPS_PROXY", "proxy.example:3128")],
            &[("HTTPS_PROXY", "me:it%27s@10.0.0.1:3128")],
            &[("HTTPS_PROXY", "http://[::1]:3128")],
            &[("HTTPS_PROXY", "")],
            // For other URLs than the API's.
            &[("HTTP_PROXY", bad), ("http_proxy", bad)],
            &[
                ("HTTPS_PROXY", "http://proxy.example"),
                ("https_proxy", bad),
                ("ALL_PROXY", bad),
            ],
            &[
                ("HTTPS_PROXY", bad),
                ("NO_PROXY", "example.is, .netgiro.is"),
            ],
            &[("ALL_PROXY", bad), ("no_proxy", "*")],
            &[("HTTPS_PROXY", bad), ("REQUEST_METHOD", "POST")],
        ] {
            assert_eq!(checked(variables), Ok(()), "{variables:?}");
        }
        // An empty one leaves it to the next.
        for variables in [
            [("HTTPS_PROXY", ""), ("ALL_PROXY", bad)],
            [("HTTPS_PROXY", bad), ("NO_PROXY", "example.is")],
        ] {
            checked(&variables).unwrap_err();
        }
    }
}
