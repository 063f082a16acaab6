"""The commonest words with the typed beginning, whatever stands before."""

import heapq

from benchmarks.peers.words import Words
from model.evaluate.simulated_typing import STRIPS, Offer


class Frequency:
    """Suggests by how often words are written."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._total = sum(words.counts.values())

    def suggest(self, text: str, letters: int) -> list[Offer]:
        """Suggest the commonest words with these letters."""
        found = self._words.beginning_with(text[len(text) - letters :])
        best = heapq.nlargest(STRIPS[-1], found, key=lambda word: self._words.counts[word])
        return [Offer(word, self._words.counts[word] / self._total) for word in best]
