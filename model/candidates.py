"""Which words may have been meant: the rows of vocabulary and lexicon that the frontier reaches.

Generating is apart from scoring: here only the letters and how frequent words are count, not the context.
"""

from typing import NamedTuple

import numpy as np

from model.frontier import Frontier, FrontierSearch, States
from model.network import FloatArray, IntArray
from model.spelling import Lexicon
from model.strings import Strings
from model.text import UNKNOWN
from model.trie import Trie
from model.typing_errors import ErrorCosts, most_edits
from model.vocabulary import Vocabulary

# Nodes of the frontier whose words are looked at, words looked at below them, and words handed on to be scored.
_MOST_NODES = 64
_MOST_LOOKED_AT = 6000
MOST_CANDIDATES = 120


class Candidates(NamedTuple):
    """Words that may have been meant: numbers as in ``WordTable``, and −ln P(typed | word)."""

    words: IntArray
    cost: FloatArray


class WordTable:
    """Vocabulary and lexicon in one trie.

    A word's number is its id in the vocabulary, or V and more for those of the lexicon. ``word[row]`` is the word of
    a row of the trie, ``log_p[row]`` its context-free probability; ``spelling[word]`` is one number for all words that
    differ in case only.
    """

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        V, first = len(vocabulary), vocabulary.first_word
        counts = np.asarray(vocabulary.counts, dtype=np.float64) + 0.5
        self.log_counts: FloatArray = np.log(counts / counts.sum())
        log_counts = self.log_counts
        unknown = vocabulary.id_of(UNKNOWN)
        keys = [*vocabulary.keys, *lexicon.words.keys]
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
        words = np.concatenate([np.arange(first, V), V + np.arange(len(lexicon.words))])
        log_p = np.concatenate([log_counts[first:], log_counts[unknown] + lexicon.log_probability])
        self.vocabulary_size = V
        self.lexicon = lexicon
        self.forms = Strings([*vocabulary.forms, *lexicon.words.forms])
        spelled: dict[str, int] = {}
        self.spelling: IntArray = np.array(
            [spelled.setdefault(form.casefold(), i) for i, form in enumerate(self.forms)], dtype=np.int32
        )
        self.word: IntArray = words[order].astype(np.int32)
        self.log_p: FloatArray = log_p[order].astype(np.float32)
        self.trie = Trie([keys[i] for i in order.tolist()], self.log_p)
        # Σ of P(word | unknown) of the lexicon's words in rows before each one.
        share = np.where(self.word >= V, np.exp(self.log_p.astype(np.float64) - log_counts[unknown]), 0)
        self.lexicon_share: FloatArray = np.concatenate([[0.0], np.cumsum(share)])

    def search(self, layout: str) -> FrontierSearch:
        """A search over the table's trie."""
        return FrontierSearch(self.trie, ErrorCosts(self.trie.alphabet, layout))

    def literal_rows(self, frontier: Frontier) -> range:
        """The rows of the words that begin as was typed."""
        node = self._literal_node(frontier)
        return range(0) if node is None else range(int(self.trie.low[node]), int(self.trie.high[node]))

    def exact_words(self, frontier: Frontier) -> IntArray:
        """The words whose key is what was typed."""
        node = self._literal_node(frontier)
        return self.word[:0] if node is None else self.word[self.trie.low[node] : self.trie.exact[node]]

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

    def whole_words(self, search: FrontierSearch, frontier: Frontier, letters: int) -> Candidates:
        """The likeliest words that the letters, all of them, were meant for; those without a slip among them."""
        states, trie = search.endings(frontier.states), self.trie
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
        score = self.log_p[rows] - cost
        if len(rows) > MOST_CANDIDATES:
            best = np.argpartition(-score, MOST_CANDIDATES)[:MOST_CANDIDATES]
            rows, cost = rows[best], cost[best]
        order = np.argsort(cost, kind="stable")
        _, once = np.unique(rows[order], return_index=True)
        kept = order[once]
        return Candidates(self.word[rows[kept]], cost[kept])
