"""The integrations' own types, strictly, where their frameworks are."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Celery's are those of celery-types.
CONFIGURATION = """
[mypy]
strict = true
"""


@pytest.mark.parametrize("module", ["flask", "fastapi", "celery", "pytest_plugin", "webhook"])
def test_an_integration_is_strict(module, tmp_path):
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        f"--config-file={configuration}",
        "-m",
        f"netgiro.{module}",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
