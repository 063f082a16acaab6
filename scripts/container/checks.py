"""Build the images of ``docker-compose.yml`` and try them, without a Docker engine: ``python -m scripts.container``.

buildah builds them, podman runs them as the compose file says, on the official Python image or, where that cannot be
had, on a Debian that debootstrap makes. Needs root. The exit status is 0 where every check passed, 1 where one failed,
and 77 where this machine can do no such thing. All of it lies in a temporary folder, which goes at the end.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from scripts.container.base import make_base, pip_options
from scripts.container.engine import LIMITS, ROOT, CommandError, Engine, run_options

LARGEST_IMAGE = 350_000_000  # bytes; an eighth of it is for the two databases
SECONDS_TO_STOP = 5
SKIPPED = 77  # as Automake has it
# runc, since crun refuses machines with both kinds of control groups.
_TOOLS = ("buildah", "podman", "runc", "debootstrap", "unshare", "tar")
# What the serving image must be without. The probe runs in it, and prints what it finds.
_COMMANDS = ("cc", "gcc", "c++", "g++", "clang", "ld", "as", "make", "pip", "git", "curl", "wget")
_MODULES = ("pip", "pytest", "hypothesis", "matplotlib", "tqdm", "ruff", "mypy", "Cython")
_PROBE = f"""
import importlib.util, pathlib, shutil, sys, json
found = [name for name in {_COMMANDS} if shutil.which(name)]
found += [name for name in {_MODULES} if importlib.util.find_spec(name)]
found += [str(path) for path in pathlib.Path("/opt").rglob("tests")]
print(json.dumps(found))
"""
_TEACH = """
import json, urllib.request
body = json.dumps({"user": "somebody", "text": "Kubeflow runs."}).encode()
request = urllib.request.Request("http://127.0.0.1:8000/learn", body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(request, timeout=10).status)
"""
_WRITE = """
try:
    open("/written", "w")
except OSError as error:
    print(error.strerror)
"""
_SMALL = ("--epochs=2", "--embedding=16", "--hidden=32", "--batch=8", "--length=10", "--validation-tokens=500")


class UnavailableError(Exception):
    """This machine cannot build or run containers; the text says why."""


def compose() -> dict[str, Any]:
    """The services of the compose file."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    return services


def training_text(documents: int = 600) -> str:
    """Made-up sentences in which a dog eats its food, mostly."""
    rng = random.Random(1)
    people, things = ("dog", "cat", "horse", "farmer"), ("food", "bread", "apple", "hay")
    verbs = ("eats", "likes", "finds", "wants")
    lines = (f"The {rng.choice(people)} {rng.choice(verbs)} the {rng.choice(things)}." for _ in range(documents))
    return "\n\n".join(lines) + "\n"


class Checks:
    """One line for each check, and how many failed."""

    def __init__(self) -> None:
        self.failed = 0

    def expect(self, passed: bool, what: str) -> None:
        print("ok    " if passed else "FAILED", what, flush=True)
        self.failed += not passed


def check_image(engine: Engine, checks: Checks, service: dict[str, Any]) -> None:
    """The serving image by itself: its size, and what is not in it."""
    image = f"localhost/{service['image']}"
    size = int(engine.podman("image", "inspect", image, "--format", "{{.Size}}"))
    checks.expect(size <= LARGEST_IMAGE, f"the image has {size / 1e6:.0f} MB, at most {LARGEST_IMAGE / 1e6:.0f}")
    found = json.loads(engine.podman("run", "--rm", "--network", "none", *LIMITS, image, "python", "-c", _PROBE))
    checks.expect(found == [], f"no compiler, tests, pip or training packages inside {found or ''}")


