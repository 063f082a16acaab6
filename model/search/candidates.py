"""Which words may have been meant: the rows of vocabulary and lexicon that the frontier reaches.

Generating is apart from scoring: here only the letters and how frequent words are count, not the context.
"""

from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.word_index import WordTable
from model.search.beam_search import Frontier, FrontierSearch, States
from model.search.error_model import ErrorCosts, most_edits

# Nodes of the frontier whose words are looked at, words looked at below them, and words handed on to be scored.
_MOST_NODES = 64
_MOST_LOOKED_AT = 6000
MOST_CANDIDATES = 120


class Candidates(NamedTuple):
    """Words that may have been meant: numbers as in ``WordTable``, and −ln P(typed | word)."""

    words: IntArray
    cost: FloatArray


class CandidateSearch:
    """The words of an index that typed letters may have been meant for. It belongs to one thread."""

    def __init__(self, index: WordTable, layout: str) -> None:
        self.index, self.trie = index, index.trie
        self.search = FrontierSearch(self.trie, ErrorCosts(self.trie.alphabet, layout))

    def literal_rows(self, frontier: Frontier) -> range:
        """The rows of the words that begin as was typed."""
        node = self._literal_node(frontier)
        return range(0) if node is None else range(int(self.trie.low[node]), int(self.trie.high[node]))

    def exact_words(self, frontier: Frontier) -> IntArray:
        """The words whose key is what was typed."""
        node = self._literal_node(frontier)
        return self.index.word[:0] if node is None else self.index.word[self.trie.low[node] : self.trie.exact[node]]

    def _literal_node(self, frontier: Frontier) -> int | None:
        exact = np.flatnonzero(frontier.states.edits == 0)
        return int(frontier.states.node[exact[0]]) if len(exact) else None

    def completions(self, frontier: Frontier, letters: int, literal: range) -> Candidates:
        """The likeliest words that begin with something that the letters were a slip for, beside the literal ones."""
        states, trie = frontier.states, self.trie
        able = np.flatnonzero((states.edits > 0) & (states.edits <= most_edits(letters)) & (states.node > 0))
        promise = trie.best[states.node[able]] - states.cost[able]
        able = able[np.argsort(-promise)[:_MOST_NODES]]
        chosen = States(states.node[able], states.cost[able], states.edits[able])
        return self._rows(chosen, trie.low[chosen.node], trie.high[chosen.node], literal)

    def whole_words(self, frontier: Frontier, letters: int) -> Candidates:
        """The likeliest words that the letters, all of them, were meant for; those without a slip among them."""
        states, trie = self.search.endings(frontier.states), self.trie
        able = (states.edits <= most_edits(letters)) & (trie.exact[states.node] > trie.low[states.node])
        chosen = States(states.node[able], states.cost[able], states.edits[able])
        return self._rows(chosen, trie.low[chosen.node], trie.exact[chosen.node], range(0))

    def _rows(self, states: States, low: IntArray, high: IntArray, but: range) -> Candidates:
        """The best rows of some ranges, each row once, at its lowest cost."""
        sizes = np.minimum(high - low, _MOST_LOOKED_AT)
        fit = int(np.searchsorted(np.cumsum(sizes), _MOST_LOOKED_AT)) + 1
        sizes, low, costs = sizes[:fit], low[:fit], states.cost[:fit]
        ends = np.cumsum(sizes)
        rows = np.repeat(low - (ends - sizes), sizes) + np.arange(int(ends[-1]) if len(ends) else 0)
        cost = np.repeat(costs, sizes)
        if len(but):
            beside = (rows < but.start) | (rows >= but.stop)
            rows, cost = rows[beside], cost[beside]
        score = self.index.log_p[rows] - cost
        if len(rows) > MOST_CANDIDATES:
            best = np.argpartition(-score, MOST_CANDIDATES)[:MOST_CANDIDATES]
            rows, cost = rows[best], cost[best]
        order = np.argsort(cost, kind="stable")
        _, once = np.unique(rows[order], return_index=True)
        kept = order[once]
        return Candidates(self.index.word[rows[kept]], cost[kept])
