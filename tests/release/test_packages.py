"""What is in the packages: manifests with the address, READMEs that any registry renders, licences, bills of materials."""

import io
import json
import re
import subprocess
import zipfile
from email import message_from_bytes

import pytest
import trove_classifiers
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from elftools.elf.elffile import ELFFile
from packages import IS_DEBUG, ROOT
from readme_renderer import markdown
from release import project

from conftest import ADDRESS, BIN, archives

CRATES = [f"{name}-{project.version()}.crate" for name in project.CRATES]
SDIST = f"netgiro-{project.version()}.tar.gz"
MAIN = f"netgiro-{project.version()}.tgz"
SITE = project.Address(*ADDRESS.split("/")[-2:]).site


def named(files, name):
    """The one file that ends so."""
    (found,) = (content for path, content in files.items() if path.endswith(name))
    return found


def readmes(published):
    for name, files in published.items():
        if name.endswith(".whl"):
            yield name, message_from_bytes(named(files, ".dist-info/METADATA")).get_payload()
        elif name.endswith(".tar.gz"):
            yield name, message_from_bytes(files["PKG-INFO"]).get_payload()
        else:
            yield name, files["README.md"].decode()


def test_readmes_have_no_relative_link_and_render(published):
    """By PyPI's rules, which are the strictest."""
    for name, text in readmes(published):
        html = markdown.render(text)
        assert html is not None, name
        # A heading's link to itself is the registry's own.
        own = set(re.findall(r'id="([^"]*)"', html))
        links = [
            link
            for link in re.findall(r'(?:href|src)="([^"]*)"', html)
            if not (link.startswith("#user-content-") and link[1:] in own)
        ]
        assert [link for link in links if not link.startswith("https://")] == [], name
        # A platform's package names the one that people install, and nothing else.
        if not re.match(r"netgiro-(linux|darwin|win32)", name):
            assert any(
                link.startswith(f"{ADDRESS}/blob/v{project.version()}/") for link in links
            ), name
        # Images are files, and not the pages that show them.
        for image in re.findall(r'src="([^"]*)"', html):
            assert f"{ADDRESS}/raw/v{project.version()}/" in image


def test_python_metadata(published):
    metadata = message_from_bytes(published[SDIST]["PKG-INFO"])
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL"))
    assert urls == {
        "Homepage": SITE,
        "Documentation": SITE,
        "Repository": ADDRESS,
        "Changelog": f"{ADDRESS}/blob/v{project.version()}/CHANGELOG.md",
        "Issues": f"{ADDRESS}/issues",
    }
    unknown = set(metadata.get_all("Classifier")) - trove_classifiers.classifiers
    assert unknown == set()
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"


def test_npm_manifest(published):
    manifest = json.loads(published[MAIN]["package.json"])
    assert manifest["homepage"] == SITE
    assert manifest["repository"] == {"type": "git", "url": f"git+{ADDRESS}.git"}
    assert manifest["bugs"] == {"url": f"{ADDRESS}/issues"}
    versions = {platform.npm: project.version() for platform in project.PLATFORMS.values()}
    assert manifest["optionalDependencies"] == versions
    assert not {"devDependencies", "scripts", "dependencies"} & manifest.keys()


def test_platform_packages(published):
    """Those that were built here name the systems that they are for."""
    for platform in project.PLATFORMS.values():
        files = published.get(f"{platform.npm}-{project.version()}.tgz")
        if files is None:
            continue
        manifest = json.loads(files["package.json"])
        assert manifest["os"] == [platform.os]
        assert manifest["cpu"] == [platform.cpu]
        assert manifest.get("libc") == ([platform.libc] if platform.libc else None)
        assert manifest["main"] in files


def test_crate_manifests(published):
    for name in CRATES:
        manifest = published[name]["Cargo.toml"].decode()
        for line in [f'repository = "{ADDRESS}"', f'homepage = "{SITE}"', 'readme = "README.md"']:
            assert line in manifest, name
        assert f'documentation = "https://docs.rs/{name.rpartition("-")[0]}"' in manifest
        assert "[package.metadata.docs.rs]" in manifest
        assert '\npath = "../' not in manifest


