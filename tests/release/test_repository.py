"""What the repository says of a release: workflows, versions, platforms, each the same wherever it stands."""

import re
import shutil
import subprocess

import pytest
from packages import ROOT
from release import project, versions

from conftest import BIN, FOLDER, release

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$")


def clean(*command):
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_are_clean():
    clean(BIN / "actionlint", "-no-color", *WORKFLOWS)
    clean(BIN / "zizmor", "--offline", "--no-progress", *WORKFLOWS)
    clean(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_actions_are_pinned():
    """By hash, one of each, with the version for people."""
    hashes = {}
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses:" not in line:
                continue
            match = ACTION.search(line)
            assert match, f"{path.name}: {line.strip()}"
            name, digest = match.groups()
            assert hashes.setdefault(name, digest) == digest, name


def test_workflows_may_do_little():
    for path in WORKFLOWS:
        text = path.read_text()
        assert "\npermissions: {}\n" in text
        # Trusted publishing needs none.
        assert "secrets." not in text
        writes = set(re.findall(r"([\w-]+): write", text))
        assert writes <= {"id-token", "attestations", "pages"}
        jobs = re.findall(
            r"^  [\w-]+:\n(?:    .*\n|\n|      .*\n)+", text.partition("\njobs:\n")[2], re.MULTILINE
        )
        for job in jobs:
            assert "timeout-minutes:" in job, job[:40]
            assert "permissions:" in job, job[:40]
            if "id-token: write" in job:
                assert "github.event_name == 'push' && github.ref_type == 'tag'" in job, job[:40]


def test_platforms_are_the_same_everywhere():
    """In the table of the release, the build of Node, the audit, the loader, the workflow and the documents."""
    targets = set(project.PLATFORMS)
    triple = r'"((?:x86_64|aarch64)-[\w-]+)"'
    assert set(re.findall(triple, (ROOT / "package.json").read_text())) == targets
    assert set(re.findall(triple, (ROOT / ".cargo/deny.toml").read_text())) == targets
    workflow = (ROOT / ".github/workflows/release.yml").read_text()
    for job in ["build", "play(?:-musl)?"]:
        text = "".join(re.findall(rf"^  {job}:\n(?:   .*\n|\n)+", workflow, re.MULTILINE))
        assert set(re.findall(r"target: ([\w-]+),", text)) == targets
    loader = (ROOT / "node/internal/native.ts").read_text()
    names = {platform.name for platform in project.PLATFORMS.values()}
    assert set(re.findall(r"require\('netgiro-([\w-]+)'\)", loader)) == names
    assert set(re.findall(r"require\('\.\./netgiro\.([\w-]+)\.node'\)", loader)) == names
    assert set(re.findall(r"^  '([\w-]+)',$", loader, re.MULTILINE)) == names
    for path in ["node/internal/native.ts", "docs/frameworks/bundlers.md"]:
        assert (
            "Linux (glibc 2.17 or musl 1.2, and later), macOS and Windows"
            in (ROOT / path).read_text()
        )


def test_the_version_is_the_same_everywhere():
    assert versions.disagreeing() == []


@pytest.mark.skipif(project.address() is not None, reason="the repository's address is set")
def test_without_an_address_a_release_stops_and_says_so():
    done = release("tag", check=False, NETGIRO_REPOSITORY="")
    assert done.returncode == 1
    assert "the repository's address: Cargo.toml, [workspace.metadata.release]" in done.stdout
    done = release("stage", check=False, NETGIRO_REPOSITORY="")
    assert done.returncode == 1
    assert "the repository's address is not set" in done.stdout


@pytest.mark.parametrize(
    "address",
    ["netgiro", "http://github.com/a/b", "https://github.com/a", "https://github.com/a/b/c"],
)
def test_an_address_that_is_none_is_refused(address):
    done = release("stage", check=False, NETGIRO_REPOSITORY=address)
    assert done.returncode != 0
    assert "https://github.com/OWNER/NAME is expected" in done.stderr


@pytest.fixture
def clone(tmp_path):
    """A repository of its own, with the files of this one."""
    for name in project.files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "chore: begin")
    return tmp_path


def git(root, *arguments):
    own = [
        "-c",
        "user.name=netgiro",
        "-c",
        "user.email=netgiro@example.org",
        "-c",
        "commit.gpgsign=false",
    ]
    subprocess.run(["git", *own, *arguments], cwd=root, check=True, capture_output=True)


