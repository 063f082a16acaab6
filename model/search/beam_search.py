"""The search for what was meant: a frontier in the trie that grows by one letter a keystroke.

After the letters t₁…tₙ a state (node, cost) says that a word that begins as the node does may have been meant, and what
the slips on the way cost. Only the most promising states are kept, by the best word below the node: a beam. Candidates
come from here; how likely they are in context is scored elsewhere.
"""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.search.error_model import FIRST_LETTER_COST, ErrorCosts
from model.text.trie import LONGEST_KEY, Trie

MOST_EDITS = 2
# States kept. More find hardly more of what was meant, and take longer: measured in steps of two.
BEAM = 400
# What −ln P(typed | meant) may come to: two unlikely slips.
MOST_COST = 19.0


class States(NamedTuple):
    """S states: node, cost in nats, number of slips."""

    node: IntArray
    cost: FloatArray
    edits: IntArray


class Frontier(NamedTuple):
    """The states after the letters typed, those one letter before, and the code of the last letter (−1: none)."""

    states: States
    before: States | None
    last: int


def _start() -> Frontier:
    root = States(np.zeros(1, np.int64), np.zeros(1, np.float32), np.zeros(1, np.int8))
    return Frontier(root, None, -1)


_NOTHING = Frontier(States(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int8)), None, -1)


class FrontierSearch:
    """Frontiers by what was typed; the last ones are remembered. It belongs to one thread."""

    def __init__(self, trie: Trie, costs: ErrorCosts, most_entries: int = 1000) -> None:
        self.trie, self.costs, self._most = trie, costs, most_entries
        self._kept: OrderedDict[str, Frontier] = OrderedDict({"": _start()})

    def after(self, key: str) -> Frontier:
        """The frontier after the letters of a folded key; an empty one where that is longer than any word."""
        if len(key) > LONGEST_KEY + MOST_EDITS:
            return _NOTHING
        length = len(key)
        while key[:length] not in self._kept:
            length -= 1
        frontier = self._kept[key[:length]]
        codes = self.trie.encode(key)
        for end in range(length, len(key)):
            frontier = self._extend(frontier, codes[end])
            self._kept[key[: end + 1]] = frontier
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            oldest = next(iter(self._kept))
            if oldest:
                del self._kept[oldest]
            else:
                self._kept.move_to_end("")
        return frontier

    def _extend(self, frontier: Frontier, typed: int) -> Frontier:
        """One typed letter further: it was meant, meant for another, too many, or one was left out before it."""
        trie, costs, states = self.trie, self.costs, frontier.states
        owner, child = trie.expand(states.node)
        letter = trie.character[child]
        parent = states.node[owner]
        so_far = states.cost[owner] + np.where(parent == 0, np.float32(FIRST_LETTER_COST), np.float32(0))
        edits = states.edits[owner]
        same = letter == typed
        slip = np.where(same, states.cost[owner], so_far + costs.substituted[typed, letter])
        found = [States(child, slip, edits + ~same)]
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
        if frontier.before is not None and frontier.last != typed:
            found.append(self._transposed(frontier.before, frontier.last, typed))
        return Frontier(self._keep(found), states, typed)

    def _transposed(self, before: States, first: int, second: int) -> States:
        """From two letters ago: the two typed since changed places."""
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
        """The best state of each node, and of those the most promising; always what has no slip."""
        node = np.concatenate([states.node for states in found])
        cost = np.concatenate([states.cost for states in found])
        edits = np.concatenate([states.edits for states in found])
        promise = self.trie.best[node] - cost
        fits = np.flatnonzero((edits <= MOST_EDITS) & (cost < MOST_COST))
        # Twice as many as are kept: the same node may come more than once.
        if len(fits) > 2 * BEAM:
            best = np.argpartition(-promise[fits], 2 * BEAM)[: 2 * BEAM]
            exact = np.flatnonzero(edits[fits] == 0)
            fits = fits[np.concatenate([exact, best])]
        fits = fits[np.argsort(cost[fits], kind="stable")]
        _, once = np.unique(node[fits], return_index=True)
        fits = fits[once]
        if len(fits) > BEAM:
            rank = np.where(edits[fits] == 0, np.float32(np.inf), promise[fits])
            fits = fits[np.argpartition(-rank, BEAM)[:BEAM]]
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
