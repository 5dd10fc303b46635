"""Starts the shop and a simulator: `python run.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from storefront.start import start  # noqa: E402 - found by the line above

start(HERE, ["-m", "uvicorn", "--port={port}", "--log-level=warning", "shop:app"])
