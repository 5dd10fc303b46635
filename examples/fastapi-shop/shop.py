"""A small shop on FastAPI that is paid with Netgíró.

One process: a task follows each order. When the shop starts, it continues with the orders that were open
when it stopped.
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
    SignatureError,
)
from netgiro.fastapi import Netgiro, NetgiroClient
from storefront.basket import Basket
from storefront.orders import RETRY_DELAY, Order, Orders
from storefront.pages import PRODUCTS, STATIC, TEMPLATES, is_order_id, kronur, new_order_id, whole

log = logging.getLogger("shop")

# The URL that Netgíró calls, exactly as the shop gives it; behind a proxy the request has another URL.
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000")
CALLBACK_URL = f"{PUBLIC_URL}/netgiro/callback"

orders = Orders(os.environ.get("DATABASE", "shop.sqlite3"))
netgiro = Netgiro()
settling_tasks: set[asyncio.Task[None]] = set()


@netgiro.callback(
    "/netgiro/callback", url=CALLBACK_URL, order=orders.find, record=orders.record_callback
)
def settled(state: CartState, callback: Callback) -> None:
    """Called once for each cart, with what CheckCart said after the callback."""
    orders.record_state(str(callback.reference), state)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with netgiro.lifespan(app):
        for order in orders.waiting():
            follow(netgiro.client, order)
        yield
        # The carts stay as they are; the next start continues with them.
        for task in settling_tasks:
            task.cancel()
        await asyncio.gather(*settling_tasks, return_exceptions=True)


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
    # A form that is sent twice is one order: the second request finds the order, and goes to its page.
    if basket.count and orders.place(order_id, basket, phone=phone):
        try:
            cart = await client.insert_cart(
                amount=basket.amount,
                reference=order_id,
                customer_id=phone,
                callback_url=CALLBACK_URL,
                callback_cancel_url=CALLBACK_URL,
                **basket.options(client.api),
            )
        except OutcomeUnknownError:
            # The customer may have been asked, so the order has not failed, and the customer is not asked again.
            orders.mark_unknown(order_id)
        except NetgiroError as error:
            log.warning("order %s: %s", order_id, error)
            orders.end(order_id, "refused")
            return _checkout(request, 422, phone=phone, error=error.customer_message("en"))
        else:
            orders.store_cart(order_id, cart)
            follow(client, known_order(order_id))
        request.session["basket"] = {}
    return _to(f"/orders/{known_order(order_id).id}/payment")


@app.post("/checkout/hosted")
async def pay_at_netgiro(
    request: Request, client: NetgiroClient, basket: CurrentBasket, order_id: Field
) -> Response:
    """Sends the customer to a page of Netgíró's, of V2 alone."""
    if not is_order_id(order_id):
        raise HTTPException(400)
    if basket.count and orders.place(order_id, basket, phone=None):
        back = f"{PUBLIC_URL}/orders/{order_id}/return"
        try:
            checkout = await client.create_checkout(
                amount=basket.amount,
                reference=order_id,
                success_url=back,
                cancel_url=back,
                callback_url=CALLBACK_URL,
            )
        except NetgiroError as error:
            # Also where the outcome is unknown: nobody can pay at a page whose address nobody has.
            log.warning("order %s: %s", order_id, error)
            orders.end(order_id, "refused")
            return _checkout(request, 422, error=error.customer_message("en"))
        orders.store_checkout(order_id, checkout.checkout_url)
        follow(client, known_order(order_id))
        request.session["basket"] = {}
        return _to(checkout.checkout_url)
    return _to(f"/orders/{known_order(order_id).id}/payment")


@app.get("/orders/{order_id}/return")
def come_back(request: Request, client: NetgiroClient, order: KnownOrder) -> Response:
    """The customer comes back from Netgíró's page. The URL says how it ended, and is not believed: a check decides."""
    try:
        came = client.verify_redirect(
            request.url.query, amount=order.amount, reference=order.reference
        )
        orders.record_redirect(order, came)
    except (SignatureError, MismatchError) as error:
        log.warning("order %s: %s", order.id, error)
    return _to(f"/orders/{order.id}/payment")


def follow(client: AsyncClient, order: Order) -> None:
    task = asyncio.create_task(_settle(client, order))
    settling_tasks.add(task)
    task.add_done_callback(settling_tasks.discard)


async def _settle(client: AsyncClient, order: Order) -> None:
    """Waits for the customer, cancels when the time is over, and records how the order ended."""
    while order.status == "hosted":
        if orders.end_left(order):
            return
        await asyncio.sleep(1)
        order = known_order(order.id)
    while order.is_open:
        try:
            state = await client.settle_cart(order.cart, timeout=order.seconds_left)
            if not state.is_final:
                # Netgíró waits for something that this shop does not do, such as a code from an SMS.
                state = await client.cancel_cart(order.cart)
        except MismatchError:
            orders.end(order.id, "review")
            return
        except NetgiroError as error:
            # The order stays open until Netgíró has said how it ended.
            log.warning("order %s: %s", order.id, error)
            await asyncio.sleep(RETRY_DELAY)
        else:
            orders.record_state(order.id, state)
            return


@app.get("/orders/{order_id}/payment")
def payment(request: Request, order: KnownOrder) -> HTMLResponse:
    """The page that the customer sees while waiting."""
    return _page(request, "waiting.html", order=order)


@app.get("/orders/{order_id}/status")
def status(order: KnownOrder) -> dict[str, Any]:
    """That page asks for this each second."""
    return order.status_view()


@app.post("/orders/{order_id}/cancel")
async def cancel(client: NetgiroClient, order: KnownOrder) -> Response:
    if order.status in {"waiting", "canceling"}:
        orders.mark_canceling(order.id)
        try:
            # The answer is read: a customer who accepted a moment before has paid.
            orders.record_state(order.id, await client.cancel_cart(order.cart))
        except MismatchError:
            orders.end(order.id, "review")
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
    request: Request, basket: CurrentBasket, sku: Field, quantity: Annotated[str, Form()] = ""
) -> Response:
    basket.put(sku, whole(quantity))
    return _keep(request, basket)


@app.get("/checkout")
def checkout(request: Request, basket: CurrentBasket) -> Response:
    return _checkout(request) if basket.count else _to("/basket")


@app.get("/orders/{order_id}")
def order(request: Request, order: KnownOrder) -> HTMLResponse:
    return _page(request, "order.html", order=order)


@app.post("/orders/{order_id}/again")
def again(request: Request, order: KnownOrder) -> Response:
    """Puts the things of an order that was not paid back into the basket."""
    if not order.is_unpaid:
        raise HTTPException(409)
    return _keep(request, Basket({line["sku"]: line["quantity"] for line in order.lines}))


def _keep(request: Request, basket: Basket) -> Response:
    request.session["basket"] = basket.quantities
    return _to("/basket")


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


def _checkout(request: Request, status_code: int = 200, **given: Any) -> Response:
    given["is_v2"] = netgiro.client.api == "v2"
    return _page(request, "checkout.html", status_code, order_id=new_order_id(), **given)


@app.exception_handler(404)
def missing(request: Request, _error: Exception) -> Response:
    return _page(request, "missing.html", 404)


def _page(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    context |= {"basket": current_basket(request), "phone_page": os.environ.get("PHONE_PAGE")}
    return templates.TemplateResponse(request, template, context, status_code)
