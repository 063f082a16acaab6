"""The build backend of the Python package: setuptools, but for where the wheel has its modules.

In the repository ``app`` and ``model`` lie side by side. An installed package must not own such names, so the wheel
is built from a copy in which both lie in the package ``tsuzuki``, with their imports rewritten to fit. The source
distribution and the editable installation have everything as it lies in the repository.
"""

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

# Without prepare_metadata_for_build_wheel: the metadata are taken from the wheel, which alone has the right modules.
__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

PACKAGE = "tsuzuki"
MOVED = ("app", "model")
# What setuptools reads beside the modules.
FILES = ("pyproject.toml", "LICENSE", "packages/python")
# What the texts of the program name: commands of the repository, for which the package has others.
COMMANDS = (
    (re.compile(r"python -m model\.(train|evaluate)\b(?!\.)"), rf"{PACKAGE} \1"),
    (re.compile(r"python -m app\b(?!\.)"), PACKAGE),
    (re.compile(r"python -m (app|model)\."), rf"python -m {PACKAGE}.\1."),
)
# Functions that take the name of a package.
_TAKES_A_NAME = frozenset({"files", "import_module", "find_spec"})


class Insertion(NamedTuple):
    """Bytes to put into a line, both counted from 0: the parser counts so."""

    line: int
    place: int
    text: bytes


def moved(source: str) -> str:
    """Rewrite a module for its place in the package: imports, names of packages, and the commands that texts name.

    Raises ``ValueError`` for an import that cannot be rewritten in its place.
    """
    lines = source.encode().splitlines(keepends=True)
    insertions = sorted(found for node in ast.walk(ast.parse(source)) for found in _insertions(node, lines))
    for line, place, added in reversed(insertions):
        lines[line] = lines[line][:place] + added + lines[line][place:]
    text = b"".join(lines).decode()
    for command, replacement in COMMANDS:
        text = command.sub(replacement, text)
    return text


def _insertions(node: ast.AST, lines: list[bytes]) -> Iterator[Insertion]:
    if isinstance(node, ast.ImportFrom) and not node.level and _is_moved(node.module or ""):
        place = lines[node.lineno - 1].index(f"from {node.module}".encode(), node.col_offset) + len("from ")
        yield Insertion(node.lineno - 1, place, f"{PACKAGE}.".encode())
    elif isinstance(node, ast.Import) and any(_is_moved(alias.name) for alias in node.names):
        (alias, *others) = node.names
        if others or "." in alias.name:
            raise ValueError(f"{ast.unparse(node)}: write `import app`, or import a name from the module")
        yield Insertion(node.lineno - 1, node.col_offset, f"from {PACKAGE} ".encode())
    elif isinstance(node, ast.Call) and _called(node) in _TAKES_A_NAME:
        for argument in node.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and _is_moved(argument.value):
                # Behind the quote.
                yield Insertion(argument.lineno - 1, argument.col_offset + 1, f"{PACKAGE}.".encode())


def _is_moved(module: str) -> bool:
    return module.partition(".")[0] in MOVED


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def stage(root: Path, folder: Path) -> None:
    """Copy what the wheel is built from, with each module in its place in the package."""
    ignored = shutil.ignore_patterns("__pycache__", ".*", "*.part")
    for name in FILES:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=ignored)
        else:
            shutil.copy2(root / name, folder / name)
    shutil.copytree(root / PACKAGE, folder / PACKAGE, ignore=ignored)
    for name in MOVED:
        shutil.copytree(root / name, folder / PACKAGE / name, ignore=ignored)
    for module in (folder / PACKAGE).rglob("*.py"):
        module.write_text(moved(module.read_text("utf-8")), "utf-8")


@contextmanager
def _staged() -> Iterator[None]:
    """Work in such a copy; a backend is called in the folder of its pyproject.toml."""
    root = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="tsuzuki-wheel-") as folder:
        stage(root, Path(folder))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(root)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build the wheel from the copy; returns its file name."""
    wheels = Path(wheel_directory).resolve()
    with _staged():
        name: str = build_meta.build_wheel(str(wheels), config_settings)
    return name
