//! Which server or proxy drops the headers of callbacks, and what to do about it.
//!
//! Netgíró's headers have underscores in their names. A WSGI environ cannot tell an underscore from a hyphen, so many
//! servers drop such headers. Whether one did is seen only by what is missing; which one it is, a WSGI environ says.

use crate::protocol::signature::is_called;

/// A member of a WSGI environ, which no HTTP header can be called: servers write those of a request in lowercase, in
/// title case or after `HTTP_`.
const SOFTWARE: &str = "SERVER_SOFTWARE";
/// Django's `runserver` hands its own environment on, with this variable.
const DJANGO: &str = "DJANGO_SETTINGS_MODULE";
/// Members of environs of servers that have no `SERVER_SOFTWARE`, and how `SERVERS` begins for them.
const MARKS: [(&str, &str); 3] = [
    ("uwsgi.version", "uwsgi"),
    ("mod_wsgi.version", "apache"),
    ("eventlet.input", "eventlet"),
];
/// What proxies add to requests.
const FORWARDED: [&str; 4] = ["x_forwarded_for", "x_forwarded_proto", "x_real_ip", "via"];

/// What is added to the software's name by the development servers of this package.
const LETS_THROUGH: &str = "netgiro";

const RENAMED_BY_NGINX: &str = "it has no option for that. Use another server (gunicorn with `--header-map dangerous`, \
    uvicorn, hypercorn, uWSGI), or have nginx in front of it rename them: `underscores_in_headers on;`, \
    `proxy_set_header Netgiro-Nonce $http_netgiro_nonce;`, `proxy_set_header Netgiro-Signature $http_netgiro_signature;`";

/// What helps with any server.
pub(crate) const ANY_SERVER: &str = "let the server and every proxy before the shop pass headers with an underscore in \
    their name: nginx `underscores_in_headers on;`, gunicorn `header_map = \"dangerous\"`";

/// Servers that drop such headers, by how their software's name begins, and what to do.
const DROPPING: [(&str, &str, &str); 12] = [
    (
        "gunicorn",
        "gunicorn",
        "start it with `--header-map dangerous` (in a configuration file `header_map = \"dangerous\"`)",
    ),
    (
        "runserver",
        "Django's runserver",
        "put \"netgiro.django\", whose runserver keeps them, into INSTALLED_APPS above all other apps with a runserver, \
         such as django.contrib.staticfiles and daphne",
    ),
    (
        "werkzeug",
        "Werkzeug's development server",
        "give it a handler that keeps them: `app.run(request_handler=netgiro.flask.RequestHandler)`",
    ),
    (
        "django under asgi",
        "Django under ASGI",
        "`request.headers` and `request.META` are without them: pass `request.scope[\"headers\"]`",
    ),
    ("daphne", "daphne", RENAMED_BY_NGINX),
    ("waitress", "waitress", RENAMED_BY_NGINX),
    ("gevent", "gevent's pywsgi", RENAMED_BY_NGINX),
    ("eventlet", "eventlet's wsgi", RENAMED_BY_NGINX),
    ("cheroot", "Cheroot", RENAMED_BY_NGINX),
    (
        "nginx",
        "nginx",
        "set `underscores_in_headers on;` in its server block",
    ),
    (
        "openresty",
        "OpenResty",
        "set `underscores_in_headers on;` in its server block",
    ),
    (
        "apache",
        "Apache",
        "have it rename them: `SetEnvIfNoCase ^netgiro.nonce$ ^(.*)$ nonce=$1`, `RequestHeader set Netgiro-Nonce \
         %{nonce}e env=nonce`, and the same for netgiro_signature",
    ),
];
/// Servers that pass them.
const PASSING: [(&str, &str); 6] = [
    ("uvicorn", "uvicorn"),
    ("hypercorn", "hypercorn"),
    ("granian", "Granian"),
    ("uwsgi", "uWSGI"),
    ("mangum", "Mangum"),
    ("wsgiserver", "wsgiref"),
];

/// Whether a header, or a member of a WSGI environ, says where a callback was received.
pub(crate) fn tells_of_server(name: &str) -> bool {
    name == SOFTWARE
        || name == DJANGO
        || MARKS.iter().any(|(mark, _)| *mark == name)
        || is_forwarded(name)
}

fn is_forwarded(name: &str) -> bool {
    FORWARDED.iter().any(|known| is_called(name, known))
}

/// A server that drops such headers, by what a response's `Server` header says: its name, and what to do.
pub(crate) fn dropping(server: &str) -> Option<(&'static str, &'static str)> {
    // Django's development server alone runs on the one of the standard library.
    let server = server
        .to_ascii_lowercase()
        .replace("wsgiserver", "runserver");
    DROPPING
        .iter()
        .find(|(mark, ..)| server.contains(mark))
        .map(|&(_, name, remedy)| (name, remedy))
}

