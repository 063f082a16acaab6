"""Pairs of sequences as text: a message, a tab and its reply a line."""

from pathlib import Path

from model.errors import UserError
from model.text.corpus import raw_lines
from model.text.tokens import Token, tokens

# A message and its reply.
TextPair = tuple[str, str]
# The tokens at the end of a message that are read: longer ones are rarely answered in a few words.
LONGEST_MESSAGE = 60


def load_pairs(file: Path) -> list[TextPair]:
    """Load the pairs of a file: a message, a tab and a reply a line. Raises ``UserError`` for a line that is none."""
    pairs = []
    for number, line in enumerate(raw_lines(file), 1):
        parts = line.rstrip("\n").split("\t")
        if len(parts) != 2:
            raise UserError(f"{file}, line {number}: {len(parts) - 1} tabs, not one between message and reply")
        pairs.append((parts[0], parts[1]))
    return pairs


def message_end(message: str) -> list[Token]:
    """Return the last tokens of a message, those that are read."""
    return list(tokens(message))[-LONGEST_MESSAGE:]


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return [token.form.lower() for token in tokens(text) if token.is_word]


def normal(reply: str) -> str:
    """Return a reply, whatever its marks and letter case: the words of it."""
    return " ".join(words(reply))
