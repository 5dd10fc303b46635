"""The integrations' own types, strictly, where their frameworks are."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Celery brings no types, and the package does without those of celery-types, which a shop may have.
CONFIGURATION = """
[mypy]
strict = true
[mypy-celery.*]
ignore_missing_imports = true
follow_imports = skip
follow_imports_for_stubs = true
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
