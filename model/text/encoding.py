"""The encoding of documents as token ids."""

from typing import Any, Literal

import numpy as np

from model.arrays import IntArray
from model.text.tokens import LINE_END, TEXT_START, straight, tokens
from model.text.vocabulary import Vocabulary

# The most tokens before the cursor that suggestions depend on, unless a setting says otherwise: some four sentences,
# and about twice the stretch of 35 that a network is trained on at once. The bound also holds the cost of a new text.
CONTEXT_TOKENS = 64
# The share of line ends inside a document that are encoded as the start of a text, so that the network
# learns to begin anywhere, as it must when it sees only the sentence that is being typed.
FRESH_START_SHARE = 0.35

# The tokens of a sequence on its own.
Unit = Literal["words", "characters"]


def encode_documents(vocabulary: Vocabulary, fresh_starts: bool, batch: list[list[str]]) -> list[IntArray]:
    """Encode each document, a list of lines: a start, then the tokens of each line and a line end.

    With ``fresh_starts`` some line ends, ``FRESH_START_SHARE`` of them, are starts of a text instead.
    """
    rng = np.random.default_rng(len(batch))
    start, line_end = vocabulary.id_of(TEXT_START), vocabulary.id_of(LINE_END)
    encoded = []
    for lines in batch:
        ids = [start]
        for line in lines:
            ids += vocabulary.encode([token.form for token in tokens(line)])
            ids.append(start if fresh_starts and rng.random() < FRESH_START_SHARE else line_end)
        encoded.append(np.asarray(ids, dtype=id_type(len(vocabulary))))
    return encoded


def id_type(vocabulary_size: int) -> Any:
    """Choose the smallest unsigned integer that holds every id."""
    return np.uint16 if vocabulary_size <= 1 << 16 else np.uint32


def sequence_forms(text: str, unit: Unit) -> list[str]:
    """Cut a sequence into the forms of its words and marks, or into characters."""
    return list(straight(text)) if unit == "characters" else [token.form for token in tokens(text)]


def encode_sequence(vocabulary: Vocabulary, text: str, unit: Unit) -> list[int]:
    """Encode a sequence, without start or end."""
    forms = sequence_forms(text, unit)
    return [vocabulary.id_of(c) for c in forms] if unit == "characters" else vocabulary.encode(forms)
