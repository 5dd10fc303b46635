"""A small shop on FastAPI that is paid with Netgíró.

One process: each order is followed by a task of its own, and those that were open when the shop
stopped are followed on when it starts.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware

from netgiro import (
    AsyncClient,
    Callback,
    CartState,
    MismatchError,
    NetgiroError,
    OutcomeUnknownError,
)
from netgiro.fastapi import Netgiro, NetgiroClient
from storefront.basket import Basket
from storefront.orders import PAUSE, Order, Orders
from storefront.pages import PRODUCTS, STATIC, TEMPLATES, is_order_id, kronur, new_order_id, problem

log = logging.getLogger("shop")

# The address that Netgíró calls, exactly as it is told: behind a proxy, the one that arrives is another.
CALLBACK_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000") + "/netgiro/callback"

orders = Orders(os.environ.get("DATABASE", "shop.sqlite3"))
netgiro = Netgiro()
following: set[asyncio.Task[None]] = set()


@netgiro.callback("/netgiro/callback", url=CALLBACK_URL, order=orders.of, record=orders.reported)
def settled(state: CartState, callback: Callback) -> None:
    """Called once for each cart, with what CheckCart said after the callback."""
    orders.settled(str(callback.reference), state)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with netgiro.lifespan(app):
        for order in orders.waiting():
            follow(netgiro.client, order)
        yield
        # The carts are left as they are; the next start goes on with them.
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)


app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None)
app.include_router(netgiro.router)
app.mount("/static", StaticFiles(directory=STATIC))
app.add_middleware(
    SessionMiddleware, secret_key=os.environ.get("SECRET_KEY", "only for this demonstration")
)
templates = Jinja2Templates(directory=TEMPLATES)
templates.env.filters["kronur"] = kronur


def current_basket(request: Request) -> Basket:
    return Basket(request.session.get("basket", {}))


def known_order(order_id: str) -> Order:
    order = orders.get(order_id)
    if order is None:
        raise HTTPException(404)
    return order


CurrentBasket = Annotated[Basket, Depends(current_basket)]
KnownOrder = Annotated[Order, Depends(known_order)]
Field = Annotated[str, Form()]


@app.post("/checkout")
async def pay(
    request: Request, client: NetgiroClient, basket: CurrentBasket, order_id: Field, phone: Field
) -> Response:
    if not is_order_id(order_id):
        raise HTTPException(400)
    # A form that is sent twice is one order: the second finds it there, and goes to its page.
    if basket.count and orders.place(order_id, phone, basket):
        try:
            cart = await client.insert_cart(
                amount=basket.amount,
                reference=order_id,
                customer_id=phone,
                items=basket.items,
                callback_url=CALLBACK_URL,
                callback_cancel_url=CALLBACK_URL,
            )
        except OutcomeUnknownError:
            # The customer may have been asked. Not failed, and not to be asked again.
            orders.doubted(order_id)
        except NetgiroError as error:
            log.warning("order %s: %s", order_id, error)
            orders.ended(order_id, "refused")
            return _checkout(request, 422, phone=phone, error=problem(error.code))
        else:
            orders.asked(order_id, cart)
            follow(client, known_order(order_id))
        request.session["basket"] = {}
    return _to(f"/orders/{known_order(order_id).id}/payment")


def follow(client: AsyncClient, order: Order) -> None:
    task = asyncio.create_task(_settle(client, order))
    following.add(task)
    task.add_done_callback(following.discard)


async def _settle(client: AsyncClient, order: Order) -> None:
    """Waits for the customer, cancels when the time is over, and records how it ended."""
    while True:
        try:
            state = await client.settle_cart(order.cart, timeout=order.seconds_left)
            if not state.is_final:
                # Netgíró waits for something that this shop does not do, such as a code from an SMS.
                state = await client.cancel_cart(order.cart)
        except MismatchError:
            orders.ended(order.id, "review")
            return
        except NetgiroError as error:
            # The order stays open until Netgíró has said how it ended.
            log.warning("order %s: %s", order.id, error)
            await asyncio.sleep(PAUSE)
        else:
            orders.settled(order.id, state)
            return


@app.get("/orders/{order_id}/payment")
def payment(request: Request, order: KnownOrder) -> HTMLResponse:
    """The page that waits with the customer."""
    return _page(request, "waiting.html", order=order)


@app.get("/orders/{order_id}/status")
def status(order: KnownOrder) -> dict[str, Any]:
    """What that page asks for, each second."""
    return order.told()


@app.post("/orders/{order_id}/cancel")
async def cancel(client: NetgiroClient, order: KnownOrder) -> Response:
    if order.status == "waiting":
        try:
            # The answer is read: the customer may have accepted a moment before, and then it is paid.
            orders.settled(order.id, await client.cancel_cart(order.cart))
        except MismatchError:
            orders.ended(order.id, "review")
        except NetgiroError as error:
            log.warning("order %s is not canceled: %s", order.id, error)
    return _to(f"/orders/{order.id}/payment")


@app.get("/")
def index(request: Request) -> HTMLResponse:
    return _page(request, "index.html", products=PRODUCTS)


@app.get("/basket")
def basket(request: Request) -> HTMLResponse:
    return _page(request, "basket.html")


@app.post("/basket/add")
def add(request: Request, basket: CurrentBasket, sku: Field) -> Response:
    basket.add(sku)
    return _keep(request, basket)


@app.post("/basket/set")
def put(
    request: Request, basket: CurrentBasket, sku: Field, quantity: Annotated[int, Form()]
) -> Response:
    basket.put(sku, quantity)
    return _keep(request, basket)


@app.get("/checkout")
def checkout(request: Request, basket: CurrentBasket) -> Response:
    return _checkout(request) if basket.count else _to("/basket")


@app.get("/orders/{order_id}")
def order(request: Request, order: KnownOrder) -> HTMLResponse:
    return _page(request, "order.html", order=order)


@app.post("/orders/{order_id}/again")
def again(request: Request, order: KnownOrder) -> Response:
    """Puts the things of an order that came to nothing back into the basket."""
    if order.status not in {"declined", "canceled", "refused"}:
        raise HTTPException(409)
    return _keep(request, Basket({line["sku"]: line["quantity"] for line in order.lines}))


def _keep(request: Request, basket: Basket) -> Response:
    request.session["basket"] = basket.quantities
    return _to("/basket")


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


def _checkout(request: Request, status_code: int = 200, **given: str) -> Response:
    return _page(request, "checkout.html", status_code, order_id=new_order_id(), **given)


def _page(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    context |= {"basket": current_basket(request), "phone_page": os.environ.get("PHONE_PAGE")}
    return templates.TemplateResponse(request, template, context, status_code)
