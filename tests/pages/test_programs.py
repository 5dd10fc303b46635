"""Pages whose code is a program rather than a shop: run from the top to the bottom, against a simulator."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from page import Page
from shop import LONGEST

from netgiro import Simulator


def environment_of(simulator: Simulator) -> dict[str, str]:
    redis = os.environ.get("NETGIRO_TEST_REDIS", "")
    return {
        **os.environ,
        "NETGIRO_APP_KEY": simulator.app_key,
        "NETGIRO_SECRET_KEY": simulator.secret_key,
        "NETGIRO_BASE_URL": simulator.url,
        "BROKER_URL": redis,
        "REDIS_URL": redis,
    }


def run(command: list[str], folder: Path, simulator: Simulator) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment_of(simulator),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def program(path: str, language: str) -> str:
    return "".join(block.text for block in Page(path).of(language) if block.file is None)


def test_carts_in_python(tmp_path: Path, simulator: Simulator) -> None:
    blocks = Page("docs/payments/carts.md").of("python")
    manual, items = (block.text for block in blocks if block.file is None)
    assert run([sys.executable, "-c", manual], tmp_path, simulator) == "True\n"
    said = run([sys.executable, "-c", items], tmp_path, simulator)
    assert "total_amount=Decimal('30390')" in said
    assert "register_id='2'" in said


def test_carts_in_node(node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(program("docs/payments/carts.md", "js"), encoding="utf-8")
    said = run(["node", "page.mjs"], node_folder, simulator)
    assert "registerId: '2'" in said


@pytest.mark.parametrize("lookup", ["carts", "payments", "off"])
def test_an_unknown_insert(tmp_path: Path, node_folder: Path, lookup: str) -> None:
    page = Page("docs/payments/carts.md")
    for block in [*page.of("python"), *page.of("js")]:
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
    (node_folder / "unknown.mjs").write_bytes((tmp_path / "unknown.mjs").read_bytes())
    with Simulator(reference_lookup=lookup) as simulator:
        for command, folder in [
            ([sys.executable, "unknown.py"], tmp_path),
            (["node", "unknown.mjs"], node_folder),
        ]:
            assert run(command, folder, simulator) == "confirmed\n"
            simulator.add_fault("InsertCart", drop="after")
            said = run(command, folder, simulator)
            assert ("a person must look into" in said) is (lookup == "off")
            assert ("confirmed" in said) is (lookup != "off")


def test_bulk_checks_in_python(tmp_path: Path, simulator: Simulator) -> None:
    (tmp_path / "page.py").write_text(program("docs/bulk.md", "python"), encoding="utf-8")
    for _ in range(2):
        run([sys.executable, "page.py"], tmp_path, simulator)
    assert (tmp_path / "november.jsonl").exists()


def test_bulk_checks_in_node(node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(program("docs/bulk.md", "js"), encoding="utf-8")
    for _ in range(2):
        run(["node", "page.mjs"], node_folder, simulator)
    assert [request.endpoint for request in simulator.requests()] == ["CheckCart", "CheckCart"]


def test_refunds_in_python(tmp_path: Path, simulator: Simulator) -> None:
    said = run(
        [sys.executable, "-c", program("docs/payments/refunds.md", "python")], tmp_path, simulator
    )
    made, first, second, transaction, again, refunded = said.splitlines()
    assert made == "1000 kr. are refunded"
    assert (first, second) == ("made", "made")
    assert transaction == "paid 4990 True"
    assert again == "again with order-1002-line-1"
    assert refunded == "1000"
    (cart,) = simulator.carts()
    assert [refund.amount for refund in cart.refunds] == [1000, 2990]


def test_refunds_in_node(node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(
        program("docs/payments/refunds.md", "js"), encoding="utf-8"
    )
    said = run(["node", "page.mjs"], node_folder, simulator).splitlines()
    assert said == ["1000 kr. are refunded", "made", "made", "paid 4990 true"]
    (cart,) = simulator.carts()
    assert [refund.amount for refund in cart.refunds] == [1000, 2990]


def test_hosted_checkouts_in_python(tmp_path: Path, simulator: Simulator) -> None:
    code = program("docs/payments/hosted-checkout.md", "python")
    page, *after = run([sys.executable, "-c", code], tmp_path, simulator).splitlines()
    assert_paid_on_its_page(simulator, page, after)


def test_hosted_checkouts_in_node(node_folder: Path, simulator: Simulator) -> None:
    code = program("docs/payments/hosted-checkout.md", "js")
    (node_folder / "page.mjs").write_text(code, encoding="utf-8")
    page, *after = run(["node", "page.mjs"], node_folder, simulator).splitlines()
    assert_paid_on_its_page(simulator, page, after)


def assert_paid_on_its_page(simulator: Simulator, page: str, after: list[str]) -> None:
    (cart,) = simulator.carts()
    assert page.startswith("send the browser to http://127.0.0.1:")
    assert page.endswith(str(cart.transaction_id))
    assert after == ["deliver order-1001", "The payment went through. Thank you!"]
    assert (cart.reference, cart.is_paid) == ("order-1001", True)


# Somebody presses the button, and presses it again: no such line, three answers lost, refunded, and too much.
PRESSED = ["404", "503", "200", "200", "409"]
FLASK_STAFF = """
from flask_back_office import app, lines

