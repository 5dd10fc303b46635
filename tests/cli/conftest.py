from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    collect_ignore_glob = ["*"]
else:
    from shell import CallbackRoute, Shell, Simulator

    @pytest.fixture(scope="session")
    def a_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
        simulator = Simulator(tmp_path_factory.mktemp("simulator"))
        yield simulator
        assert simulator.stop(signal.SIGTERM).code == 0

    @pytest.fixture
    def simulator(a_simulator: Simulator) -> Simulator:
        a_simulator.ask("faults", method="DELETE")
        return a_simulator

    @pytest.fixture
    def shell(simulator: Simulator, tmp_path: Path) -> Shell:
        """A shop's shell: its keys are those of the simulator."""
        return Shell(simulator.variables(), tmp_path)

    @pytest.fixture
    def route() -> Iterator[CallbackRoute]:
        with CallbackRoute().served() as route:
            yield route

    @pytest.fixture
    def cart(shell: Shell) -> str:
        """A cart whose customer is asked."""
        inserted = shell.run(*INSERT, "--customer", "661-2345", "--json")
        transaction_id: str = inserted.record["transaction_id"]
        return transaction_id

    INSERT = ("insert", "--amount", "4990", "--reference", "order-1")
