"""An example shop behind a middleware that breaks its callback route, as FAULT says: for gunicorn and uvicorn."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import os
import time

FAULT = os.environ["FAULT"]
PATH = "/netgiro/callback"
PLAIN = {
    "redirect": (308, [("Location", f"{os.environ['PUBLIC_URL']}{PATH}/moved")], b""),
    "csrf": (403, [], b"<p>CSRF verification failed. Request aborted.</p>"),
    "accepts all": (200, [], b""),
}
LONG = 60.0

shop = importlib.import_module(os.environ["SHOP"])
inner = shop.application if hasattr(shop, "application") else shop.app


def is_dropped(name: str) -> bool:
    return name.lower().replace("-", "_") in {"netgiro_signature", "netgiro_nonce"}


def wsgi(environ, start_response):
    if environ["PATH_INFO"].rstrip("/") != PATH:
        return inner(environ, start_response)
    if FAULT in PLAIN:
        status, headers, body = PLAIN[FAULT]
        start_response(f"{status} Broken", [*headers, ("Content-Length", str(len(body)))])
        return [body]
    if FAULT == "slow":
        time.sleep(LONG)
    if FAULT == "drops":
        for name in ["HTTP_NETGIRO_SIGNATURE", "HTTP_NETGIRO_NONCE"]:
            environ.pop(name, None)
    if FAULT == "reserialises":
        body = json.dumps(json.loads(environ["wsgi.input"].read())).encode()
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return inner(environ, start_response)


async def asgi(scope, receive, send):
    if scope["type"] != "http" or scope["path"] != PATH:
        await inner(scope, receive, send)
        return
    if FAULT in PLAIN:
        status, headers, body = PLAIN[FAULT]
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})
        return
    if FAULT == "slow":
        await asyncio.sleep(LONG)
    if FAULT == "drops":
        kept = [pair for pair in scope["headers"] if not is_dropped(pair[0].decode())]
        scope = {**scope, "headers": kept}
    if FAULT == "reserialises":
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        body = json.dumps(json.loads(body)).encode()

        async def receive():
            return {"type": "http.request", "body": body}

    await inner(scope, receive, send)


app = asgi if os.environ["SHOP"] == "shop" and not hasattr(inner, "wsgi_app") else wsgi