press = app.test_client().post
"""
FASTAPI_STAFF = """
from fastapi.testclient import TestClient
from fastapi_back_office import app, lines

client = TestClient(app)
client.__enter__()
press = client.post
"""
PRESSES = """
import sys

import refunds

lines["order-1-line-1"] = (sys.argv[1], 1000)
lines["order-1-line-2"] = (sys.argv[1], 4000)
for line in ("order-1-line-3", "order-1-line-1"):
    print(press(f"/lines/{line}/refund").status_code)
assert [refund.key for refund in refunds.open_refunds()] == ["order-1-line-1"]
for line in ("order-1-line-1", "order-1-line-1", "order-1-line-2"):
    print(press(f"/lines/{line}/refund").status_code)
assert refunds.open_refunds() == []
"""
EXPRESS_STAFF = """
import { app, lines } from './express-back-office.mjs'

const server = app.listen(0)
const press = async (line) =>
  (await fetch(`http://127.0.0.1:${server.address().port}/lines/${line}/refund`, { method: 'POST' })).status
"""
FASTIFY_STAFF = """
import { app, lines } from './fastify-back-office.mjs'

const press = async (line) => (await app.inject({ method: 'POST', url: `/lines/${line}/refund` })).statusCode
"""
NODE_PRESSES = """
import assert from 'node:assert'
import * as refunds from './refunds.mjs'

lines.set('order-1-line-1', { transactionId: process.argv[2], amount: 1000 })
lines.set('order-1-line-2', { transactionId: process.argv[2], amount: 4000 })
for (const line of ['order-1-line-3', 'order-1-line-1']) console.log(await press(line))
assert.deepEqual(refunds.open().map(({ key }) => key), ['order-1-line-1'])
// Another process takes it up.
const others = await import('./refunds.mjs?again')
assert.deepEqual(others.open(), refunds.open())
for (const line of ['order-1-line-1', 'order-1-line-1', 'order-1-line-2']) console.log(await press(line))
assert.deepEqual(refunds.open(), [])
process.exit()
"""


def paid_cart(simulator: Simulator) -> str:
    """The id of a cart of 4990 kr. whose first refund gets no answer, although it is made."""
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8111111")
        assert client.check_cart(cart).is_paid
    simulator.add_fault("Refund", drop="after", count=3)
    return str(cart.transaction_id)


def refunded(simulator: Simulator) -> list[int]:
    (cart,) = simulator.carts()
    return [refund.amount for refund in cart.refunds]


@pytest.mark.parametrize("staff", [FLASK_STAFF, FASTAPI_STAFF], ids=["flask", "fastapi"])
def test_refunds_of_a_back_office(tmp_path: Path, simulator: Simulator, staff: str) -> None:
    Page("docs/payments/refunds.md").write(tmp_path)
    (tmp_path / "staff.py").write_text(staff + PRESSES, encoding="utf-8")
    command = [sys.executable, "staff.py", paid_cart(simulator)]
    assert run(command, tmp_path, simulator).split() == PRESSED
    assert refunded(simulator) == [1000]


@pytest.mark.parametrize("staff", [EXPRESS_STAFF, FASTIFY_STAFF], ids=["express", "fastify"])
def test_refunds_of_a_back_office_in_node(
    node_folder: Path, simulator: Simulator, staff: str
) -> None:
    Page("docs/payments/refunds.md").write(node_folder)
    (node_folder / "staff.mjs").write_text(staff + NODE_PRESSES, encoding="utf-8")
    command = ["node", "staff.mjs", paid_cart(simulator)]
    assert run(command, node_folder, simulator).split() == PRESSED
    assert refunded(simulator) == [1000]


# The answers of the first call are lost; a refusal of the second says nothing about it.
IN_DOUBT = """
import sys

import refunds

lines["order-1-line-1"] = (sys.argv[1], 1000)
for _ in range(2):
    print(press("/lines/order-1-line-1/refund").status_code)
print(refunds.run("SELECT * FROM refunds")[0].status)
"""
NODE_IN_DOUBT = """
import * as refunds from './refunds.mjs'

