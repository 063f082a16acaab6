"""What can be checked of a documented command that is not run: modules, options, targets, services, files."""

import argparse
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pkgutil import resolve_name
from typing import Any, NoReturn

import yaml

from app.settings import PREFIX, Settings, variable
from tests.docs.documented_commands import words
from tests.docs.test_links import ROOT

PACKAGES = ("app", "benchmarks", "examples", "model", "scripts")
# Words that begin so name files of the repository, made by no command.
FOLDERS = (*PACKAGES, "deploy", "docs", "tests")
OPERATORS = {"|", "&&", "||", ";", ">", ">>"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
EXTRAS: set[str] = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
# What `docker compose run train` runs.
TRAINING: list[str] = json.loads(
    re.findall(r"^ENTRYPOINT (.*)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)[0]
)


def faults(text: str) -> list[str]:
    """What is wrong with a command, as far as it can be told without running it."""
    command = words(text)
    found = [f"{name}: no such setting" for name in _unknown_settings(text)]
    for part in _parts(command):
        for check in CHECKS:
            found += check(part)
    return found


def _unknown_settings(text: str) -> set[str]:
    return set(re.findall(rf"{PREFIX}[A-Z_]+", text)) - {variable(name) for name in Settings.model_fields}


def _parts(command: Sequence[str]) -> Iterator[list[str]]:
    """The commands between pipes and the like, without the variables before them."""
    part: list[str] = []
    for word in [*command, ";"]:
        if word in OPERATORS:
            yield part
            part = []
        elif part or not re.match(r"[A-Z_]+=", word):
            part.append(word)


def _module_faults(part: Sequence[str]) -> list[str]:
    """Of what stands behind ``python -m``, or behind the ``-m`` of a profiler, or behind ``tsuzuki``."""
    part = _in_the_checkout(part)
    for i, (option, module) in enumerate(pairwise(part)):
        if option == "-m" and module.split(".")[0] in PACKAGES:
            if importlib.util.find_spec(module) is None:
                return [f"{module}: no such module"]
            given = [word.split("=")[0] for word in part[i + 2 :] if re.match(r"--[a-z]", word)]
            return [f"{module} has no {name}" for name in given if name not in _options(module)]
        if option == "-m" and part[0] == "python":
            return [f"{module}: no module of this project"]
    return []


def _in_the_checkout(part: Sequence[str]) -> list[str]:
    """A command of the package as one of the checkout."""
    if part[:1] == ["tsuzuki"] and part[1:] != ["--version"]:
        is_other = part[1:2] in (["train"], ["evaluate"])
        return ["python", "-m", f"model.{part[1]}" if is_other else "app", *part[2 if is_other else 1 :]]
    return [word.removeprefix("tsuzuki.") for word in part]


@cache
def _options(module: str) -> set[str]:
    """The options that ``--help`` of a module lists; none where it reads no arguments, for that might run it."""
    spec = importlib.util.find_spec(module)
    if spec is not None and spec.submodule_search_locations:
        spec = importlib.util.find_spec(f"{module}.__main__")
    assert spec is not None and spec.origin is not None
    with open(spec.origin, encoding="utf-8") as file:
        if "argparse" not in file.read() and module != "app":
            return set()
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(re.findall(r"--[a-z][a-z-]*", done.stdout))


def _profiler_faults(part: Sequence[str]) -> list[str]:
    """Of the names whose lines ``kernprof -p`` is to time."""
    if part[:1] != ["kernprof"]:
        return []
    named = [name for option, names in pairwise(part) if option == "-p" for name in names.split(",")]
    return [f"{name}: no such name" for name in named if not _resolves(name)]


def _resolves(name: str) -> bool:
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


def _file_faults(part: Sequence[str]) -> list[str]:
    paths = [word for word in part if re.match(rf"(?:{'|'.join(FOLDERS)})/", word)]
    return [f"{path}: no such file" for path in paths if not (ROOT / path).exists()]


def _make_faults(part: Sequence[str]) -> list[str]:
    if part[:1] != ["make"]:
        return []
    return [f"make has no target {word}" for word in part[1:] if "=" not in word and word not in TARGETS]


def _extra_faults(part: Sequence[str]) -> list[str]:
    """Of ``pip install -e '.[extra]'``; no index has this project."""
    if part[:1] != ["pip"]:
        return []
    own = [word for word in part if re.fullmatch(r"tsuzuki(\[.+\])?", word)]
    named = {extra for word in part for names in re.findall(r"\[(.+)\]", word) for extra in names.split(",")}
    return [f"{word}: is on no index" for word in own] + [f"no extra {extra}" for extra in named - EXTRAS]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _compose_parser() -> argparse.ArgumentParser:
    """As much of the arguments of ``docker compose`` as the pages use."""
    parser = _Parser(prog="docker compose", add_help=False)
    parser.add_argument("--profile", action="append", default=[])
    commands = parser.add_subparsers(dest="command", required=True)
    services = {name: commands.add_parser(name, add_help=False) for name in ("up", "build", "kill", "restart")}
    services["up"].add_argument("--scale", action="append", default=[])
    services["kill"].add_argument("-s", choices=["HUP", "TERM"])
    for each in services.values():
        each.add_argument("services", nargs="*")
    run = commands.add_parser("run", add_help=False)
    run.add_argument("--rm", action="store_true")
    run.add_argument("--entrypoint", default=" ".join(TRAINING))
    run.add_argument("services", nargs=1)
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _compose_faults(part: Sequence[str]) -> list[str]:
    if part[:2] != ["docker", "compose"]:
        return []
    try:
        options = _compose_parser().parse_args(part[2:])
    except ValueError as error:
        return [f"docker compose: {error}"]
    services: dict[str, dict[str, Any]] = COMPOSE["services"]
    profiles = {profile for service in services.values() for profile in service.get("profiles", ())}
    named = [*options.services, *(scale.split("=")[0] for scale in getattr(options, "scale", ()))]
    found = [f"no service {name}" for name in named if name not in services]
    found += [f"no profile {name}" for name in options.profile if name not in profiles]
    if options.command == "run" and not found:
        if options.services != ["train"] and "--entrypoint" not in part:
            return [f"{options.services[0]}: only train takes arguments"]
        found += _module_faults([*options.entrypoint.split(), *options.arguments])
    return found


def _docker_faults(part: Sequence[str]) -> list[str]:
    """Of the project's own volumes and of what is built."""
    if part[:1] != ["docker"]:
        return []
    volumes = {f"{COMPOSE['name']}_{volume}" for volume in COMPOSE["volumes"]}
    named = [word.split(":")[0] for option, word in pairwise(part) if option in ("-v", "--volume")]
    found = [f"no volume {name}" for name in named if "/" not in name and "$" not in name and name not in volumes]
    is_build = part[1:2] == ["build"] and len(part) > 2
    return found + ["no Dockerfile"] * (is_build and not (ROOT / part[-1] / "Dockerfile").exists())


CHECKS: tuple[Callable[[Sequence[str]], list[str]], ...] = (
    _module_faults,
    _profiler_faults,
    _file_faults,
    _make_faults,
    _extra_faults,
    _compose_faults,
    _docker_faults,
)
