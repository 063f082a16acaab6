"""Candidates: the words that typed letters may have been meant for, of vocabulary and lexicon or of another list.

Generating is apart from scoring: here only the letters and how frequent words are count, not the context.
"""

from typing import NamedTuple, Protocol

import numpy as np

from model.arrays import FloatArray, IntArray
from model.search.typos.beam_search import Beam, BeamSearch, States
from model.search.typos.error_model import FIRST_LETTER_COST, ErrorCosts, most_edits
from model.text.trie import Trie

# Nodes of the beam whose words are looked at, words looked at below them, and words handed on to be scored.
_MOST_NODES = 64
_MOST_LOOKED_AT = 6000
MOST_CANDIDATES = 120
# Costs are float32.
_ROUNDING = 1e-3


class Candidates(NamedTuple):
    """Words that may have been meant: their numbers, and −ln P(typed | word)."""

    words: IntArray
    cost: FloatArray


NO_CANDIDATES = Candidates(np.zeros(0, np.int64), np.zeros(0, np.float32))


class Words(Protocol):
    """Words in a trie: ``word[row]`` is the number of the word of a row, ``log_p[row]`` its probability."""

    @property
    def trie(self) -> Trie: ...  # noqa: D102

    @property
    def word(self) -> IntArray: ...  # noqa: D102

    @property
    def log_p(self) -> FloatArray: ...  # noqa: D102


class CandidateSearch:
    """Finds words by the folded letters typed, and remembers ``kept`` beams. It belongs to one thread."""

    def __init__(self, words: Words, layout: str, kept: int = 1000) -> None:
        self.index, self.trie = words, words.trie
        self.beams = BeamSearch(self.trie, ErrorCosts(self.trie.alphabet, layout), kept)

    def literal_rows(self, key: str) -> range:
        """The rows of the words that begin with the typed letters."""
        node = _literal_node(self.beams.after(key))
        return range(0) if node is None else range(int(self.trie.low[node]), int(self.trie.high[node]))

    def exact_words(self, key: str) -> IntArray:
        """The words whose key is the typed one."""
        node = _literal_node(self.beams.after(key))
        return self.index.word[:0] if node is None else self.index.word[self.trie.low[node] : self.trie.exact[node]]

    def completions(self, key: str) -> Candidates:
        """The likeliest words whose beginning was typed with a typo, without those that begin as typed."""
        states, trie = self.beams.after(key).states, self.trie
        is_typo = (states.edits > 0) & (states.edits <= most_edits(len(key)))
        if len(key) == 2:
            # Two letters say too little for any typo but that they changed places: ht, uo, si. Which of them was first
            # is then no question of how well the first letter is guarded.
            is_typo &= np.abs(states.cost - np.float32(self.beams.costs.transposed + FIRST_LETTER_COST)) < _ROUNDING
            states = states._replace(cost=states.cost - np.float32(FIRST_LETTER_COST))
        able = np.flatnonzero(is_typo & (states.node > 0))
        promise = trie.best[states.node[able]] - states.cost[able]
        able = able[np.argsort(-promise)[:_MOST_NODES]]
        chosen = States(states.node[able], states.cost[able], states.edits[able])
        return self._best(chosen, trie.low[chosen.node], trie.high[chosen.node], self.literal_rows(key))

    def whole_words(self, key: str) -> Candidates:
        """The likeliest words that all of the letters may stand for, with a typo or without."""
        states, trie = self.beams.endings(self.beams.after(key).states), self.trie
        able = (states.edits <= most_edits(len(key))) & (trie.exact[states.node] > trie.low[states.node])
        chosen = States(states.node[able], states.cost[able], states.edits[able])
        return self._best(chosen, trie.low[chosen.node], trie.exact[chosen.node], range(0))

    def _best(self, states: States, low: IntArray, high: IntArray, excluded: range) -> Candidates:
        """The best rows of some ranges, each row once, at its lowest cost."""
        sizes = np.minimum(high - low, _MOST_LOOKED_AT)
        fit = int(np.searchsorted(np.cumsum(sizes), _MOST_LOOKED_AT)) + 1
        sizes, low, costs = sizes[:fit], low[:fit], states.cost[:fit]
        ends = np.cumsum(sizes)
        rows = np.repeat(low - (ends - sizes), sizes) + np.arange(int(ends[-1]) if len(ends) else 0)
        cost = np.repeat(costs, sizes)
        if len(excluded):
            beside = (rows < excluded.start) | (rows >= excluded.stop)
            rows, cost = rows[beside], cost[beside]
        score = self.index.log_p[rows] - cost
        if len(rows) > MOST_CANDIDATES:
            best = np.argpartition(-score, MOST_CANDIDATES)[:MOST_CANDIDATES]
            rows, cost = rows[best], cost[best]
        order = np.argsort(cost, kind="stable")
        _, once = np.unique(rows[order], return_index=True)
        kept = order[once]
        return Candidates(self.index.word[rows[kept]], cost[kept])


def _literal_node(beam: Beam) -> int | None:
    exact = np.flatnonzero(beam.states.edits == 0)
    return int(beam.states.node[exact[0]]) if len(exact) else None
