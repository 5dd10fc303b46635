"""Starts the shop, the process that follows its carts, and a simulator: `python run.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from storefront.start import start  # noqa: E402 - found by the line above

start(
    HERE,
    # Netgíró's headers have underscores in their names, and gunicorn drops such headers by default.
    [
        *["-m", "gunicorn", "--bind=127.0.0.1:{port}", "--threads=8", "--graceful-timeout=3"],
        *["--no-control-socket", "--header-map=dangerous", "shop.wsgi"],
    ],
    ["manage.py", "netgiro_poll"],
    first=[["manage.py", "migrate", "--verbosity=0"]],
)
