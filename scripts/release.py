"""Make all that a release holds in ``dist/``, of one version: ``python -m scripts.release``.

The wheel and the source distribution, the npm package, the image with its checks passed, and the list of all parts. The
version is that of pyproject.toml, and stands nowhere else; a version that the changelog does not name is refused. The
exit status is 0 where all was made, or all but an image that this machine cannot build; the reason is printed.
"""

import argparse
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from scripts.container import checks as container

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
# Of one image to load, not of many to keep: the fast half of the compression is enough.
_COMPRESSION = 3


class ReleaseError(Exception):
    """A release cannot be made; the message says why."""


def version(root: Path = ROOT) -> str:
    """The version of the project, from the one place where it stands."""
    found: str = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return found


def check(root: Path = ROOT, tag: str | None = None) -> None:
    """Raise ``ReleaseError`` where the changelog does not name the version, or a tag names another one."""
    named = version(root)
    if tag is not None and tag != f"v{named}":
        raise ReleaseError(f"the tag {tag} is not v{named}, the version in pyproject.toml")
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    if not re.search(rf"^## \[{re.escape(named)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md has no heading '## [{named}] - YEAR-MONTH-DAY'")


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """The standard output of a command; ``ReleaseError`` with the end of all it wrote where it fails."""
    if shutil.which(command[0]) is None:
        raise ReleaseError(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout


def make_python_packages(folder: Path) -> list[Path]:
    """The source distribution, and the wheel built from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return [*folder.glob("*.tar.gz"), *folder.glob("*.whl")]


def make_npm_package(folder: Path) -> list[Path]:
    """The npm package, with the version of the project in the place of its own."""
    with tempfile.TemporaryDirectory() as name:
        # Two folders deep, as in the repository: it takes the widget from the service's files.
        source = Path(name) / "packages" / "widget"
        shutil.copytree(ROOT / "packages" / "widget", source, ignore=shutil.ignore_patterns("node_modules", "*.tgz"))
        shutil.copytree(ROOT / "app" / "static" / "widget", Path(name) / "app" / "static" / "widget")
        package = source / "package.json"
        description = json.loads(package.read_text("utf-8")) | {"version": version()}
        package.write_text(json.dumps(description, indent=2) + "\n", "utf-8")
        run("npm", "pack", "--loglevel=error", "--pack-destination", folder.resolve(), folder=source)
    return list(folder.glob("*.tgz"))


def make_list_of_parts(folder: Path) -> list[Path]:
    """List the parts of the service with versions and hashes, in the CycloneDX format."""
    file = folder / f"tsuzuki-{version()}.cdx.json"
    command = ["cyclonedx_py", "requirements", "--pyproject", "pyproject.toml", "--output-reproducible"]
    run(sys.executable, "-m", *command, "--output-file", file, "requirements.lock")
    return [file]


def make_image(folder: Path) -> list[Path]:
    """The image, as ``docker load`` takes it, once it has passed its checks; nothing where this machine cannot."""
    archive = folder / f"tsuzuki-{version()}.image.tar"
    status = container.main(archive, f"tsuzuki:{version()}")
    if status == container.SKIPPED:
        return []
    if status:
        raise ReleaseError("the image did not pass its checks")
    packed = archive.with_suffix(".tar.gz")
    with archive.open("rb") as plain, gzip.open(packed, "wb", compresslevel=_COMPRESSION) as file:
        shutil.copyfileobj(plain, file)
    archive.unlink()
    return [packed]


MAKERS: tuple[Callable[[Path], list[Path]], ...] = (
    make_python_packages,
    make_npm_package,
    make_list_of_parts,
    make_image,
)


def main(arguments: list[str] | None = None) -> int:
    """Make a release; returns the exit status."""
    p = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__.splitlines()[0])
    p.add_argument("--tag", help="the tag that is released, which has to be that of the version: v0.1.0")
    options = p.parse_args(arguments)
    try:
        check(tag=options.tag)
        shutil.rmtree(DIST, ignore_errors=True)
        DIST.mkdir()
        for make in MAKERS:
            for file in make(DIST):
                print(f"{file.relative_to(ROOT)}  {os.path.getsize(file) / 1e6:.1f} MB", flush=True)
    except ReleaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
