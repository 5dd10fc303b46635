"""What real servers do with the underscores in Netgíró's headers, and what a refusal says about it.

A callback comes by HTTP, signed as Netgíró signs it: it is answered 200 where the server lets its headers through, and
where it does not, the log names the server and what to do.
"""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing
from importlib.util import find_spec

import pytest

import netgiro

URL = "https://shop.example/netgiro/callback/"

COMMON = """
import os, sys, netgiro
from netgiro.webhook import Order

URL = "https://shop.example/netgiro/callback/"
"""

FLASK = f"""{COMMON}
from flask import Flask
from netgiro.flask import Netgiro, RequestHandler

app = Flask(__name__)
extension = Netgiro(app)

@extension.callback("/netgiro/callback/", url=URL, order=lambda callback: Order(4990, "order-1"))
def settled(state, callback): ...

@app.get("/")
def up():
    return "up"

def run(**options):
    app.run(port=int(sys.argv[1]), **options)
"""

# A handler of the shop's own, as README has it.
OWN = f"""{COMMON}
from flask import Flask, request

app = Flask(__name__)
client = netgiro.Client.from_env()

@app.post("/netgiro/callback/")
def callback():
    try:
        client.verify_callback(url=URL, headers=request.headers, body=request.get_data())
    except netgiro.SignatureError as error:
        app.logger.warning("%s", error)
        return "refused", 400
    return ""

@app.get("/")
def up():
    return "up"
"""

FASTAPI = f"""{COMMON}
from fastapi import FastAPI
from netgiro.fastapi import Netgiro

extension = Netgiro()

@extension.callback("/netgiro/callback/", url=URL, order=lambda callback: Order(4990, "order-1"))
async def settled(state, callback): ...

app = FastAPI(lifespan=extension.lifespan)
app.include_router(extension.router)

@app.get("/")
def up():
    return "up"
"""

