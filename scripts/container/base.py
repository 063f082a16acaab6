"""The base of the images: the official Python image or a Debian made here, and pip as this machine has it."""

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.container.engine import BASE, LIMITS, ROOT, CommandError, Engine, run

# What slim images leave out.
_LEFT_OUT = ("var/cache", "var/log", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


def make_base(engine: Engine, folder: Path) -> None:
    """The official image that the Dockerfile names or, where it cannot be had, one that is made here."""
    official = re.findall(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)[0]
    try:
        engine.podman("pull", "--quiet", official)
        engine.podman("tag", official, BASE)
        print(f"the base is {official}", flush=True)
    except (CommandError, subprocess.TimeoutExpired):
        print(f"{official} cannot be had here: the base is this machine's own Debian", flush=True)
        make_debian(engine, folder)
    # Where this fails it is the machine, since nothing of ours is in it.
    engine.podman("run", "--rm", "--network=none", "--read-only", "--memory=1g", "--cpus=1", *LIMITS, BASE, "true")


def make_debian(engine: Engine, folder: Path) -> None:
    """A small Debian with Python in place of the official image, of this machine's own release and mirror."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    mirrors = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {release}")
    base, archive = folder / "base", folder / "base.tar"
    wanted = ["--variant=minbase", "--include=python3-venv,ca-certificates"]
    # In a mount namespace of its own: what it mounts and leaves is gone with it.
    run("unshare", "--mount", "debootstrap", *wanted, release, base, *mirrors.split()[:1])
    (base / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    run("tar", "-C", base, *(f"--exclude=./{path}/*" for path in _LEFT_OUT), "-cf", archive, ".")
    engine.podman("import", archive, BASE)
    shutil.rmtree(base)
    archive.unlink()


def pip_options(folder: Path) -> list[str]:
    """Options of a build that let pip find packages as it does on this machine."""
    settings: dict[str, str] = {}
    for line in run(sys.executable, "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        settings.setdefault(key.rsplit(".", 1)[-1], value.strip("'\""))
    kept = {key: settings[key] for key in ("index-url", "extra-index-url", "find-links", "cert") if key in settings}
    file = folder / "pip.conf"
    file.write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in kept.items()), "utf-8")
    options = [f"--volume={file}:/etc/pip.conf:ro"]
    for key, value in kept.items():
        for part in value.split():
            path = Path(part.removeprefix("file://"))
            if path.is_absolute() and path.exists():
                # The files of an index on disk lie beside its pages.
                shown = path.parent if key.endswith("index-url") else path
                options.append(f"--volume={shown}:{shown}:ro")
    return options
