//! Servers that drop headers with an underscore in their name, and what makes them keep those.

/// A server by its `Server` header: its name, and the remedy.
pub(crate) fn dropping(server: &str) -> Option<(&'static str, &'static str)> {
    let server = server.to_ascii_lowercase();
    SERVERS
        .iter()
        .find(|(mark, ..)| server.contains(mark))
        .map(|&(_, name, remedy)| (name, remedy))
}

/// What helps with any server.
pub(crate) const ANY: &str = "let the server and every proxy before the shop pass headers with an underscore in their \
                              name: nginx `underscores_in_headers on;`, gunicorn `header_map = \"dangerous\"`";

#[rustfmt::skip]
const SERVERS: [(&str, &str, &str); 8] = [
    ("nginx", "nginx", "set `underscores_in_headers on;` in nginx's server block, and also look at the server behind it"),
    ("openresty", "nginx (OpenResty)", "set `underscores_in_headers on;` in its server block"),
    ("gunicorn", "gunicorn", "set `header_map = \"dangerous\"` in gunicorn.conf.py"),
    ("wsgiserver", "Django's runserver", "add netgiro.django to INSTALLED_APPS, before django.contrib.staticfiles: its runserver keeps them; see docs/django.md"),
    ("werkzeug", "Werkzeug, Flask's development server", "run the app with netgiro.flask's request handler, or under gunicorn with `header_map = \"dangerous\"`; see docs/flask.md"),
    ("daphne", "daphne", "run the shop under uvicorn or hypercorn, which keep them; see docs/django.md"),
    ("waitress", "waitress", "run the shop under gunicorn with `header_map = \"dangerous\"`: waitress has no setting for it"),
    ("apache", "Apache", "set `SetEnvIfNoCase ^netgiro.signature$ (.*) HTTP_NETGIRO_SIGNATURE=$1`, and the same for netgiro.nonce"),
];
