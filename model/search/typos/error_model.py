"""The error model: P(typed | meant), a noisy channel over letters with a rate for each kind of typo.

Kernighan, Church & Gale, "A spelling correction program based on a noisy channel model" (1990); substitutions are
weighted by the keyboard and by vowels, and doubled letters counted apart: a few of the edits of Brill & Moore, "An
improved error model for noisy channel spelling correction" (2000). Costs are −ln P, in nats.
"""

import math
from collections.abc import Sequence

import numpy as np

from model.arrays import FloatArray
from model.search.typos.keyboards import DEFAULT_LAYOUT, neighbours

VOWELS = frozenset("aeiouy")


# All rates. The shares are of single typos, as `scripts/estimate_typos.py` counts them in codespell's list of
# misspellings (CC BY-SA 3.0, github.com/codespell-project/codespell); what else there is says where it is from.
RATES = {
    # The share of letters that are typed wrongly: 2.3 % stay uncorrected on phones (Palin et al., "How do people type
    # on mobile devices?", 2019).
    "a letter": 0.023,
    "transposition": 0.186,
    "missed": 0.178,
    "added": 0.129,
    "missed vowel": 0.123,
    "doubled": 0.091,
    "vowel for vowel": 0.086,
    # 0.062 in the list, which is of what survived a second look; fingers that miss a key are the commonest typo where
    # there was none (Palin et al. 2019).
    "near key": 0.150,
    "added, near key": 0.061,
    "other letter": 0.050,
    "missed, of a double": 0.035,
    "on the first letter": 0.017,
    # Of letters in English text, roughly: where a typo of a kind can happen at all.
    "vowels": 0.40,
    "doubles": 0.025,
    "letters of a word": 7.0,
    # Guesses, on the bold side for what people leave out to save effort.
    "missed apostrophe": 0.10,
    "missed accent": 0.50,
    "missed space": 0.002,
    "stray space": 0.0005,
    "missed capital": 0.20,
    "stray capital": 0.002,
}
# How much the first letter is better guarded than the others, as a cost.
FIRST_LETTER_COST = -math.log(RATES["on the first letter"] * RATES["letters of a word"])


def cost(*rates: str) -> float:
    """−ln of a product of rates."""
    return -sum(math.log(RATES[rate]) for rate in rates)


def most_edits(letters: int) -> int:
    """The most typos in a word of ``letters`` typed letters: none in one letter, one up to five letters, then two."""
    return 0 if letters < 2 else 1 if letters <= 5 else 2


class ErrorCosts:
    """The cost of each typo over an alphabet of A characters; index A stands for any other character.

    ``substituted[t, m]``: t was typed for m. ``added[t, p]``: t was typed too many behind the meant letter p.
    ``missed[m, p]``: m was left out behind the meant letter p. Index A as p also is the beginning of the word.
    ``transposed``: two letters changed places.
    """

    def __init__(self, alphabet: Sequence[str], layout: str = DEFAULT_LAYOUT) -> None:
        A = len(alphabet)
        typo, near = RATES["a letter"], neighbours(layout)
        letters = sum(c.isalpha() for c in alphabet) or 1
        substituted = np.full((A + 1, A + 1), RATES["other letter"] / letters)
        added = np.full((A + 1, A + 1), RATES["added"] / letters)
        missed = np.full((A + 1, A + 1), RATES["missed"] / (1 - RATES["vowels"]))
        vowels = [i for i, c in enumerate(alphabet) if c in VOWELS]
        substituted[np.ix_(vowels, vowels)] += RATES["vowel for vowel"] / len(VOWELS) / RATES["vowels"]
        missed[vowels] = RATES["missed vowel"] / RATES["vowels"]
        for i, c in enumerate(alphabet):
            close = [j for j, other in enumerate(alphabet) if other in near.get(c, ())]
            substituted[close, i] += RATES["near key"] / max(1, len(close))
            added[close, i] += RATES["added, near key"] / max(1, 2 * len(close))
            added[i, i] = RATES["doubled"]
            missed[i, i] = RATES["missed, of a double"] / RATES["doubles"]
        self.substituted: FloatArray = -np.log(typo * substituted).astype(np.float32)
        np.fill_diagonal(self.substituted[:A, :A], 0)
        self.added: FloatArray = -np.log(typo * added).astype(np.float32)
        self.missed: FloatArray = -np.log(typo * missed).astype(np.float32)
        self.transposed = cost("a letter", "transposition")


class ErrorModel:
    """Costs of whole words by dynamic programming, for words that are few and known beforehand."""

    def __init__(self, alphabet: Sequence[str], layout: str = DEFAULT_LAYOUT) -> None:
        self.code = {c: i for i, c in enumerate(alphabet)}
        self.costs = ErrorCosts(alphabet, layout)

    def encode(self, word: str) -> list[int]:
        """The characters' numbers; A for those outside the alphabet."""
        return [self.code.get(c, len(self.code)) for c in word]

    def cost(self, typed: str, meant: str) -> float:
        """−ln P(typed | meant), of the likeliest way from one to the other."""
        A, costs = len(self.code), self.costs
        t, m = self.encode(typed), self.encode(meant)
        rows = [[math.inf] * (len(m) + 1) for _ in range(len(t) + 1)]
        for i in range(len(t) + 1):
            for j in range(len(m) + 1):
                before = m[j - 1] if j else A
                options = [0.0] if i == j == 0 else []
                if i and j:
                    same = typed[i - 1] == meant[j - 1]
                    step = 0.0 if same else float(costs.substituted[t[i - 1], m[j - 1]])
                    options.append(rows[i - 1][j - 1] + step + (0 if same or j > 1 else FIRST_LETTER_COST))
                if i:
                    step = float(costs.added[t[i - 1], before])
                    options.append(rows[i - 1][j] + step + (0 if j else FIRST_LETTER_COST))
                if j:
                    step = float(costs.missed[m[j - 1], m[j - 2] if j > 1 else A])
                    options.append(rows[i][j - 1] + step + (0 if j > 1 else FIRST_LETTER_COST))
                if i > 1 and j > 1 and typed[i - 2 : i] == meant[j - 2 : j][::-1] and typed[i - 1] != typed[i - 2]:
                    step = costs.transposed + (0 if j > 2 else FIRST_LETTER_COST)
                    options.append(rows[i - 2][j - 2] + step)
                rows[i][j] = min(options)
        return rows[-1][-1]
