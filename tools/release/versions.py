"""One version for everything: sets it, drafts what has changed, and tells a change that breaks a shop's code."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from packages import ROOT, environment, requirements, run

from release import project

# Reports of the public API: what one loses, a shop may use.
REPORTS = ("tests/api/python.txt", "tests/api/rust.txt", "node/api/*.api.md")
UNRELEASED = "unreleased"


def bump(version: str) -> None:
    """Writes a version wherever one stands, and drafts its section of the changelog."""
    wanted = version
    if re.fullmatch(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?", wanted) is None:
        sys.exit(f"{wanted!r} is no version: X.Y.Z is expected, or X.Y.Z-rc.N")
    old = project.version()
    for path, pattern in places():
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(pattern, rf"\g<1>{wanted}\g<2>", text), encoding="utf-8")
    minor = ".".join(wanted.split(".")[:2])
    for name in project.CRATES:
        readme = ROOT / "crates" / name / "README.md"
        text = readme.read_text(encoding="utf-8")
        readme.write_text(
            re.sub(r'^(netgiro\S*) = ".*"$', rf'\1 = "{minor}"', text, flags=re.MULTILINE),
            encoding="utf-8",
        )
    draft(wanted)
    print(
        f"{old} -> {wanted}. Edit CHANGELOG.md: it has a draft of what changed, in the words of commits."
    )


def places() -> list[tuple[Path, str]]:
    """The files that hold the version, and what stands around it."""
    own = r"netgiro(?:-[a-z]+)?"
    lock = rf'(?m)(^name = "{own}"\nversion = ")(?!0\.0\.0")[^"]+(")'
    return [
        (ROOT / "Cargo.toml", r'(?m)(\[workspace\.package\]\nversion = ")[^"]+(")'),
        (ROOT / "Cargo.toml", rf'(?m)(^{own} = {{ path = "crates/{own}", version = ")[^"]+(")'),
        (ROOT / "Cargo.lock", lock),
        (ROOT / "fuzz" / "Cargo.lock", lock),
        (ROOT / "package.json", r'(?m)(^  "version": ")[^"]+(")'),
        (
            ROOT / "package-lock.json",
            r'(?m)(^(?:  |      )"name": "netgiro",\n\s+"version": ")[^"]+(")',
        ),
        # A shop of the next version is written for it: before 1.0, npm installs no later minor for an earlier one.
        *(
            (ROOT / "examples" / name / "package.json", r'(?m)(^    "netgiro": "\^)[^"]+(")')
            for name in ("express-shop", "fastify-shop", "storefront")
        ),
    ]


def disagreeing() -> list[str]:
    """The copies of the version that are not the workspace's."""
    wanted = project.version()
    wrong = []
    for path, pattern in places():
        name = path.relative_to(ROOT)
        text = path.read_text(encoding="utf-8")
        found = [text[match.end(1) : match.start(2)] for match in re.finditer(pattern, text)]
        if not found:
            wrong.append(f"{name}: no version found")
        wrong += [f"{name}: {each} is not {wanted}" for each in found if each != wanted]
    return wrong


