"""LRU cache of recurrent states and of logits by their contexts, and of the inputs of tokens; bounded in bytes."""

from typing import NamedTuple

from model.arrays import FloatArray
from model.nn.inference import LazyLogits
from model.prefix_cache import PrefixCache

Context = tuple[int, ...]


# The bytes of a key and its place in the dictionary, beside the arrays: measured, and rounded up.
_ENTRY_BYTES = 400
_TOKEN_BYTES = 8
# The parts of the bound that the inputs of tokens may take, and the logits. Most tokens of a text are of the thousand
# commonest; and fewer words are typed at a time than texts are remembered.
INPUTS_SHARE, LOGITS_SHARE = 2 / 3, 1 / 12


class Entry(NamedTuple):
    """The state (S,) after a context, and the projected output (E,) once it was asked for."""

    state: FloatArray
    output: FloatArray | None = None


class StateCache:
    """The states and logits after contexts and the inputs of tokens, together at most ``most_bytes``."""

    def __init__(self, most_bytes: int) -> None:
        for_inputs, for_logits = int(INPUTS_SHARE * most_bytes), int(LOGITS_SHARE * most_bytes)
        self._entries: PrefixCache[Context, Entry] = PrefixCache(most_bytes - for_inputs - for_logits)
        self._logits: PrefixCache[Context, LazyLogits] = PrefixCache(for_logits)
        self._inputs: PrefixCache[int, FloatArray] = PrefixCache(for_inputs)

    @property
    def bytes(self) -> int:
        """How much is taken."""
        return self._entries.size + self._logits.size + self._inputs.size

    def get(self, context: Context) -> Entry | None:
        """Return the entry of exactly this context."""
        return self._entries.get(context)

    def longest(self, context: Context) -> tuple[int, Entry | None]:
        """The longest beginning of ``context`` that is kept: its length (0 where there is none) and its entry."""
        return self._entries.longest(context)

    def put(self, context: Context, entry: Entry) -> None:
        """Keep an entry."""
        size = entry.state.nbytes + (0 if entry.output is None else entry.output.nbytes)
        self._entries.put(context, entry, size + _key_bytes(context))

    def logits(self, context: Context) -> LazyLogits | None:
        """Return the logits after exactly this context, where a word is typed."""
        return self._logits.get(context)

    def put_logits(self, context: Context, logits: LazyLogits) -> None:
        """Keep the logits after a context."""
        self._logits.put(context, logits, logits.most_bytes + _key_bytes(context))

    def inputs(self, token: int) -> FloatArray | None:
        """Return what a token says to a step, x W_in + b (G·H,), whatever stands before it."""
        return self._inputs.get(token)

    def put_inputs(self, token: int, inputs: FloatArray) -> None:
        """Keep the inputs of a token."""
        self._inputs.put(token, inputs, inputs.nbytes + _ENTRY_BYTES)


def _key_bytes(context: Context) -> int:
    return len(context) * _TOKEN_BYTES + _ENTRY_BYTES
