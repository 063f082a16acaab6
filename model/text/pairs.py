"""Pairs of sequences as text: a message, a tab and its reply a line."""

from pathlib import Path

from model.errors import UserError
from model.text.corpus import raw_lines

# A message and its reply.
TextPair = tuple[str, str]


def load_pairs(file: Path) -> list[TextPair]:
    """Load the pairs of a file: a message, a tab and a reply a line. Raises ``UserError`` for a line that is none."""
    pairs = []
    for number, line in enumerate(raw_lines(file), 1):
        parts = line.rstrip("\n").split("\t")
        if len(parts) != 2:
            raise UserError(f"{file}, line {number}: {len(parts) - 1} tabs, not one between message and reply")
        pairs.append((parts[0], parts[1]))
    return pairs