OWN_ASGI = f"""{COMMON}
from fastapi import FastAPI, Request, Response

app = FastAPI()
client = netgiro.Client.from_env()

@app.post("/netgiro/callback/")
async def callback(request: Request):
    try:
        client.verify_callback(url=URL, headers=request.headers, body=await request.body())
    except netgiro.SignatureError as error:
        print(error, flush=True)
        return Response(status_code=400)

@app.get("/")
def up():
    return "up"
"""
SETTINGS = """
import os

DEBUG = True
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = os.environ.get("URLS", "urls")
INSTALLED_APPS = os.environ.get("APPS", "netgiro.django").split()
STATIC_URL = "static/"
ASGI_APPLICATION = "project.asgi"
WSGI_APPLICATION = "project.wsgi"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "shop.sqlite3",
        "OPTIONS": {"timeout": 20},
    }
}
NETGIRO = {
    "CALLBACK_BASE_URL": None if "URLS" in os.environ else "https://shop.example",
    "CHECK_AFTER_CALLBACK": False,
}
"""
URLS = """
from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [
    path("netgiro/", include("netgiro.django.urls")),
    path("", lambda request: HttpResponse("up")),
]
"""
# A route of the shop's own, which gives what `HEADERS` says.
OWN_URLS = """
import logging
import os

import netgiro
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

client = netgiro.Client.from_env()
HEADERS = {
    "headers": lambda request: request.headers,
    "META": lambda request: request.META,
    "scope": lambda request: request.scope["headers"],
}

@csrf_exempt
def callback(request):
    headers = HEADERS[os.environ["HEADERS"]](request)
    try:
        client.verify_callback(url="https://shop.example/netgiro/callback/", headers=headers, body=request.body)
    except netgiro.SignatureError as error:
        logging.getLogger("shop").warning("%s", error)
        return HttpResponse("refused", status=400)
    return HttpResponse()

urlpatterns = [path("netgiro/callback/", callback), path("", lambda request: HttpResponse("up"))]
"""
PROJECT = """
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

wsgi = get_wsgi_application()
asgi = get_asgi_application()
"""
MANAGE = """
import sys
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""

SHOPS = {
    "flask_shop.py": FLASK,
    "own.py": OWN,
    "fastapi_shop.py": FASTAPI,
    "settings.py": SETTINGS,
    "urls.py": URLS,
    "own_urls.py": OWN_URLS,
    "own_asgi.py": OWN_ASGI,
    "project.py": PROJECT,
    "manage.py": MANAGE,
    "development.py": "import flask_shop\nflask_shop.run()\n",
    "own_development.py": "import sys, own\nown.app.run(port=int(sys.argv[1]))\n",
    "letting.py": "import flask_shop\nflask_shop.run(request_handler=flask_shop.RequestHandler)\n",
    "waiting.py": "import sys, waitress, flask_shop\nwaitress.serve(flask_shop.app, listen=f'127.0.0.1:{sys.argv[1]}')\n",
    "greening.py": (
        "import sys\nfrom gevent.pywsgi import WSGIServer\nimport flask_shop\n"
        "WSGIServer(('127.0.0.1', int(sys.argv[1])), flask_shop.app).serve_forever()\n"
    ),
    "eventing.py": (
        "import sys, eventlet\nfrom eventlet import wsgi\nimport flask_shop\n"
        "wsgi.server(eventlet.listen(('127.0.0.1', int(sys.argv[1]))), flask_shop.app)\n"
    ),
    "plain.py": (
        "import sys\nfrom wsgiref.simple_server import make_server\nimport flask_shop\n"
        "make_server('127.0.0.1', int(sys.argv[1]), flask_shop.app).serve_forever()\n"
    ),
}
GUNICORN = ("-m", "gunicorn", "--no-control-socket", "--bind=127.0.0.1:{port}")
UVICORN = ("-m", "uvicorn", "--port={port}")
HYPERCORN = ("-m", "hypercorn", "--bind=127.0.0.1:{port}")
DAPHNE = ("-m", "daphne", "-p", "{port}")
RUNSERVER = ("manage.py", "runserver", "--noreload", "{port}")
STATIC = "django.contrib.staticfiles"

# What starts each, with which apps of Django's, and whether the callback comes through; else what the log says.
CASES = {
    "gunicorn": ((*GUNICORN, "flask_shop:app"), "", "gunicorn drops"),
    "gunicorn, a route of the shop's own": ((*GUNICORN, "own:app"), "", "gunicorn drops"),
    "gunicorn, dangerous": ((*GUNICORN, "--header-map=dangerous", "flask_shop:app"), "", None),
    "gunicorn, Django": ((*GUNICORN, "project:wsgi"), "", "gunicorn drops"),
    "gunicorn, gevent": ((*GUNICORN, "-k", "gevent", "flask_shop:app"), "", "gunicorn drops"),
    "gunicorn, pywsgi": (
        (*GUNICORN, "-k", "gevent_pywsgi", "flask_shop:app"),
        "",
        "gevent's pywsgi drops",
    ),
    "Werkzeug": (("development.py", "{port}"), "", "Werkzeug's development server drops"),
    "Werkzeug, a route of the shop's own": (
        ("own_development.py", "{port}"),
        "",
        "request_handler=netgiro.flask.RequestHandler",
    ),
    "Werkzeug, netgiro's handler": (("letting.py", "{port}"), "", None),
    "flask run": (
        ("-m", "flask", "--app", "flask_shop", "run", "--port={port}"),
        "",
        "Werkzeug's development server drops",
    ),
    "wsgiref": (("plain.py", "{port}"), "", None),
    "waitress": (("waiting.py", "{port}"), "", "waitress drops"),
    "gevent": (("greening.py", "{port}"), "", "gevent's pywsgi drops"),
    "eventlet": (("eventing.py", "{port}"), "", "eventlet's wsgi drops"),
    "uvicorn, FastAPI": ((*UVICORN, "fastapi_shop:app"), "", None),
    "uvicorn, Django": ((*UVICORN, "project:asgi"), "", None),
    "uvicorn, Django with daphne": (
        (*UVICORN, "project:asgi"),
        f"daphne netgiro.django {STATIC}",
        None,
    ),
    "hypercorn, FastAPI": ((*HYPERCORN, "fastapi_shop:app"), "", None),
    "hypercorn, Django": ((*HYPERCORN, "project:asgi"), "", None),
    "daphne, FastAPI": ((*DAPHNE, "fastapi_shop:app"), "", "daphne drops"),
    "daphne, Django": ((*DAPHNE, "project:asgi"), "", "daphne drops"),
    "runserver": (RUNSERVER, f"netgiro.django {STATIC}", None),
    "runserver alone": (RUNSERVER, "netgiro.django", None),
    "runserver, shadowed": (RUNSERVER, f"{STATIC} netgiro.django", "Django's runserver drops"),
    "runserver of WhiteNoise": (
        RUNSERVER,
        f"netgiro.django whitenoise.runserver_nostatic {STATIC}",
        None,
    ),
    "runserver of WhiteNoise above": (
        RUNSERVER,
        f"whitenoise.runserver_nostatic netgiro.django {STATIC}",
        None,
    ),
    "runserver of daphne": (RUNSERVER, f"netgiro.django daphne {STATIC}", None),
    "runserver of daphne, shadowed": (RUNSERVER, f"daphne netgiro.django {STATIC}", "daphne drops"),
    "runserver of daphne, --noasgi": (
        (*RUNSERVER, "--noasgi"),
        f"netgiro.django daphne {STATIC}",
        None,
    ),
}
NEEDED = (
    "daphne",
    "hypercorn",
    "waitress",
    "gevent",
    "eventlet",
    "whitenoise",
    "uvicorn",
    "gunicorn",
)


def is_django(command):
    return bool({"project:wsgi", "project:asgi", "manage.py"} & set(command))


class Served:
    """A shop under a server."""

    def __init__(self, port, program, simulator):
        self.port = port
        self.program = program
        self.simulator = simulator

    def request(self, method, path, body=None, headers=None):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, headers or {})
            return connection.getresponse().status

    def is_up(self):
        assert self.program.process.poll() is None, self.program.said
        try:
            return self.request("GET", "/") == 200
        except OSError:
            return False

    def callback(self, cart, **more):
        info = {
            "TransactionId": str(cart.transaction_id),
            "ReferenceNumber": "order-1",
            "TotalAmount": 4990,
        }
        body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
        nonce = str(time.time_ns())
        signature = netgiro.sign(self.simulator.secret_key, nonce, URL, body)
        headers = {
            "netgiro_appkey": self.simulator.app_key,
            "netgiro_nonce": nonce,
            "netgiro_signature": signature,
        }
        return self.request("POST", "/netgiro/callback/", body, {**headers, **more})

    def says(self, text):
        deadline = time.monotonic() + 60
        while text not in self.program.said:
            assert time.monotonic() < deadline, self.program.said
            time.sleep(0.02)


@pytest.fixture
def serve(start, simulator):
    def serve(command, apps="", **more):
        missing = [name for name in NEEDED if not find_spec(name)]
        used = " ".join([*command, apps, *(SHOPS.get(name, "") for name in command)])
        for name in missing:
            if name in used:
                pytest.skip(f"{name} is not there")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environ = {**more, **({"APPS": apps} if apps else {})}
        if is_django(command):
            environ["DJANGO_SETTINGS_MODULE"] = "settings"
            start("manage.py", "migrate", "--verbosity=0", files=SHOPS, **environ).ends()
        program = start(*(part.format(port=port) for part in command), files=SHOPS, **environ)
        served = Served(port, program, simulator)
        deadline = time.monotonic() + 60
        while not served.is_up():
            assert time.monotonic() < deadline, program.said
            time.sleep(0.05)
        return served

    return serve


def paid_cart(simulator):
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
    simulator.confirm(cart)
    return cart


@pytest.mark.parametrize("case", CASES)
def test_callbacks_come_through_or_the_server_is_named(serve, simulator, case):
    command, apps, named = CASES[case]
    served = serve(command, apps)
    answered = served.callback(paid_cart(simulator))
    if named:
        assert answered == 400, served.program.said
        served.says(named)
        served.says("underscores_in_headers on;")
    else:
        # Django's shop knows of no such order, but has verified the callback.
        assert answered == (409 if is_django(command) else 200), served.program.said
        # With a hyphen they come through everywhere; both spellings at once are not believed.
        assert served.callback(paid_cart(simulator), **{"Netgiro-Nonce": "1"}) == 400
    assert simulator.secret_key not in served.program.said


@pytest.mark.parametrize(
    "case",
    [
        "uvicorn, FastAPI",
        "uvicorn, Django with daphne",
        "hypercorn, Django",
        "wsgiref",
        "runserver",
    ],
)
def test_a_server_that_passes_them_is_not_blamed(serve, case):
    command, apps, _ = CASES[case]
    served = serve(command, apps)
    assert (
        served.request("POST", "/netgiro/callback/", b"{}", {"X-Forwarded-For": "10.0.0.1"}) == 400
    )
    server = "Django's runserver" if case == "runserver" else case.split(",")[0]
    served.says(f"{server} has passed the headers")
    served.says("The request came through a proxy")


OWN_ROUTES = {
    "Django, gunicorn": ((*GUNICORN, "project:wsgi"), "headers", "gunicorn drops"),
    "Django, gunicorn, META": ((*GUNICORN, "project:wsgi"), "META", "gunicorn drops"),
    "Django, uvicorn": ((*UVICORN, "project:asgi"), "headers", "Django under ASGI drops"),
    "Django, hypercorn, META": ((*HYPERCORN, "project:asgi"), "META", "Django under ASGI drops"),
    "Django, uvicorn, scope": ((*UVICORN, "project:asgi"), "scope", None),
    "Django, daphne, scope": ((*DAPHNE, "project:asgi"), "scope", "daphne drops"),
    "Django, runserver, META": (RUNSERVER, "META", None),
    "FastAPI, daphne": ((*DAPHNE, "own_asgi:app"), "headers", "daphne drops"),
    "FastAPI, uvicorn": ((*UVICORN, "own_asgi:app"), "headers", None),
}


@pytest.mark.parametrize("case", OWN_ROUTES)
def test_a_route_of_the_shops_own_is_told_as_well(serve, simulator, case):
    command, headers, named = OWN_ROUTES[case]
    served = serve(command, "netgiro.django", URLS="own_urls", HEADERS=headers)
    answered = served.callback(paid_cart(simulator))
    assert answered == (400 if named else 200), served.program.said
    if named:
        served.says(named)


# nginx is no package of Python's: it is tried where the machine has it.
NGINX = shutil.which("nginx")
PROXY = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {server}
        location / {{
            proxy_pass http://127.0.0.1:{shop};
            proxy_set_header X-Forwarded-For $remote_addr;
            {location}
        }}
    }}
}}
"""
UNDERSCORES = "underscores_in_headers on;"
RENAMED = (
    "proxy_set_header Netgiro-Nonce $http_netgiro_nonce; "
    "proxy_set_header Netgiro-Signature $http_netgiro_signature;"
)
BEHIND_NGINX = {
    "nginx drops them": ("uvicorn, FastAPI", "", "", f"nginx needs `{UNDERSCORES}`"),
    "nginx lets them through": ("uvicorn, FastAPI", UNDERSCORES, "", None),
    "nginx lets them through to a server that drops them": (
        "waitress",
        UNDERSCORES,
        "",
        "`proxy_set_header Netgiro-Nonce $http_netgiro_nonce;`",
    ),
    "nginx renames them": ("waitress", UNDERSCORES, RENAMED, None),
}


@pytest.fixture
def proxied(tmp_path):
    """Starts nginx before a shop."""
    started = []

    def proxied(served, server, location):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = tmp_path / "nginx.conf"
        settings.write_text(
            PROXY.format(
                folder=tmp_path, port=port, shop=served.port, server=server, location=location
            )
        )
        process = subprocess.Popen(
            [NGINX, "-p", tmp_path, "-c", settings], stderr=subprocess.DEVNULL
        )
        started.append(process)
        before = Served(port, served.program, served.simulator)
        deadline = time.monotonic() + 60
        while not before.is_up():
            assert process.poll() is None, "nginx ended"
            assert time.monotonic() < deadline, served.program.said
            time.sleep(0.05)
        return before

    yield proxied
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.mark.skipif(NGINX is None, reason="there is no nginx")
@pytest.mark.parametrize("case", BEHIND_NGINX)
def test_nginx_does_what_its_remedy_says(serve, proxied, simulator, case):
    shop, server, location, said = BEHIND_NGINX[case]
    command, apps, _ = CASES[shop]
    served = proxied(serve(command, apps), server, location)
    answered = served.callback(paid_cart(simulator))
    assert answered == (400 if said else 200), served.program.said
    if said:
        served.says(said)
