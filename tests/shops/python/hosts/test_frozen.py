"""Programs frozen by PyInstaller: all that is imported late is there, and so are the templates."""

from __future__ import annotations

import re
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

import netgiro

pytestmark = pytest.mark.skipif(not find_spec("PyInstaller"), reason="PyInstaller is not there")

# Nothing here is imported but netgiro: what it needs besides, the hook must say.
PROGRAM = """
import sys
import netgiro

assert getattr(sys, "frozen", False)

with netgiro.Client.from_env() as client:
    cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8111111")
    state = client.settle_cart(cart, timeout=60)
    assert state.is_paid
    assert state.status == "confirmed" and repr(state.status) == "CartStatus.CONFIRMED", repr(state.status)
    assert "4990" in repr(cart) and "4.990" in state._repr_html_()
    assert type(state.payment.total_amount).__name__ == "Decimal"
    assert type(cart.transaction_id).__name__ == "UUID"
    assert state.checked_at.year > 2000
    results = client.check_many([cart] * 3)
    assert len(results) == 3 and results._repr_html_()
    try:
        results.to_pandas()
    except ImportError as error:
        assert "pandas" in str(error)
    try:
        client.check_cart("no id")
    except netgiro.InvalidRequestError as error:
        print(error)
    else:
        raise SystemExit("not refused")
    client.settlements(**PERIOD) if PERIOD else None

async def check():
    async with netgiro.AsyncClient.from_env() as client:
        return await client.check_cart(cart)

import asyncio
assert asyncio.run(check()).is_paid
guard = netgiro.MemoryReplayGuard()
assert guard.is_first("1", "a" * 64)
from netgiro.webhook import SqliteLedger, Webhook
SqliteLedger("ledger.sqlite3")
assert netgiro.ConfirmationType.MANUAL
with netgiro.Simulator() as simulator:
    assert simulator.client().insert_cart(amount=1, reference="a", customer_id="8223281")
print("all there")
""".replace("    client.settlements(**PERIOD) if PERIOD else None\n", "")

DJANGO = """
import sys
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for tests",
    ROOT_URLCONF="netgiro.django.urls",
    INSTALLED_APPS=["netgiro.django"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}},
    NETGIRO={"CALLBACK_BASE_URL": None},
)
django.setup()
import netgiro.django
from django.core.management import call_command
from pathlib import Path

call_command("migrate", "netgiro", verbosity=0)
call_command("netgiro_poll", once=True)
call_command("netgiro_check", list=True)
folder = Path(netgiro.django.__file__).parent
assert (folder / "templates/admin/netgiro/cart/cancel_confirmation.html").exists()
assert (folder / "static/netgiro/admin.css").exists()
from netgiro.django import checkout
print(checkout.start("order-1", 4990, "8223281").status, "all there")
"""


def test_the_hook_names_what_the_compiled_half_imports():
    """So that a new import cannot be forgotten."""
    from netgiro.__pyinstaller import modules  # noqa: PLC0415

    hook = Path(netgiro.__file__).parent / "__pyinstaller" / "hook-netgiro.py"
    text = hook.read_text(encoding="utf-8")
    sources = Path(__file__).parents[4] / "crates" / "netgiro-python" / "src"
    source = "\n".join(file.read_text(encoding="utf-8") for file in sources.rglob("*.rs"))
    imported = {
        *re.findall(r'\.import\(\s*(?:intern!\(py, )?"([\w.]+)"', source),
        *re.findall(r'\.import\(\s*py,\s*"([\w.]+)"', source),
    }
    assert {"asyncio", "netgiro.presentation.display"} <= imported
    # These are in the interpreter.
    builtin = {name for name in imported if name in sys.builtin_module_names}
    for name in imported - builtin:
        if name.startswith("netgiro."):
            assert name in modules("netgiro")
        else:
            assert f'"{name}"' in text, (
                f"{name} is imported by the compiled half: add it to {hook.name}"
            )


def test_pyinstaller_finds_the_hook():
    found = entry_points(group="pyinstaller40")
    (hooks,) = [point.load()() for point in found if point.module == "netgiro.__pyinstaller"]
    assert {path.name for path in Path(hooks[0]).glob("hook-*.py")} == {
        "hook-netgiro.py",
        "hook-netgiro.django.py",
    }


@pytest.mark.parametrize(("name", "program"), [("plain", PROGRAM), ("django", DJANGO)])
def test_a_frozen_program(start, tmp_path, name, program):
    build = ["-m", "PyInstaller", "--onedir", "--noconfirm", "--log-level=WARN", "--name", name]
    start(*build, "program.py", files={"program.py": program}).ends(within=900)
    executable = tmp_path / "dist" / name / name
    run = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    assert "all there" in start("-c", run, str(executable)).ends()
