"""A cell of a notebook, interrupted in the middle of bulk checks: in a real kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import KernelManager, start_new_kernel

import netgiro

CART = "{:08x}-0b0a-4908-8706-050403020100"
CELL = "checks = client.check_many(ids, rate=100, resume=client.unfinished); checks"
WITHIN = 60.0


class Notebook:
    def __init__(self) -> None:
        self.manager: KernelManager
        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def start(self, cell: str) -> None:
        self.client.execute(cell)

    def outputs(self) -> Iterator[dict[str, Any]]:
        """What the cell in flight gives, until it is over."""
        while True:
            message = self.client.get_iopub_msg(timeout=WITHIN)
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return
            if kind in {"execute_result", "display_data", "error", "stream"}:
                yield content

    def run(self, cell: str) -> list[dict[str, Any]]:
        self.start(cell)
        return list(self.outputs())

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    notebook = Notebook()
    yield notebook
    notebook.close()


def test_an_interrupted_cell_is_run_again(notebook: Notebook) -> None:
    with netgiro.Simulator() as simulator:

        def asked() -> list[str]:
            return [str(request.transaction_id) for request in simulator.requests()]

        assert not notebook.run(
            "import netgiro\n"
            f"client = netgiro.Client({simulator.app_key!r}, {simulator.secret_key!r}, "
            f"base_url={simulator.url!r})\n"
            f"ids = [{CART!r}.format(number) for number in range(300)]"
        )
        notebook.start(CELL)
        deadline = time.monotonic() + WITHIN
        while len(asked()) < 50:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        notebook.manager.interrupt_kernel()
        outputs = list(notebook.outputs())
        told = "\n".join(line for output in outputs for line in output.get("traceback", []))
        assert "KeyboardInterrupt" in told

        (shown,) = notebook.run("client.unfinished")
        assert "of 300, interrupted" in shown["data"]["text/html"]
        (known,) = notebook.run("[str(check.transaction_id) for check in client.unfinished]")
        kept = set(eval(known["data"]["text/plain"]))
        assert 30 <= len(kept) < 300

        before = len(asked())
        (shown,) = (output for output in notebook.run(CELL) if "data" in output)
        assert "300 carts checked<" in shown["data"]["text/html"]
        later = asked()[before:]
        assert kept.isdisjoint(later)
        assert len(later) == 300 - len(kept)
        assert notebook.run("client.unfinished") == []