def check_service(engine: Engine, checks: Checks, service: dict[str, Any]) -> None:
    """The service as ``docker compose up`` starts it, with the English model."""
    engine.start("serve", service, {"${MODELS:-models}": "models"})
    state = dict(
        line.split(":\t", 1) for line in engine.inside("serve", "print(open('/proc/1/status').read())").split("\n")
    )
    checks.expect(state["Uid"].split() == ["10001"] * 4, f"runs as user {state['Uid'].split()[0]}")
    held = {int(state[kind], 16) for kind in ("CapPrm", "CapEff", "CapBnd", "CapAmb")}
    checks.expect(held == {0} and state["NoNewPrivs"] == "1", "holds no capability and can get none")
    answer = engine.inside("serve", _WRITE)
    checks.expect(answer == "Read-only file system", f"cannot write to its root: {answer}")
    texts = [item["text"] for item in engine.ask("serve", "/complete?text=I%20would%20like%20an%20app")["suggestions"]]
    checks.expect("apple" in texts, f"answers /complete: {', '.join(texts)}")
    answer = engine.inside("serve", _TEACH)
    checks.expect(answer == "200", f"keeps what people teach on its volume: {answer}")
    engine.podman("healthcheck", "run", "serve")
    checks.expect(True, "its HEALTHCHECK passes")
    # After these seconds podman would kill it, and the status be 137.
    engine.podman("stop", "--time", str(SECONDS_TO_STOP), "serve")
    status = engine.podman("inspect", "serve", "--format", "{{.State.ExitCode}}").strip()
    checks.expect(status == "0", f"ends within {SECONDS_TO_STOP} s of SIGTERM with status {status}")


def check_training(engine: Engine, checks: Checks, services: dict[str, Any], data: Path) -> None:
    """``docker compose run --rm train /data/text.txt``, and the service with the model of it."""
    train = services["train"]
    sources = {"./data": str(data), "${MODELS:-models}": "models"}
    ways = [*LIMITS, *run_options(train, sources), f"localhost/{train['image']}"]
    engine.podman("run", "--rm", "--network", "none", *ways, "/data/text.txt", *_SMALL)
    checks.expect(True, "the train image trains a small model on a mounted text into the volume")
    engine.start("mine", services["tsuzuki"], sources, "TSUZUKI_MODELS=mine=/models/mine")
    answer = engine.ask("mine", "/complete?text=The%20do")
    texts = [item["text"] for item in answer["suggestions"]]
    checks.expect(
        answer["model"] == "mine" and texts[:1] == ["dog"], f"the service completes with it: {', '.join(texts)}"
    )


def missing() -> str | None:
    """Name what is missing to build and run containers here, or None."""
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return None if os.geteuid() == 0 else "needs root"


def run_checks(folder: Path, archive: Path | None, name: str) -> int:
    """All checks, with everything in a folder; gives how many failed. The image is saved where all passed."""
    engine, checks, services = Engine(folder), Checks(), compose()
    try:
        try:
            make_base(engine, folder)
        except (CommandError, subprocess.TimeoutExpired) as error:
            raise UnavailableError(f"no container runs here: {error}") from None
        options = pip_options(folder)
        for name in ("tsuzuki", "train"):
            engine.build(services[name], options)
            checks.expect(True, f"the image of {name} builds")
        check_image(engine, checks, services["tsuzuki"])
        check_service(engine, checks, services["tsuzuki"])
        data = folder / "data"
        data.mkdir()
        (data / "text.txt").write_text(training_text(), "utf-8")
        check_training(engine, checks, services, data)
        if archive is not None and not checks.failed:
            engine.save(services["tsuzuki"], archive, name)
    except (CommandError, subprocess.TimeoutExpired) as error:
        checks.expect(False, str(error))
    finally:
        engine.podman("rm", "--all", "--force", "--time", "1")
    return checks.failed


def main(archive: Path | None = None, name: str = "") -> int:
    """Run the checks, and save the serving image to an archive if one is named; returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if reason := missing():
            raise UnavailableError(reason)
        # /var/tmp, since /tmp may be memory.
        with tempfile.TemporaryDirectory(prefix="tsuzuki-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
            return 1 if run_checks(Path(folder), archive, name) else 0
    except UnavailableError as reason:
        print(f"skipped: {reason}", file=sys.stderr)
        return SKIPPED
