"""Replies written by hand, by what they answer: a file of blocks, each of example messages and of replies to them.

A message stands behind ``>``, words that make a message one of this block behind ``!``, between commas. Each other line
holds replies that say the same, in other words, between ``|``. A blank line ends a block, ``#`` begins a comment.
"""

from pathlib import Path
from typing import NamedTuple

from model.errors import ModelError
from model.files import loading


class Occasion(NamedTuple):
    """Messages that ask for the same, and groups of replies to all of them; those of a group say the same.

    A message with one of ``words``, one or several in a row in small letters, is of this occasion, whatever it says.
    """

    messages: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    words: frozenset[str] = frozenset()


def load_occasions(path: Path) -> list[Occasion]:
    """Load the blocks of a file. Raises ``ModelError`` where one lacks messages or replies."""
    with loading(path, "list of everyday replies", ModelError):
        blocks = path.read_text("utf-8").split("\n\n")
        found = [occasion for block in blocks if (occasion := _occasion(block)).messages or occasion.groups]
        if not found or not all(one.messages and one.groups and all(map(all, one.groups)) for one in found):
            raise ValueError("a block has no messages, no replies, or an empty one")
        return found


def _occasion(block: str) -> Occasion:
    lines = [line for line in block.splitlines() if line and not line.startswith("#")]
    messages = tuple(line[1:].strip() for line in lines if line.startswith(">"))
    words = frozenset(part.strip().lower() for line in lines if line[0] == "!" for part in line[1:].split(","))
    groups = (tuple(map(str.strip, line.split("|"))) for line in lines if line[0] not in ">!")
    return Occasion(messages, tuple(groups), words)