def draft(wanted: str) -> None:
    """Puts the commits since the last release above its section of the changelog, for a person to edit."""
    path = ROOT / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    if section(text, wanted) is not None:
        return
    base = last_tag() or started(text)
    command: list[str | Path] = [git_cliff(), "--config", ROOT / "tools/release/cliff.toml"]
    command += ["--tag", f"v{wanted}", "--strip", "all"]
    made = subprocess.run(
        [*command, f"{base}..HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    first = re.search(r"^## ", text, flags=re.MULTILINE)
    at = first.start() if first else len(text)
    path.write_text(
        f"{text[:at]}## {wanted} ({UNRELEASED})\n\n{made.strip()}\n\n{text[at:]}", encoding="utf-8"
    )


def git_cliff() -> str | Path:
    """The tool, where it is installed already."""
    found = shutil.which("git-cliff")
    return found or environment("changelog", *requirements("changelog")).parent / "git-cliff"


def section(text: str, wanted: str) -> str | None:
    """What the changelog says of a version; its first line is the heading's end."""
    match = re.search(
        rf"^## {re.escape(wanted)} (.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL
    )
    return match.group(1) if match else None


def started(text: str) -> str:
    """The commit that gave the topmost version its number."""
    match = re.search(r"^## (\S+)", text, flags=re.MULTILINE)
    number = match.group(1) if match else ""
    command = ["git", "log", "--format=%H", "-S", f'version = "{number}"', "--", "Cargo.toml"]
    return subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()[-1]


def last_tag() -> str | None:
    """The newest release that this commit comes after."""
    command = ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.strip() or None


def lost() -> list[str]:
    """The lines that the reports of the public API have lost since the last release."""
    base = last_tag()
    if base is None:
        return []
    command = ["git", "diff", "--no-renames", "--unified=0", base, "--", *REPORTS]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    gone = [line[1:] for line in done.stdout.splitlines() if re.match(r"-(?!--)\s*\S", line)]
    come = {line[1:] for line in done.stdout.splitlines() if re.match(r"\+(?!\+\+)", line)}
    return [line for line in gone if line not in come]


def breaking() -> list[str]:
    """What is wrong with a release that breaks a shop's code: its number, or a changelog that does not say so."""
    gone, base = lost(), last_tag()
    if not gone or base is None:
        return []
    wanted = project.version()
    wrong = []
    # Before 1.0 the minor number says so, as Cargo reads it; then the major one.
    parts = 2 if wanted.startswith("0.") else 1
    if wanted.split(".")[:parts] == base.removeprefix("v").split(".")[:parts]:
        wrong.append(f"{wanted} breaks what {base} has, so its number must rise further")
    text = section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), wanted) or ""
    if "### Breaking" not in text:
        wrong.append(
            f'CHANGELOG.md: {wanted} loses public names, and has no section "### Breaking"'
        )
    return [*wrong, *(f"  - {line}" for line in gone)] if wrong else []


def missing() -> list[str]:
    """What a release of this commit lacks."""
    wrong = disagreeing() + breaking()
    if project.address() is None:
        wrong.append(
            "the repository's address: Cargo.toml, [workspace.metadata.release], repository = "
            '"https://github.com/OWNER/NAME"'
        )
    wanted = project.version()
    text = section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), wanted)
    if text is None:
        wrong.append(f"CHANGELOG.md has no section {wanted}")
    elif re.match(r"\(\d{4}-\d\d-\d\d\)\n", text) is None:
        today = datetime.datetime.now(tz=datetime.timezone.utc).date()
        wrong.append(f"CHANGELOG.md: the day of {wanted}, as in `## {wanted} ({today})`")
    status = ["git", "status", "--porcelain"]
    if subprocess.run(status, cwd=ROOT, check=True, capture_output=True).stdout:
        wrong.append("commits: there are files that are changed and not committed")
    return wrong


def release() -> int:
    """Makes the tag that releases this commit once it is pushed, if nothing is missing."""
    wrong = missing()
    if wrong:
        print(f"{project.version()} cannot be released. What is missing:")
        print("\n".join(f"- {each}" for each in wrong))
        return 1
    tag = project.tag()
    run("git", "tag", "--annotate", tag, "--message", f"netgiro {project.version()}")
    print(
        f"{tag} is made. `git push origin {tag}` releases it; `git tag --delete {tag}` takes it back."
    )
    return 0


def ready(tag: str) -> int:
    """Whether a tag that was pushed may be published from here."""
    wrong = missing()
    if tag != project.tag():
        wrong.append(f"the tag is {tag}, and the version {project.version()}")
    address, here = project.address(), os.environ.get("GITHUB_REPOSITORY")
    if address is not None and here != f"{address.owner}/{address.name}":
        wrong.append(f"this is {here}, and packages are published from {address.repository}")
    for each in wrong:
        print(f"- {each}")
    return int(bool(wrong))
