"""A small shop on Flask that is paid with Netgíró.

Two processes share a database: the site, and `flask --app shop settle`, which follows every open order to
its end. Both can be stopped and started at any time.
"""

from __future__ import annotations

import os
import time
from typing import Any

from flask import Flask, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from netgiro import (
    Callback,
    CartPoll,
    CartState,
    MismatchError,
    NetgiroError,
    OutcomeUnknownError,
    SignatureError,
    WaitTimeoutError,
)
from netgiro.flask import Netgiro
from storefront.basket import Basket
from storefront.orders import Order, Orders
from storefront.pages import PRODUCTS, STATIC, TEMPLATES, is_order_id, kronur, new_order_id, whole

app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=str(STATIC))
app.config.update(
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for this demonstration"),
    SESSION_COOKIE_SAMESITE="Lax",
)
app.add_template_filter(kronur)

# The URL that Netgíró calls, exactly as the shop gives it; behind a proxy the request has another URL.
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000")
CALLBACK_URL = f"{PUBLIC_URL}/netgiro/callback"

orders = Orders(os.environ.get("DATABASE", "shop.sqlite3"))
netgiro = Netgiro(app)


@netgiro.callback(
    "/netgiro/callback", url=CALLBACK_URL, order=orders.find, record=orders.record_callback
)
def settled(state: CartState, callback: Callback) -> None:
    """Called once for each cart, with what CheckCart said after the callback."""
    orders.record_state(str(callback.reference), state)


@app.post("/checkout")
def pay() -> Response | tuple[str, int]:
    order_id, phone, basket = request.form["order_id"], request.form["phone"], _basket()
    if not is_order_id(order_id):
        abort(400)
    # A form that is sent twice is one order: the second request finds the order, and goes to its page.
    if basket.count and orders.place(order_id, basket, phone=phone):
        try:
            cart = netgiro.client.insert_cart(
                amount=basket.amount,
                reference=order_id,
                customer_id=phone,
                callback_url=CALLBACK_URL,
                callback_cancel_url=CALLBACK_URL,
                **basket.options(netgiro.client.api),
            )
        except OutcomeUnknownError:
            # The customer may have been asked, so the order has not failed, and the customer is not asked again.
            orders.mark_unknown(order_id)
        except NetgiroError as error:
            app.logger.warning("order %s: %s", order_id, error)
            orders.end(order_id, "refused")
            return _checkout(phone=phone, error=error.customer_message("en")), 422
        else:
            orders.store_cart(order_id, cart)
        session["basket"] = {}
    return redirect(url_for("payment", order_id=_order(order_id).id), 303)


@app.post("/checkout/hosted")
def pay_at_netgiro() -> Response | tuple[str, int]:
    """Sends the customer to a page of Netgíró's, of V2 alone."""
    order_id, basket = request.form["order_id"], _basket()
    if not is_order_id(order_id):
        abort(400)
    if basket.count and orders.place(order_id, basket, phone=None):
        back = f"{PUBLIC_URL}/orders/{order_id}/return"
        try:
            checkout = netgiro.client.create_checkout(
                amount=basket.amount,
                reference=order_id,
                success_url=back,
                cancel_url=back,
                callback_url=CALLBACK_URL,
            )
        except NetgiroError as error:
            # Also where the outcome is unknown: nobody can pay at a page whose address nobody has.
            app.logger.warning("order %s: %s", order_id, error)
            orders.end(order_id, "refused")
            return _checkout(error=error.customer_message("en")), 422
        orders.store_checkout(order_id, checkout.checkout_url)
        session["basket"] = {}
        return redirect(checkout.checkout_url, 303)
    return redirect(url_for("payment", order_id=_order(order_id).id), 303)


@app.get("/orders/<order_id>/return")
def come_back(order_id: str) -> Response:
    """The customer comes back from Netgíró's page. The URL says how it ended, and is not believed: a check decides."""
    order = _order(order_id)
    try:
        query = request.query_string.decode()
        came = netgiro.client.verify_redirect(query, amount=order.amount, reference=order.reference)
        orders.record_redirect(order, came)
    except (SignatureError, MismatchError) as error:
        app.logger.warning("order %s: %s", order_id, error)
    return redirect(url_for("payment", order_id=order_id), 303)


