"""Files: atomic writes, faults of reading as one-line errors, and word lists."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from model.errors import UserError

# AttributeError and TypeError: safetensors holds kinds of numbers that NumPy does not have.
_FAULTS = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, SafetensorError)


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that neither a reader nor a crash ever meets half of it."""
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def loading(path: Path, kind: str, error: type[UserError] = UserError) -> Iterator[None]:
    """Raise whatever is wrong with a file as ``error``: ``PATH: not a readable KIND: REASON``.

    Of a ``UserError`` from inside only the path is added: it says the rest already.
    """
    try:
        yield
    except UserError as fault:
        raise error(f"{path}: {fault}") from None
    except _FAULTS as fault:
        raise error(f"{path}: not a readable {kind}: {getattr(fault, 'strerror', None) or fault}") from None


def load_word_list(path: Path) -> list[str]:
    """Load a list of words, one a line, in UTF-8.

    Blank lines and those that begin with ``#`` are left out, as are quotes around a word and what follows it behind
    ``->`` (codespell's lists say there what a misspelling stands for).
    """
    with loading(path, "list of words"):
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    words = (line.partition("->")[0].strip(' "') for line in lines if not line.startswith("#"))
    return [word for word in words if word]
