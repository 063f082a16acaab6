"""Kneser-Ney smoothing in plain dictionaries: slow, and what the real one is compared with."""

from model.text.tokens import TEXT_START
from model.text.vocabulary import Vocabulary

Gram = tuple[int, ...]
Text = tuple[list[int], float]

VOCABULARY = Vocabulary.from_counts({".": 5}, {"a": 9, "bee": 8, "cat": 7, "dog": 6, "eel": 5}, {})
V, START = len(VOCABULARY), VOCABULARY.id_of(TEXT_START)


class KneserNey:
    """Interpolated Kneser-Ney smoothing with three discounts and weighted counts (Chen & Goodman 1999).

    An n-gram of four tokens, and a shorter one that begins a text, has the number of its occurrences and the sum
    of the weights of their sources. Any other has one for each different token before it, weighted with the mean
    weight of the n-gram that this token and it make.
    """

    def __init__(self, texts: list[Text]) -> None:
        self.times: dict[Gram, int] = {}
        self.weight: dict[Gram, float] = {}
        for order in (4, 3, 2, 1):
            for text, weight in texts:
                for i in range(len(text) - order + 1):
                    gram = tuple(text[i : i + order])
                    begins = gram[0] == START and order > 1
                    if (order == 4 or begins) and START not in gram[1:]:
                        self.add(gram, weight)
            for longer in [gram for gram in self.times if len(gram) == order + 1]:
                self.add(longer[1:], self.weight[longer] / self.times[longer])
        self.discounts = {order: self.discount(order) for order in (1, 2, 3, 4)}
        self.known = {gram[:-1] for gram in self.times}

    def add(self, gram: Gram, weight: float) -> None:
        self.times[gram] = self.times.get(gram, 0) + 1
        self.weight[gram] = self.weight.get(gram, 0.0) + weight

    def discount(self, order: int) -> tuple[float, float, float]:
        """What is taken from an n-gram that was seen once, twice, and more often."""
        seen = [times for gram, times in self.times.items() if len(gram) == order]
        n1, n2, n3, n4 = (max(1, seen.count(times)) for times in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        return max(0, 1 - 2 * y * n2 / n1), max(0, 2 - 3 * y * n3 / n2), max(0, 3 - 4 * y * n4 / n3)

    def value(self, gram: Gram) -> float:
        """What the n-gram itself gives to P(last token | the others)."""
        times = self.times.get(gram)
        if times is None:
            return 0.0
        kept = 1 - self.discounts[len(gram)][min(times, 3) - 1] / times
        total = sum(self.weight.get((*gram[:-1], token), 0.0) for token in range(V))
        return self.weight[gram] * kept / total

    def p(self, token: int, context: Gram) -> float:
        if context and context not in self.known:
            return self.p(token, context[1:])
        rest = 1 - sum(self.value((*context, other)) for other in range(V))
        shorter = self.p(token, context[1:]) if context else 1 / V
        return self.value((*context, token)) + rest * shorter