@app.get("/orders/<order_id>/payment")
def payment(order_id: str) -> str:
    """The page that the customer sees while waiting."""
    return _page("waiting.html", order=_order(order_id))


@app.get("/orders/<order_id>/status")
def status(order_id: str) -> dict[str, Any]:
    """That page asks for this each second."""
    return _order(order_id).status_view()


@app.post("/orders/<order_id>/cancel")
def cancel(order_id: str) -> Response:
    order = _order(order_id)
    if order.status in {"waiting", "canceling"}:
        orders.mark_canceling(order_id)
        try:
            cancel_payment(order)
        except NetgiroError as error:
            app.logger.warning("order %s is not canceled: %s", order_id, error)
    return redirect(url_for("payment", order_id=order_id), 303)


@app.cli.command("settle")
def settle() -> None:
    """Follows every open order to its end: the second process of the shop."""
    while True:
        for order in orders.waiting():
            try:
                if order.status == "hosted":
                    orders.end_left(order)
                else:
                    follow(order)
            except NetgiroError as error:
                # The order stays open until Netgíró has said how it ended.
                app.logger.warning("order %s: %s", order.id, error)
                orders.postpone(order)
        time.sleep(0.5)


def follow(order: Order) -> None:
    """Takes one step of an order's poll; a step that comes too early sends nothing."""
    try:
        poll = netgiro.client.poll_step(CartPoll.from_json(str(order.poll)))
    except MismatchError:
        orders.end(order.id, "review")
    except WaitTimeoutError:
        cancel_payment(order)
    else:
        orders.store_poll(order.id, poll)
        if poll.state and poll.state.is_final:
            orders.record_state(order.id, poll.state)
        elif poll.is_done:
            # Netgíró waits for something that this shop does not do, such as a code from an SMS.
            cancel_payment(order)


def cancel_payment(order: Order) -> None:
    """Cancels, and reads the answer: a customer who was a moment faster has paid."""
    try:
        orders.record_state(order.id, netgiro.client.cancel_cart(order.cart))
    except MismatchError:
        orders.end(order.id, "review")


@app.get("/")
def index() -> str:
    return _page("index.html", products=PRODUCTS)


@app.get("/basket")
def basket() -> str:
    return _page("basket.html")


@app.post("/basket/add")
def add() -> Response:
    basket = _basket()
    basket.add(request.form["sku"])
    return _keep(basket)


@app.post("/basket/set")
def put() -> Response:
    basket = _basket()
    basket.put(request.form["sku"], whole(request.form.get("quantity", "")))
    return _keep(basket)


@app.get("/checkout")
def checkout() -> str | Response:
    return _checkout() if _basket().count else redirect(url_for("basket"))


@app.get("/orders/<order_id>")
def order(order_id: str) -> str:
    return _page("order.html", order=_order(order_id))


@app.post("/orders/<order_id>/again")
def again(order_id: str) -> Response:
    """Puts the things of an order that was not paid back into the basket."""
    order = _order(order_id)
    if not order.is_unpaid:
        abort(409)
    return _keep(Basket({line["sku"]: line["quantity"] for line in order.lines}))


def _basket() -> Basket:
    return Basket(session.get("basket", {}))


def _keep(basket: Basket) -> Response:
    session["basket"] = basket.quantities
    return redirect(url_for("basket"), 303)


def _checkout(**given: str) -> str:
    is_v2 = netgiro.client.api == "v2"
    return _page("checkout.html", order_id=new_order_id(), is_v2=is_v2, **given)


def _order(order_id: str) -> Order:
    return orders.get(order_id) or abort(404)


@app.errorhandler(404)
def missing(_error: object) -> tuple[str, int]:
    return _page("missing.html"), 404


def _page(template: str, **context: Any) -> str:
    return render_template(
        template, basket=_basket(), phone_page=os.environ.get("PHONE_PAGE"), **context
    )
