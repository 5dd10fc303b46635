"""A page's shop, started as the page says, and a customer of it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple, TypeVar

from page import Page

from netgiro import Simulator

PATIENCE = 60.0
# After so long a program hangs.
LONGEST = 600.0
_Answer = TypeVar("_Answer")


def until(what: str, ask: Callable[[], _Answer]) -> _Answer:
    """Asks until there is an answer."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.1)
    return answer


class Answer(NamedTuple):
    status: int
    url: str
    text: str


class Customer:
    """A browser without scripts: it keeps cookies, fills in forms, and follows redirects."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(self._cookies)

    def get(self, path: str = "/", form: dict[str, str] | None = None) -> Answer:
        data = None if form is None else urllib.parse.urlencode(form).encode()
        url = urllib.parse.urljoin(self.url, path)
        try:
            with self._opener.open(url, data, timeout=PATIENCE) as response:
                return Answer(response.status, response.url, response.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, url, error.read().decode())

    def pays(self, phone: str) -> Answer:
        """From the form to the page that waits."""
        form = self.get().text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        (action,) = re.findall(r'action="([^"]*)"', form)
        return self.get(action, {**fields, "phone": phone})

    def reads(self, url: str, words: str) -> None:
        until(f"{url} says {words!r}", lambda: words in self.get(url).text)


def reserved(owner: object) -> tuple[str, int]:
    """An address that nobody else is given as long as its owner is there; a server may listen on it, as often as it starts."""
    holder = socket.socket()
    # Bound, and not listening: Linux lets a server that sets the same option listen on it.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    host, port = holder.getsockname()
    if sys.platform == "linux":
        weakref.finalize(owner, os.close, holder.detach())
    holder.close()
    return host, port


class Shop:
    """A page's project in a folder, and its process."""

    def __init__(self, page: Page, folder: Path, simulator: Simulator) -> None:
        self.simulator = simulator
        self.folder = folder
        self._address = reserved(self)
        port = str(self._address[1])
        self.url = f"http://127.0.0.1:{port}"
        self.customer = Customer(self.url)
        # As `netgiro simulator --export` prints them.
        keys = {
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_ENVIRONMENT": "test",
            "NETGIRO_BASE_URL": simulator.url,
        }
        if "--env-file=.env" in page.starts:
            lines = [f"{name}={value}\n" for name, value in keys.items()]
            (folder / ".env").write_text("".join(lines))
            keys = {}
        self.environment = {
            **os.environ,
            **keys,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            # The page's servers listen on a port of their own, and the callbacks go there.
            "PORT": port,
            "UVICORN_PORT": port,
            "SHOP_URL": self.url,
            "PYTHONUNBUFFERED": "1",
        }
        self._page = page

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        log = self.folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["sh", "-ec", self._page.starts],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

            def answers() -> bool:
                assert process.poll() is None, f"the server ended\n{self.said}"
                with contextlib.suppress(OSError):
                    return self.customer.get().status == 200
                return False

            try:
                until("the server answers", answers)
                yield
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.said}") from error
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(PATIENCE)
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                # Its processes may end after the shell, and the next start must not hear of them.
                until("the server is gone", self._is_refused)

    def _is_refused(self) -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(self._address) != 0

    def runs(self, command: str) -> None:
        subprocess.run(
            ["sh", "-ec", command],
            cwd=self.folder,
            env=self.environment,
            check=True,
            timeout=LONGEST,
        )

    @property
    def said(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")


def sells(shop: Shop) -> None:
    """What a page's shop must be able to do."""
    is_refused(shop)
    is_paid(shop)
    is_paid_after_an_unknown_outcome(shop)
    is_declined(shop)
    assert not re.search(r"822.?3281", shop.said), "a customer's number is in the log"


def is_refused(shop: Shop) -> None:
    """What a customer reads is for customers."""
    answer = shop.customer.pays("12")
    assert answer.status == 422
    (message,) = re.findall(r'<p role="alert">(.*?)</p>', answer.text, re.DOTALL)
    assert message.strip()
    assert not re.search(
        r"customer_?id|argument|kennitala or|None|undefined|null", message, re.IGNORECASE
    )
    assert shop.simulator.carts() == []


def is_paid(shop: Shop) -> None:
    page = shop.customer.pays("822-3281")
    assert (page.status, "Look at your phone" in page.text) == (200, True), page
    cart = shop.simulator.carts()[-1]
    assert cart.amount == 4990
    assert cart.reference is not None
    shop.simulator.confirm(cart.transaction_id)
    shop.customer.reads(page.url, "Paid. Thank you!")
    # Netgíró repeats what is not answered in time, on a busy machine as well.
    statuses = until("a callback's answer", lambda: answered(shop.simulator))
    assert statuses == {200}
    assert shop.simulator.cart(cart.transaction_id).is_paid


def answered(simulator: Simulator) -> set[int]:
    """What callbacks were answered; one that was not answered has no status."""
    return {each.status for each in simulator.callbacks() if each.status is not None}


def is_paid_after_an_unknown_outcome(shop: Shop) -> None:
    """The customer is not asked twice, and the order goes on to its end."""
    before = len(shop.simulator.carts())
    shop.simulator.add_fault("InsertCart", drop="after")
    page = shop.customer.pays("822-3281")
    assert (page.status, "We do not know yet" in page.text) == (200, True), page
    (cart,) = shop.simulator.carts()[before:]
    shop.simulator.confirm(cart.transaction_id)
    shop.customer.reads(page.url, "Paid. Thank you!")


def is_declined(shop: Shop) -> None:
    page = shop.customer.pays("822-3281")
    shop.simulator.decline(shop.simulator.carts()[-1].transaction_id)
    shop.customer.reads(page.url, "You declined the payment")
    shop.customer.reads(page.url, "Nothing was charged")


def times_out(shop: Shop, *, before: Callable[[], object] = lambda: None) -> None:
    page = shop.customer.pays("822-3281")
    assert "Look at your phone" in page.text
    shop.simulator.advance(200)
    before()
    shop.customer.reads(page.url, "The time ran out")
