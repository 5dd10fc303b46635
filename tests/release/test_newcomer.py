"""A newcomer, with nothing but what is published: an empty folder, and the first page of the README as it is printed."""

import os
import re
import subprocess
import sys

import pytest
from packages import ROOT
from release import build, project, registries

PAID = r"order-100\d is paid: ship it"


@pytest.fixture
def first_page():
    """The blocks of the README's first section, by language, in order."""
    text = (ROOT / "README.md").read_text()
    section = re.search(r"## In a minute, without keys\n(.*?)\n##", text, re.DOTALL).group(1)
    found = {}
    for language, block in re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL):
        found.setdefault(language, []).append(block)
    return found


@pytest.fixture
def here():
    """This machine's platform, if its packages have been built."""
    platform = next(filter(build.is_here, project.PLATFORMS.values()), None)
    if platform is None or os.name == "nt":
        pytest.skip("the README's commands are for a shell of Linux or macOS")
    return platform


def follow(folder, commands, **env):
    shell = f"set -e\n{commands}\nnetgiro simulator --stop || npx netgiro simulator --stop\n"
    # Whoever reads this has no keys, and no simulator.
    own = {name: value for name, value in os.environ.items() if not name.startswith("NETGIRO_")}
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=folder,
        env=own | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)} | env,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(PAID, done.stdout), done.stdout


def test_python(tmp_path, out, first_page, here):
    if not list((out / "pypi").glob(f"*{here.wheel}*.whl")):
        pytest.skip("no wheel has been built: `make release-check` does")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    (tmp_path / "checkout.py").write_text(first_page["python"][0])
    path = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    follow(
        tmp_path, first_page["sh"][0], PATH=path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(out / "pypi")
    )


def test_node(tmp_path, out, first_page, here):
    if not list((out / "npm").glob(f"{here.npm}-*.tgz")):
        pytest.skip("no addon has been built: `make release-check` does")
    (tmp_path / "checkout.mjs").write_text(first_page["js"][0])
    with registries.serving(out / "npm") as url:
        follow(tmp_path, first_page["sh"][1], npm_config_registry=url)
