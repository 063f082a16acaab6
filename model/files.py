"""Files: atomic writes, and lists of words."""

import os
from pathlib import Path

from model.errors import UserError


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that a reader or a crash never meets half of it."""
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_word_list(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text("utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a readable list of words: {error}") from None