def commit(root, subject):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", subject)


def bump(root, version):
    done = release("version", version, root=root, check=False)
    assert done.returncode == 0, done.stderr


def test_make_version(clone):
    git(clone, "tag", "v9.0.0")
    commit(clone, "feat(bulk): check carts by their colour")
    commit(clone, "test(bulk): more colours")
    bump(clone, "9.1.0-rc.1")
    for path, pattern in [
        ("Cargo.toml", r'^version = "9\.1\.0-rc\.1"'),
        (
            "Cargo.toml",
            r'^netgiro-simulator = \{ path = "crates/netgiro-simulator", version = "9\.1\.0-rc\.1"',
        ),
        ("Cargo.lock", r'name = "netgiro-cli"\nversion = "9\.1\.0-rc\.1"'),
        ("package.json", r'^  "version": "9\.1\.0-rc\.1"'),
        ("crates/netgiro/README.md", r'^netgiro = "9\.1"'),
        (
            "CHANGELOG.md",
            r"^## 9\.1\.0-rc\.1 \(unreleased\)\n\n### Added\n\n- bulk: Check carts by their colour\.\n\n## ",
        ),
    ]:
        assert re.search(pattern, (clone / path).read_text(), re.MULTILINE), path
    # The lock files are as the tools would write them.
    subprocess.run(
        ["cargo", "metadata", "--locked", "--offline", "--format-version=1"],
        cwd=clone,
        check=True,
        capture_output=True,
    )
    lock = (clone / "package-lock.json").read_text()
    assert lock.count('"version": "9.1.0-rc.1"') == 2


def test_a_release_that_breaks_must_say_so(clone):
    bump(clone, "9.0.0")
    commit(clone, "build(release): 9.0.0")
    git(clone, "tag", "v9.0.0")
    report = clone / "tests/api/python.txt"
    lines = report.read_text().splitlines(keepends=True)
    report.write_text("".join(lines[:-1]))
    commit(clone, "feat: less is more")
    bump(clone, "9.1.0")
    done = release("tag", root=clone, check=False)
    assert done.returncode == 1
    assert "9.1.0 breaks what v9.0.0 has, so its number must rise further" in done.stdout
    assert (
        'CHANGELOG.md: 9.1.0 loses public names, and has no section "### Breaking"' in done.stdout
    )
    assert lines[-1].strip() in done.stdout


def test_make_release_makes_the_tag(clone):
    bump(clone, "9.0.0")
    changelog = clone / "CHANGELOG.md"
    changelog.write_text(
        changelog.read_text().replace("## 9.0.0 (unreleased)", "## 9.0.0 (2026-12-24)")
    )
    done = release("tag", root=clone, check=False)
    assert done.returncode == 1
    assert "files that are changed and not committed" in done.stdout
    commit(clone, "build(release): 9.0.0")
    own = {
        f"GIT_{who}_{what}": "x@example.org"
        for who in ["AUTHOR", "COMMITTER"]
        for what in ["NAME", "EMAIL"]
    }
    done = release("tag", root=clone, **own)
    assert "`git push origin v9.0.0` releases it" in done.stdout
    tags = subprocess.run(
        ["git", "tag"], cwd=clone, check=True, capture_output=True, text=True
    ).stdout
    assert tags.split() == ["v9.0.0"]
    assert (
        release(
            "ready", "v9.0.0", root=clone, GITHUB_REPOSITORY="example/netgiro", **own
        ).returncode
        == 0
    )
    done = release(
        "ready", "v9.0.1", root=clone, check=False, GITHUB_REPOSITORY="fork/netgiro", **own
    )
    assert "the tag is v9.0.1, and the version 9.0.0" in done.stdout
    assert "this is fork/netgiro" in done.stdout


def test_two_builds_of_one_commit_are_equal(out):
    """Here of what needs no compiler; `make release-check` does the same with the compiled half."""
    compiled = r".*\.whl|netgiro-(linux|darwin|win32)-.*"
    kept = {
        path: path.read_bytes() for path in out.glob("*/*") if not re.match(compiled, path.name)
    }
    if out != FOLDER / "out":
        release("stage")
    release("sources")
    again = {path: FOLDER / "out" / path.parent.name / path.name for path in kept}
    assert [path.name for path, data in kept.items() if again[path].read_bytes() != data] == []
