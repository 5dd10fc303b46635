"""Shops on AWS Lambda, by Mangum, which gives headers as lists of two and no tuples: every kind of event."""

from __future__ import annotations

import base64
import json
import time

import pytest

import netgiro

URL = "https://shop.example/netgiro/callback/"
PATH = "/netgiro/callback/"

FASTAPI = """
from fastapi import FastAPI
from netgiro.fastapi import Netgiro
from netgiro.webhook import Order

extension = Netgiro()

@extension.callback("/netgiro/callback/", url=URL, order=lambda callback: Order(4990, "order-1"))
async def settled(state, callback):
    print("settled", state.status, flush=True)

app = FastAPI(lifespan=extension.lifespan)
app.include_router(extension.router)
lifespan = "auto"
"""
STARLETTE = """
from netgiro.fastapi import Netgiro
from netgiro.webhook import Order
from starlette.applications import Starlette

extension = Netgiro()

@extension.callback("/netgiro/callback/", url=URL, order=lambda callback: Order(4990, "order-1"))
def settled(state, callback):
    print("settled", state.status, flush=True)

app = Starlette(routes=[*extension.routes], lifespan=extension.lifespan)
lifespan = "auto"
"""
# As the scope has the headers, and no framework in between.
BARE = """
import netgiro

client = netgiro.Client.from_env()

async def app(scope, receive, send):
    body = (await receive())["body"]
    try:
        client.verify_callback(url=URL, headers=scope["headers"], body=body)
        status = 200
    except netgiro.SignatureError as error:
        print(error, flush=True)
        status = 400
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})

lifespan = "off"
"""
DJANGO = """
import django
from django.conf import settings
from django.urls import include, path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["netgiro.django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}},
    NETGIRO={"CALLBACK_BASE_URL": "https://shop.example", "CHECK_AFTER_CALLBACK": False},
)
django.setup()
urlpatterns = [path("netgiro/", include("netgiro.django.urls"))]

from django.core.asgi import get_asgi_application
from django.core.management import call_command

call_command("migrate", verbosity=0)
app = get_asgi_application()
lifespan = "off"
"""
SHOPS = {"FastAPI": FASTAPI, "Starlette": STARLETTE, "bare": BARE, "Django": DJANGO}

RUN = """
import json, sys
URL = "https://shop.example/netgiro/callback/"
{shop}
from mangum import Mangum

handler = Mangum(app, lifespan=lifespan)
class Context: pass
for event in json.load(open("events.json")):
    print("answered", handler(event, Context())["statusCode"], flush=True)
"""


def http_api(headers, body):
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": PATH,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "http": {
                "method": "POST",
                "path": PATH,
                "sourceIp": "10.0.0.1",
                "protocol": "HTTP/1.1",
            },
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def rest_api(headers, body):
    return {
        "resource": "/{proxy+}",
        "path": PATH,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {
            "identity": {"sourceIp": "10.0.0.1"},
            "httpMethod": "POST",
            "path": PATH,
            "stage": "prod",
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def load_balancer(headers, body):
    return {
        "requestContext": {
            "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/1"}
        },
        "httpMethod": "POST",
        "path": PATH,
        "queryStringParameters": {},
        "headers": headers,
        "body": body.decode(),
        "isBase64Encoded": False,
    }


@pytest.fixture
def callback(simulator):
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
    simulator.confirm(cart)
    info = {
        "TransactionId": str(cart.transaction_id),
        "ReferenceNumber": "order-1",
        "TotalAmount": 4990,
    }
    body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
    nonce = str(time.time_ns())
    return {
        "host": "shop.example",
        "content-type": "application/json; charset=utf-8",
        "x-forwarded-proto": "https",
        "x-forwarded-for": "10.0.0.1",
        "netgiro_appkey": simulator.app_key,
        "netgiro_nonce": nonce,
        "netgiro_signature": netgiro.sign(simulator.secret_key, nonce, URL, body),
    }, body


@pytest.mark.parametrize("event", [http_api, rest_api, load_balancer])
@pytest.mark.parametrize("shop", SHOPS)
def test_callbacks_on_lambda(start, callback, shop, event):
    pytest.importorskip("mangum")
    headers, body = callback
    without = {name: value for name, value in headers.items() if not name.startswith("netgiro")}
    events = [
        event(headers, body),
        event({**headers, "netgiro_signature": "0" * 64}, body),
        event(without, body),
    ]
    files = {"events.json": json.dumps(events), "main.py": RUN.format(shop=SHOPS[shop])}
    said = start("main.py", files=files).ends()
    # Django's shop knows of no such order, but has verified the callback.
    first = 409 if shop == "Django" else 200
    answers = [
        line for line in said.splitlines() if line.startswith("answered ") and line[9:].isdigit()
    ]
    assert answers == [f"answered {first}", "answered 400", "answered 400"], said
    if shop in {"FastAPI", "Starlette"}:
        assert "settled confirmed" in said
    assert "netgiro_nonce header is missing" in said
    if shop != "bare":
        assert "Mangum has passed the headers" in said