def test_contents(published):
    """Nothing is in a package that does not belong there."""
    for name, files in published.items():
        allowed = {
            ".whl": r"netgiro(-.*\.dist-info)?/",
            ".gz": r"(python/netgiro|crates/[a-z-]+)/(src|.*\.pyi?$|py\.typed|Cargo\.toml|.*)|[^/]+$",
            ".crate": r"src/|[^/]+$",
            ".tgz": r"node/dist/|[^/]+$",
        }["." + name.rpartition(".")[2]]
        assert [path for path in files if not re.match(allowed, path)] == [], name
        strange = (
            r"(^|/)(tests|fuzz|benches|\.github|node_modules|__pycache__|\.env)/|\.(orig|rej|swp)$"
        )
        found = [path for path in files if re.search(strange, path)]
        assert set(found) <= {"Cargo.toml.orig"}, name


def test_licences_and_notices(published):
    for name, files in published.items():
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"]:
            if name == SDIST or name.endswith(".whl"):
                assert any(path.endswith(licence) for path in files), name
            else:
                assert files[licence] == (ROOT / licence).read_bytes(), name
        own = name == SDIST
        notices = (
            files["THIRD-PARTY-NOTICES.txt"] if own else named(files, "THIRD-PARTY-NOTICES.txt")
        )
        text = notices.decode()
        assert "- ring " in text or "reconcile" in name
        assert "Permission is hereby granted, free of charge" in text
        assert "Apache License" in text


def test_bills_of_materials(published):
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    for name, files in published.items():
        text = files["netgiro.cdx.json"] if name == SDIST else named(files, "netgiro.cdx.json")
        assert validator.validate_str(text.decode()) is None, name
        bill = json.loads(text)
        assert bill["metadata"]["component"]["version"] == project.version()
        purls = {component["purl"] for component in bill["components"]}
        assert any(purl.startswith("pkg:cargo/jiff@") for purl in purls), name
        # No folder of the machine that built it.
        assert b"file://" not in text
        assert b"/home/" not in text
        assert str(ROOT).encode() not in text


@pytest.mark.skipif(IS_DEBUG, reason="what debuggers read has the folders of the sources")
def test_no_folder_of_this_machine(published):
    """In no package, the compiled files included."""
    folders = [str(ROOT).encode(), b"/.cargo/registry"]
    for name, files in published.items():
        for path, content in files.items():
            assert [folder for folder in folders if folder in content] == [], f"{name}: {path}"


@pytest.mark.skipif(IS_DEBUG, reason="what is built for debuggers is not published")
def test_no_package_is_over_four_megabytes(out):
    sizes = {name: path.stat().st_size for name, path in archives(out).items()}
    assert {name: size for name, size in sizes.items() if size > 4_000_000} == {}


def test_twine(out):
    done = subprocess.run(
        [BIN / "twine", "check", "--strict", *(out / "pypi").iterdir()],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_abi3(out):
    wheels = sorted((out / "pypi").glob("*abi3*.whl"))
    if not wheels:
        pytest.skip("no wheel has been built: `make release-check` does")
    done = subprocess.run(
        [BIN / "abi3audit", "--strict", "--report", *wheels],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_oldest_system(out):
    """No symbol of a later C library than the wheel's name promises."""
    wheels = sorted((out / "pypi").glob("*manylinux_*.whl"))
    if not wheels:
        pytest.skip("no wheel has been built: `make release-check` does")
    for wheel in wheels:
        done = subprocess.run(
            [BIN / "auditwheel", "show", wheel], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said = " ".join(done.stdout.split())
        assert 'is consistent with the following platform tag: "manylinux_2_17_' in said, said


def test_musl_alone(out):
    """A wheel for musl needs nothing but musl, which answers to this name; auditwheel knows Alpine's alone."""
    wheels = sorted((out / "pypi").glob("*musllinux_*.whl"))
    if not wheels:
        pytest.skip("no wheel for musl has been built: `make release-check` does")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as files:
            (module,) = (name for name in files.namelist() if name.endswith(".so"))
            elf = ELFFile(io.BytesIO(files.read(module)))
        tags = elf.get_section_by_name(".dynamic").iter_tags()
        needed = [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"]
        assert needed == ["libc.so"], (wheel.name, needed)


def test_archives_are_all_there(out):
    names = set(archives(out))
    assert {SDIST, MAIN, *CRATES} <= names
