"""Beam search for what was meant: states in the trie of all words, which grow by one letter a keystroke.

After the letters t₁…tₙ a state (node, cost) says that a word that begins as the node does may have been meant, and what
the typos on the way cost. Only the most promising states are kept, by the best word below the node: a beam. Candidates
come from here; how likely they are in context is scored elsewhere.
"""

from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.prefix_cache import PrefixCache
from model.search.typos.error_model import FIRST_LETTER_COST, ErrorCosts
from model.text.trie import LONGEST_KEY, Trie

MOST_EDITS = 2
# States kept. More find hardly more of what was meant, and take longer: measured in steps of two.
WIDTH = 400
# The highest −ln P(typed | meant) that is followed: two unlikely typos.
MOST_COST = 19.0


class States(NamedTuple):
    """S states: node, cost in nats, number of typos."""

    node: IntArray
    cost: FloatArray
    edits: IntArray


class Beam(NamedTuple):
    """The states after the letters typed, those one letter before, and the code of the last letter (−1: none)."""

    states: States
    before: States | None
    last: int


_START = Beam(States(np.zeros(1, np.int64), np.zeros(1, np.float32), np.zeros(1, np.int8)), None, -1)
_NOTHING = Beam(States(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int8)), None, -1)


class BeamSearch:
    """Beams by what was typed; the last ones are remembered. It belongs to one thread."""

    def __init__(self, trie: Trie, costs: ErrorCosts, most_entries: int = 1000) -> None:
        self.trie, self.costs = trie, costs
        self._kept: PrefixCache[str, Beam] = PrefixCache(most_entries)

    def after(self, key: str) -> Beam:
        """The beam after the letters of a folded key; an empty one where that is longer than any word."""
        if len(key) > LONGEST_KEY + MOST_EDITS:
            return _NOTHING
        length, beam = self._kept.longest(key)
        if beam is None:
            beam = _START
        codes = self.trie.encode(key)
        for end in range(length, len(key)):
            beam = self._extend(beam, codes[end])
            self._kept.put(key[: end + 1], beam)
        return beam

    def _extend(self, beam: Beam, typed: int) -> Beam:
        """One typed letter further: it was meant, meant for another, too many, or one was left out before it."""
        trie, costs, states = self.trie, self.costs, beam.states
        owner, child = trie.expand(states.node)
        letter = trie.character[child]
        parent = states.node[owner]
        so_far = states.cost[owner] + np.where(parent == 0, np.float32(FIRST_LETTER_COST), np.float32(0))
        edits = states.edits[owner]
        same = letter == typed
        typo = np.where(same, states.cost[owner], so_far + costs.substituted[typed, letter])
        found = [States(child, typo, edits + ~same)]
        # Too many: the node stays.
        added = costs.added[typed, trie.character[states.node]]
        first = np.where(states.node == 0, np.float32(FIRST_LETTER_COST), np.float32(0))
        found.append(States(states.node, states.cost + added + first, states.edits + 1))
        # One left out before it: the child is skipped, and a child of its is what was typed.
        able = np.flatnonzero((edits < MOST_EDITS) & (trie.children[child] > 0))
        cost = so_far[able] + costs.missed[letter[able], trie.character[parent[able]]]
        able, cost = able[cost < MOST_COST], cost[cost < MOST_COST]
        place, grandchild = self._children_by_letter(child[able], typed)
        found.append(States(grandchild, cost[place], edits[able][place] + 1))
        if beam.before is not None and beam.last != typed:
            found.append(self._transposed(beam.before, beam.last, typed))
        return Beam(self._keep(found), states, typed)

    def _transposed(self, before: States, first: int, second: int) -> States:
        """States two letters on from ``before``, for two letters that changed places."""
        able = np.flatnonzero(before.edits < MOST_EDITS)
        owner, child = self._children_by_letter(before.node[able], second)
        place, grandchild = self._children_by_letter(child, first)
        origin = able[owner[place]]
        first_letter = np.where(before.node[origin] == 0, np.float32(FIRST_LETTER_COST), np.float32(0))
        cost = before.cost[origin] + first_letter + np.float32(self.costs.transposed)
        return States(grandchild, cost, before.edits[origin] + 1)

    def _children_by_letter(self, nodes: IntArray, letter: int) -> tuple[IntArray, IntArray]:
        """Of each node the child with this letter, where there is one: which node, and the child's number."""
        owner, child = self.trie.expand(nodes)
        fits = np.flatnonzero(self.trie.character[child] == letter)
        return owner[fits], child[fits]

    def _keep(self, found: list[States]) -> States:
        """The best state of each node, and of those the most promising; always what has no typo."""
        node = np.concatenate([states.node for states in found])
        cost = np.concatenate([states.cost for states in found])
        edits = np.concatenate([states.edits for states in found])
        promise = self.trie.best[node] - cost
        fits = np.flatnonzero((edits <= MOST_EDITS) & (cost < MOST_COST))
        # Twice as many as are kept: the same node may come more than once.
        if len(fits) > 2 * WIDTH:
            best = np.argpartition(-promise[fits], 2 * WIDTH)[: 2 * WIDTH]
            exact = np.flatnonzero(edits[fits] == 0)
            fits = fits[np.concatenate([exact, best])]
        fits = fits[np.argsort(cost[fits], kind="stable")]
        _, once = np.unique(node[fits], return_index=True)
        fits = fits[once]
        if len(fits) > WIDTH:
            rank = np.where(edits[fits] == 0, np.float32(np.inf), promise[fits])
            fits = fits[np.argpartition(-rank, WIDTH)[:WIDTH]]
        # As small as can be: those after many keys are remembered.
        return States(node[fits].astype(np.int32), cost[fits], edits[fits].astype(np.int8))

    def endings(self, states: States) -> States:
        """States for whole words: those given, and those behind one more letter that was left out at the end."""
        trie, able = self.trie, np.flatnonzero(states.edits < MOST_EDITS)
        owner, child = trie.expand(states.node[able])
        origin = able[owner]
        first = np.where(states.node[origin] == 0, np.float32(FIRST_LETTER_COST), np.float32(0))
        missed = self.costs.missed[trie.character[child], trie.character[states.node[origin]]]
        cost = states.cost[origin] + missed + first
        more = States(child, cost, states.edits[origin] + 1)
        everything = [np.concatenate(pair) for pair in zip(states, more, strict=True)]
        order = np.argsort(everything[1], kind="stable")
        _, once = np.unique(everything[0][order], return_index=True)
        kept = order[once]
        return States(*(array[kept] for array in everything))
