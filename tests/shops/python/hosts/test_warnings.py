"""What this package warns of reaches stderr where nobody has configured `logging`; requests and polls stay quiet."""

from __future__ import annotations

import time

import pytest

CALL = """
import os

def call():
    # A request that fails is a warning of netgiro.request, which its caller gets as an exception.
    client = netgiro.Client.from_env()
    try:
        client.check_cart("no cart")
    except netgiro.InvalidRequestError:
        pass
    broken = netgiro.Client(os.environ["NETGIRO_APP_KEY"], "another", base_url=client.base_url)
    try:
        broken.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")
    except netgiro.AuthenticationError:
        pass
    else:
        raise SystemExit("the call did not fail")
"""

PLAIN = f"""
import netgiro
from netgiro.webhook import Order, Refusal, Webhook
{CALL}
webhook = Webhook(order=lambda callback: Order(1, "order-1"))

def refuse(body):
    try:
        webhook.receive(netgiro.Client.from_env(), url="https://shop.example/", headers={{}}, body=body)
    except Refusal as refusal:
        assert refusal.status == 400
"""

FLASK = f"""
import netgiro
from flask import Flask
from netgiro.flask import Netgiro
{CALL}
app = Flask(__name__)
app.debug = {{debug}}
extension = Netgiro(app)

@extension.callback("/callback", url="https://shop.example/callback", order=lambda callback: None)
def settled(state, callback): ...

def refuse(body):
    assert app.test_client().post("/callback", data=body).status_code == 400
"""

FASTAPI = f"""
import netgiro
from fastapi import FastAPI
from fastapi.testclient import TestClient
from netgiro.fastapi import Netgiro
{CALL}
extension = Netgiro()

@extension.callback("/callback", url="https://shop.example/callback", order=lambda callback: None)
def settled(state, callback): ...

app = FastAPI(lifespan=extension.lifespan)
app.include_router(extension.router)

def refuse(body):
    with TestClient(app) as client:
        assert client.post("/callback", content=body).status_code == 400
"""

DJANGO = f"""
import sys
import django, netgiro
from django.conf import settings
{CALL}
settings.configure(
    DEBUG={{debug}},
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="netgiro.django.urls",
    INSTALLED_APPS=["netgiro.django"],
    DATABASES={{{{"default": {{{{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}}}}},
    NETGIRO={{{{"CALLBACK_BASE_URL": "https://shop.example"}}}},
)
django.setup()

from django.test import Client
from django.urls import include, path

urls = type(sys)("urls")
urls.urlpatterns = [path("netgiro/", include("netgiro.django.urls"))]
settings.ROOT_URLCONF = urls

def refuse(body):
    answer = Client().post("/netgiro/callback/", body, content_type="application/json")
    assert answer.status_code == 400
"""

PROGRAMS = {
    "plain": PLAIN,
    "Flask": FLASK.format(debug=False),
    "Flask, debug": FLASK.format(debug=True),
    "FastAPI": FASTAPI,
    "Django": DJANGO.format(debug=False),
    "Django, DEBUG": DJANGO.format(debug=True),
}


@pytest.mark.parametrize("before", [False, True], ids=["first", "after a call"])
@pytest.mark.parametrize("host", PROGRAMS)
def test_a_refused_callback_is_seen(start, host, before):
    script = (
        PROGRAMS[host] + ("call()\n" if before else "") + "refuse(b'{}')\ncall()\nrefuse(b'[]')\n"
    )
    said = start("-c", script).ends()
    assert said.count("the netgiro_nonce header is missing") == 2, said
    assert "CheckCart" not in said
    assert "authentication" not in said


def test_logging_that_is_configured_gets_the_requests_too(start):
    script = "import logging\nlogging.basicConfig()\n" + PLAIN + "call()\n"
    said = start("-c", script).ends()
    assert "WARNING:netgiro.request:CheckCart" in said


JOBS = f"""
import netgiro
from celery import Celery
from netgiro.celery import Netgiro
{CALL}
app = Celery("jobs", broker="filesystem://")
app.conf.broker_transport_options = {{"data_folder_in": "queue", "data_folder_out": "queue"}}
extension = Netgiro(app)

@app.task
def call_first():
    call()
"""


@pytest.mark.parametrize("before", [False, True], ids=["first", "after a call"])
def test_a_cart_that_needs_a_person_is_seen_in_a_celery_worker(start, tmp_path, before):
    pytest.importorskip("celery")
    (tmp_path / "queue").mkdir()
    files = {"jobs.py": JOBS}
    worker = start("-m", "celery", "-A", "jobs", "worker", "-P", "solo", files=files)
    first = "jobs.call_first.delay()\n" if before else ""
    start(
        "-c",
        f"import jobs\n{first}jobs.app.send_task('netgiro.step', ('no token', 'order-1001', 0))",
    ).ends()
    deadline = time.monotonic() + 60
    while "a person should look at it" not in worker.said:
        assert time.monotonic() < deadline, worker.said
        assert worker.process.poll() is None, worker.said
        time.sleep(0.05)
    assert "order-1001" in worker.said