lines.set('order-1-line-1', { transactionId: process.argv[2], amount: 1000 })
for (let press_ = 0; press_ < 2; press_++) console.log(await press('order-1-line-1'))
console.log(refunds.ask('order-1-line-1', process.argv[2], 1000).status)
process.exit()
"""
NO = '{"Success": false, "Message": "Not today"}'


@pytest.mark.parametrize("staff", [FLASK_STAFF, FASTAPI_STAFF], ids=["flask", "fastapi"])
def test_a_refusal_after_a_lost_answer_is_for_a_person(
    tmp_path: Path, simulator: Simulator, staff: str
) -> None:
    Page("docs/payments/refunds.md").write(tmp_path)
    (tmp_path / "staff.py").write_text(staff + IN_DOUBT, encoding="utf-8")
    command = [sys.executable, "staff.py", paid_cart(simulator)]
    simulator.add_fault("Refund", body=NO, processed=False)
    assert run(command, tmp_path, simulator).split() == ["503", "409", "review"]


@pytest.mark.parametrize("staff", [EXPRESS_STAFF, FASTIFY_STAFF], ids=["express", "fastify"])
def test_a_refusal_after_a_lost_answer_is_for_a_person_in_node(
    node_folder: Path, simulator: Simulator, staff: str
) -> None:
    Page("docs/payments/refunds.md").write(node_folder)
    (node_folder / "staff.mjs").write_text(staff + NODE_IN_DOUBT, encoding="utf-8")
    command = ["node", "staff.mjs", paid_cart(simulator)]
    simulator.add_fault("Refund", body=NO, processed=False)
    assert run(command, node_folder, simulator).split() == ["503", "409", "review"]


# What a shop does beside its workers: it asks, and waits until every outcome is known.
CELERY_STAFF = """
import sys
import time

import refunds
from refund_tasks import make, make_open_refunds

refunds.ask("order-1-line-1", sys.argv[1], 1000)
make.delay("order-1-line-1")
while refunds.run("SELECT * FROM refunds")[0].status == "asked":
    time.sleep(0.1)
refunds.ask("order-1-line-2", sys.argv[1], 4000)
while refunds.open_refunds():
    make_open_refunds.delay()  # as the beat does
    time.sleep(0.5)
for refund in refunds.run("SELECT * FROM refunds ORDER BY key"):
    print(refund.status)
"""
BULLMQ_STAFF = """
import { QueueEvents } from 'bullmq'
import { addRefund, connection, queue } from './refund-queue.mjs'

const events = new QueueEvents('refunds', { connection })
const [transactionId] = process.argv.slice(2)
const keys = [`${transactionId}-line-1`, `${transactionId}-line-2`]
await addRefund(keys[0], transactionId, 1000)
await addRefund(keys[0], transactionId, 1000) // pressed twice
const [first] = await queue.getJobs()
await first.waitUntilFinished(events)
await addRefund(keys[1], transactionId, 4000)
const second = await queue.getJob(keys[1])
const refused = await second.waitUntilFinished(events).catch((error) => error.message)
console.log([await first.getState(), await second.getState(), refused.slice(0, 7)].join('\\n'))
process.exit()
"""
needs_redis = pytest.mark.skipif("NETGIRO_TEST_REDIS" not in os.environ, reason="there is no Redis")


@contextmanager
def working(command: list[str], folder: Path, simulator: Simulator) -> Iterator[None]:
    """A worker, while a block runs; it is killed at the end, as a worker may be."""
    with (folder / "log").open("wb") as log:
        worker = subprocess.Popen(
            command, cwd=folder, env=environment_of(simulator), stdout=log, stderr=log
        )
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


@needs_redis
def test_refunds_in_celery(tmp_path: Path, simulator: Simulator) -> None:
    Page("docs/payments/refunds.md").write(tmp_path)
    (tmp_path / "staff.py").write_text(CELERY_STAFF, encoding="utf-8")
    transaction_id = paid_cart(simulator)
    worker = [sys.executable, "-m", "celery", "-A", "refund_tasks", "worker", "--pool", "solo"]
    with working(worker, tmp_path, simulator):
        said = run([sys.executable, "staff.py", transaction_id], tmp_path, simulator)
    assert said.split() == ["made", "refused"]
    assert refunded(simulator) == [1000]


@needs_redis
def test_refunds_in_bullmq(node_folder: Path, simulator: Simulator) -> None:
    Page("docs/payments/refunds.md").write(node_folder)
    (node_folder / "staff.mjs").write_text(BULLMQ_STAFF, encoding="utf-8")
    transaction_id = paid_cart(simulator)
    with working(["node", "refund-worker.mjs"], node_folder, simulator):
        said = run(["node", "staff.mjs", transaction_id], node_folder, simulator)
    assert said.split() == ["completed", "failed", "refused"]
    assert refunded(simulator) == [1000]


def test_settlements(tmp_path: Path, simulator: Simulator) -> None:
    (first, *_) = (block.text for block in Page("docs/reconcile/settlements.md").of("python"))
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
    simulator.confirm(cart)
    yesterday = simulator.now().date().isoformat()
    simulator.advance(86_400)
    today = simulator.now().date().isoformat()
    program = first.replace('"2026-05-01", "2026-05-31"', f'"{yesterday}", "{today}"')
    assert program != first
    assert run([sys.executable, "-c", program], tmp_path, simulator).strip()