/// What to do about signing headers that are missing, at the server that the headers or the environ tell of.
pub(crate) fn advice(headers: &[(String, String)]) -> String {
    let of = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
    let software = of(SOFTWARE)
        .map(|(_, software)| software.to_ascii_lowercase())
        .filter(|software| !software.is_empty());
    let mark = || MARKS.iter().find(|(mark, _)| of(mark).is_some());
    let mut software = software
        .or_else(|| mark().map(|(_, software)| (*software).to_owned()))
        .unwrap_or_default();
    let lets_through = software.contains(LETS_THROUGH);
    if software.starts_with("wsgiserver") && of(DJANGO).is_some() {
        "runserver".clone_into(&mut software);
    }
    let is_it = |start: &str| software.starts_with(start);
    let proxy = if headers.iter().any(|(name, _)| is_forwarded(name)) {
        "The request came through a proxy, which may drop them too"
    } else {
        "A proxy in front of it may drop them too"
    };
    let dropping = DROPPING.iter().find(|(start, ..)| is_it(start));
    match dropping {
        Some((_, name, remedy)) if !lets_through => format!(
            "{name} drops headers with an underscore in their name: {remedy}. {proxy}: nginx needs \
             `underscores_in_headers on;`"
        ),
        _ => {
            let passing = PASSING
                .iter()
                .find(|(start, _)| is_it(start))
                .map(|(_, name)| *name);
            match passing.or(dropping.map(|(_, name, _)| *name)) {
                Some(name) => format!(
                    "{name} has passed the headers that it received, with an underscore in their name or without. \
                     {proxy}: nginx needs `underscores_in_headers on;`. If nothing drops them, the sender is not Netgíró"
                ),
                None => "Proxies and servers drop headers with an underscore in their name: nginx needs \
                         `underscores_in_headers on;`, gunicorn `header_map = \"dangerous\"`"
                    .to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{advice, tells_of_server};

    fn advised(pairs: &[(&str, &str)]) -> String {
        let headers: Vec<_> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert!(headers.iter().all(|(name, _)| tells_of_server(name)));
        advice(&headers)
    }

    #[test]
    fn the_server_is_named_with_its_remedy() {
        for (software, name, remedy) in [
            (
                "gunicorn/27.0.1",
                "gunicorn drops",
                "--header-map dangerous",
            ),
            (
                "Werkzeug/3.1.3",
                "Werkzeug's development server drops",
                "netgiro.flask.RequestHandler",
            ),
            ("daphne", "daphne drops", "Netgiro-Signature"),
            ("waitress", "waitress drops", "Netgiro-Signature"),
            (
                "Django under ASGI",
                "Django under ASGI drops",
                "request.scope",
            ),
            (
                "gevent/26.9 Python/3.11",
                "gevent's pywsgi drops",
                "Netgiro-Signature",
            ),
            ("nginx/1.28.0", "nginx drops", "underscores_in_headers on;"),
            ("Apache/2.4.62 (Debian)", "Apache drops", "SetEnvIfNoCase"),
            (
                "uvicorn",
                "uvicorn has passed",
                "underscores_in_headers on;",
            ),
            (
                "hypercorn",
                "hypercorn has passed",
                "underscores_in_headers on;",
            ),
            (
                "WSGIServer/0.2 CPython/3.14.0",
                "wsgiref has passed",
                "underscores_in_headers on;",
            ),
        ] {
            let said = advised(&[("SERVER_SOFTWARE", software)]);
            assert!(said.starts_with(name), "{said}");
            assert!(said.contains(remedy), "{said}");
        }
    }

    #[test]
    fn servers_without_a_name_are_known_by_their_environ() {
        assert!(advised(&[("uwsgi.version", "2.0.31")]).starts_with("uWSGI has passed"));
        assert!(advised(&[("eventlet.input", "")]).starts_with("eventlet's wsgi drops"));
        let unnamed = [("eventlet.input", ""), ("SERVER_SOFTWARE", "")];
        assert!(advised(&unnamed).starts_with("eventlet's wsgi drops"));
        assert!(advised(&[("mod_wsgi.version", "")]).starts_with("Apache drops"));
        let runserver = [
            ("SERVER_SOFTWARE", "WSGIServer/0.2"),
            ("DJANGO_SETTINGS_MODULE", "shop.settings"),
        ];
        assert!(advised(&runserver).starts_with("Django's runserver drops"));
    }

    #[test]
    fn what_lets_them_through_is_not_blamed() {
        for software in [
            "WSGIServer/0.2 netgiro",
            "Werkzeug/3.1.3 netgiro",
            "daphne netgiro",
        ] {
            let said = advised(&[
                ("SERVER_SOFTWARE", software),
                ("DJANGO_SETTINGS_MODULE", ""),
            ]);
            assert!(said.contains(" has passed "), "{said}");
        }
    }

    #[test]
    fn a_proxy_is_known_by_what_it_adds() {
        for name in [
            "X-Forwarded-For",
            "HTTP_X_FORWARDED_PROTO",
            "x-real-ip",
            "Via",
        ] {
            let said = advised(&[("SERVER_SOFTWARE", "gunicorn"), (name, "10.0.0.1")]);
            assert!(said.contains("came through a proxy"), "{said}");
        }
        assert!(!advised(&[("SERVER_SOFTWARE", "gunicorn")]).contains("came through"));
    }

    #[test]
    fn a_sender_cannot_say_which_server_it_is() {
        for name in [
            "server_software",
            "Server-Software",
            "HTTP_SERVER_SOFTWARE",
            "Server_Software",
        ] {
            assert!(!tells_of_server(name), "{name}");
        }
        assert!(advised(&[]).starts_with("Proxies and servers drop"));
        assert!(advised(&[("SERVER_SOFTWARE", "another")]).starts_with("Proxies and servers drop"));
    }
}
