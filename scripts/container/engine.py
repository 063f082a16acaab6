"""buildah and podman, which build and run images without a Docker engine."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
BASE = "localhost/python:slim"
# podman asks for more than a machine may allow.
LIMITS = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
_LONGEST_COMMAND = 900  # seconds; none takes a third of that on a small machine
_LONGEST_START = 60
_ASK = """
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8000" + sys.argv[1], timeout=5).read().decode())
"""


class CommandError(Exception):
    """A command failed; the text is its end."""


def run(*command: str | Path) -> str:
    """The standard output of a command."""
    # Without systemd, podman is not to ask it for a timer of the health check.
    environment = os.environ | {"DISABLE_HC_SYSTEMD": "true"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_COMMAND, env=environment)
    if done.returncode:
        raise CommandError(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout


class Engine:
    """buildah and podman with a store of their own in a folder."""

    def __init__(self, folder: Path) -> None:
        store: list[str | Path] = ["--root", folder / "storage", "--runroot", folder / "run", "--storage-driver", "vfs"]
        ways: list[str | Path] = [
            "--tmpdir",
            folder / "libpod",
            "--cgroup-manager",
            "cgroupfs",
            "--events-backend",
            "file",
        ]
        self._podman: list[str | Path] = ["podman", *store, *ways, "--runtime", "runc"]
        self._buildah: list[str | Path] = ["buildah", *store]

    def podman(self, *arguments: str | Path) -> str:
        """The standard output of a podman command."""
        return run(*self._podman, *arguments)

    def build(self, service: dict[str, Any], options: Sequence[str]) -> None:
        """Build the image of a service."""
        build, image = service["build"], service["image"]
        # Docker's format, since the other one knows no HEALTHCHECK.
        ways = ["--isolation", "chroot", "--format", "docker", "--pull-never"]
        argument = ["--build-arg", f"BASE_IMAGE={BASE}"]
        target = ["--target", build["target"], "--tag", f"localhost/{image}"]
        run(*self._buildah, "bud", *ways, *argument, *options, *target, ROOT / build["context"])

    def save(self, service: dict[str, Any], archive: Path, name: str) -> None:
        """Write the image of a service to a file, as ``docker load`` takes it."""
        run(*self._buildah, "push", f"localhost/{service['image']}", f"docker-archive:{archive}:{name}")

    def start(self, name: str, service: dict[str, Any], sources: dict[str, str], *environment: str) -> None:
        """Run a service in the background, without a network, until it answers."""
        variables = [f"--env={variable}" for variable in environment]
        ways = [*LIMITS, *run_options(service, sources), *variables]
        self.podman("run", "--detach", "--name", name, "--network", "none", *ways, f"localhost/{service['image']}")
        end = time.monotonic() + _LONGEST_START
        while True:
            try:
                self.ask(name, "/health/ready")
                return
            except CommandError:
                if time.monotonic() > end:
                    raise CommandError(f"{name} does not answer: {self.podman('logs', name)[-3000:]}") from None
                time.sleep(0.2)

    def ask(self, name: str, path: str) -> Any:
        """Send a GET to a service inside its container."""
        return json.loads(self.inside(name, _ASK, path))

    def inside(self, name: str, code: str, *arguments: str) -> str:
        """Run Python code inside a running container; returns what it prints."""
        return self.podman("exec", name, "python", "-c", code, *arguments).strip()


def run_options(service: dict[str, Any], sources: dict[str, str]) -> list[str]:
    """The options of ``podman run`` for a service, with other ``sources`` for some of its volumes."""
    options = ["--read-only"] if service.get("read_only") else []
    for key in ("tmpfs", "cap_drop", "security_opt"):
        options += [f"--{key.replace('_', '-')}={value.removesuffix(':true')}" for value in service.get(key, ())]
    options += [f"--memory={service['mem_limit']}"] if "mem_limit" in service else []
    options += [f"--cpus={service['cpus']}"] if "cpus" in service else []
    for volume in service.get("volumes", ()):
        source, place = volume.split(":/", 1)
        options.append(f"--volume={sources.get(source, source)}:/{place}")
    return options
