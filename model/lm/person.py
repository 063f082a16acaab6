"""A person's share: P(w | context) = (1 − λ) P_adapted + λ P_person, from the counts of what they wrote.

The counts of the last two words and of the last word each add theirs to what stands below, with the weight
n / (n + κ T): n is the weight of all that was written in that context, and T the number of different words there
(Witten & Bell 1991, with a factor κ for each order):

P₃ = (c₃ + κ₃ T₃ P₂) / (n₃ + κ₃ T₃),  P₂ = (c₂ + κ₂ T₂ P_adapted) / (n₂ + κ₂ T₂)

So what always went on in the same way counts more than what went on in many, and 1 − λ is the product of the
κ T / (n + κ T). The words of the last texts have a further share, as last_texts.py tells. Below all is the model,
adapted to the words that the person uses, as adaptation.py tells. Where nothing was written the model is left alone.
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.adaptation import Adaptation, adaptation_to
from model.lm.forgetting import is_forgotten
from model.lm.language_model import LanguageModel
from model.lm.last_texts import recently_written
from model.lm.notebook import NOWHERE, Taught, WordCount
from model.lm.words.word_list import WordList
from model.text.tokens import UNKNOWN, fold

# κ₂ and κ₃; chosen on the development texts, as docs/experiments.md tells.
PRIORS = (70.0, 28.0)
# No own word counts as rarer than this among the own words.
_LEAST_SHARE = 1e-7
# P(one of the person's own words | unknown).
OWN_SHARE = 0.7
# While a word is typed its context is looked up with every letter.
_KEPT_CONTEXTS = 8
# Own words that are offered as one, at most, the share of each next one, and its weight: that of two uses, a bit faded.
_PHRASE_WORDS = 4
_PHRASE_SHARE = 0.5
_PHRASE_WEIGHT = 1.5
_AFTER_ALL = "\U0010ffff"
# Words of the lexicon with the same folded key, at most.
_MOST_SPELLINGS = 10
# The bytes of a form, of its key, and of the places of both in lists and dictionaries: measured, and rounded up.
_FORM_BYTES = 400
# The bytes of an id in a list.
_ID_BYTES = 40


# Tokens are below it, so two are one number.
_BASE = 1 << 31


class Chances(NamedTuple):
    """A person's chances in one context: P = ``kept`` · P_adapted + ``chances`` of some ``tokens``, which are sorted.

    Tokens from V on are the person's own words.
    """

    kept: float
    tokens: IntArray
    chances: FloatArray

    def add_to(self, p: FloatArray, start: int) -> None:
        """Add the chances of the tokens from ``start`` on to ``p``, as far as it reaches."""
        low, high = self.tokens.searchsorted((start, start + len(p)))
        if low < high:
            p[self.tokens[low:high] - start] += self.chances[low:high]

    def of(self, ids: IntArray) -> FloatArray:
        """Return the chances of some tokens, in any order."""
        if not len(self.tokens):
            return np.zeros(len(ids), dtype=np.float32)
        places = self.tokens.searchsorted(ids)
        found: FloatArray = self.chances.take(places, mode="clip") * (self.tokens.take(places, mode="clip") == ids)
        return found


class Share(NamedTuple):
    """A person's part in the probabilities at one place: the chances there, and which own words may stand there.

    ``own`` (N,) are their tokens, V and more, and ``unknown_shares`` (N,) is P(word | unknown) of each: what is
    unknown to the vocabulary and was written before comes again.
    """

    chances: Chances
    own: IntArray
    unknown_shares: FloatArray
    adaptation: Adaptation


class _Counts(NamedTuple):
    """Counts by context: those of ``contexts[i]`` begin at ``begins[i]`` in ``tokens`` and ``weights``."""

    contexts: IntArray
    begins: IntArray
    tokens: IntArray
    weights: FloatArray

    def after(self, context: int) -> tuple[IntArray, FloatArray]:
        """Find the tokens that followed a context, sorted, and their weights."""
        place = int(self.contexts.searchsorted(context))
        if place == len(self.contexts) or self.contexts[place] != context:
            return self.tokens[:0], self.weights[:0]
        span = slice(int(self.begins[place]), int(self.begins[place + 1]))
        return self.tokens[span], self.weights[span]


def _counts(contexts: IntArray, tokens: IntArray, weights: FloatArray) -> _Counts:
    """Add up the weights of equal pairs, and sort them by context and token."""
    order = np.lexsort((tokens, contexts))
    contexts, tokens, weights = contexts[order], tokens[order], weights[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (contexts[1:] != contexts[:-1]) | (tokens[1:] != tokens[:-1])
    starts = np.flatnonzero(first)
    summed = np.add.reduceat(weights, starts) if len(starts) else weights
    contexts, tokens = contexts[starts], tokens[starts]
    different, begins = np.unique(contexts, return_index=True)
    return _Counts(different, np.append(begins, len(tokens)), tokens.astype(np.int32), summed.astype(np.float32))


class Person:
    """The counts of a person, as one model sees them; read-only, so any thread may use it.

    A token is an id of the vocabulary, or V and more for the person's own words, which it does not hold; these are
    sorted by their folded keys. ``forgotten`` are digests of words that are not to be offered, made with the key
    ``forgetting``. ``typed`` are the places of the own words that are offered, for the search of what was meant; None
    where there are none. ``everything`` are the places of all.

    ``before`` is the same person before something more was taught: what it has looked up is not looked up again.
    """

    def __init__(
        self,
        model: LanguageModel,
        taught: Taught,
        forgotten: frozenset[bytes] = frozenset(),
        forgetting: bytes = b"",
        before: "Person | None" = None,
    ) -> None:
        self._model, self._forgotten, self._forgetting = model, forgotten, forgetting
        self.first_own: int = len(model.vocabulary)
        V = self.first_own
        if before is not None and before._model is not model:
            before = None
        known: list[int] = [] if before is None else before._ids
        found = (token_of(model, form) for form in taught.forms[len(known) :])
        self._ids: list[int] = [*known, *(-1 if id_ is None else id_ for id_ in found)]
        tokens = np.array(self._ids, dtype=np.int64)
        own: dict[tuple[str, str], list[int]] = {}
        for place in np.flatnonzero(tokens < 0).tolist():
            form = taught.forms[place]
            own.setdefault((fold(form), form.casefold()), []).append(place)
        words = sorted(own)
        # Each in the case that it was mostly written in.
        self.forms = [taught.forms[max(own[word], key=lambda place: taught.uses[place])] for word in words]
        # Marks are none, though the vocabulary may lack them too.
        is_word = (form[0].isalpha() for form in self.forms)
        is_offered = [is_ and _is_offered(taught, own[word]) for word, is_ in zip(words, is_word, strict=True)]
        self.is_offered = np.array(is_offered, dtype=bool)
        listed: dict[str, bool] = {} if before is None else before._of_lexicon
        self._of_lexicon: dict[str, bool] = {
            form: listed[form] if form in listed else _is_of_lexicon(model, form) for form in self.forms
        }
        self.is_of_lexicon = np.array([*self._of_lexicon.values()], dtype=bool)
        self.is_small = np.array([form[0].islower() for form in self.forms], dtype=bool)
        self._keys = [key for key, _ in words]
        self._own = {form: V + i for i, (_, form) in enumerate(words)}
        for i, word in enumerate(words):
            tokens[own[word]] = V + i
        first, last, word_ = (tokens[taught.sequences] if len(tokens) else taught.sequences.astype(np.int64)).T
        triples = taught.sequences[:, 0] != NOWHERE
        pairs = ~triples
        weights = taught.sequence_weights
        self.adaptation = adaptation_to(model, tokens, taught.weights)
        self._recent = recently_written(model, tokens, taught)
        self._recent_share = float(self._recent[1].sum())
        self._pairs = _counts(last[pairs], word_[pairs], weights[pairs])
        self._triples = _counts((first * _BASE + last)[triples], word_[triples], weights[triples])
        uses = np.array([taught.weights[own[word]].sum() for word in words])
        self.unknown_shares: FloatArray = OWN_SHARE * uses / max(1e-9, float(uses.sum()))
        self.everything: IntArray = np.arange(len(words))
        self.typed = self._list()
        self.chances: Callable[[int, int], Chances] = lru_cache(_KEPT_CONTEXTS)(self._chances)

    @cached_property
    def bytes(self) -> int:
        """The memory that it takes."""
        arrays = [array for counts in (self._pairs, self._triples) for array in counts]
        arrays += [*self._recent, self.adaptation.tokens, self.adaptation.factors, self.unknown_shares]
        typed = 0 if self.typed is None else self.typed.bytes
        forms = len(self.forms) + len(self._forgotten) + 10
        return sum(array.nbytes for array in arrays) + typed + _FORM_BYTES * forms + _ID_BYTES * len(self._ids)

    def token(self, form: str) -> int | None:
        """Return the token of one of the person's own words, in any letter case; None where it is none."""
        return self._own.get(form.casefold())

    def holds(self, word: str) -> bool:
        """True for an own word that is offered, in any letter case, its possessive, and what it is a hyphened part of.

        It is no typo.
        """
        written = word.casefold().removesuffix("'s")
        tokens = map(self._own.get, (written, *written.split("-")))
        return any(token is not None and self.is_offered[token - self.first_own] for token in tokens)

    def own_range(self, key: str) -> range:
        """The places of the own words that begin with a folded key."""
        low = bisect_left(self._keys, key)
        return range(low, bisect_left(self._keys, key + _AFTER_ALL, low))

    def phrase(self, place: int) -> tuple[str, float]:
        """Follow an own word into the own words that mostly came after it, twice or more; the text, and its share.

        Of a word that none follows so, the word and 1.
        """
        text, share = self.forms[place], 1.0
        for _ in range(_PHRASE_WORDS - 1):
            tokens, weights = self._pairs.after(self.first_own + place)
            best = int(np.argmax(weights)) if len(weights) else 0
            if not len(weights) or tokens[best] < self.first_own or weights[best] < _PHRASE_WEIGHT:
                break
            if not self.is_offered[tokens[best] - self.first_own]:
                break
            likely = float(weights[best] / weights.sum())
            if likely < _PHRASE_SHARE:
                break
            place = int(tokens[best]) - self.first_own
            text, share = f"{text} {self.forms[place]}", share * likely
        return text, share

    def forgets(self, text: str) -> bool:
        """True where a suggestion has a word that the person has forgotten."""
        return bool(self._forgotten) and is_forgotten(text, self._forgotten, self._forgetting)

    def _list(self) -> WordList | None:
        """List the own words that may be offered."""
        places = np.flatnonzero(self.is_offered)
        if not len(places):
            return None
        log_p = np.log(np.maximum(self.unknown_shares[places], _LEAST_SHARE))
        return WordList([self._keys[i] for i in places.tolist()], places, log_p)

    def _chances(self, before: int, last: int) -> Chances:
        """Compute the person's chances after two tokens; −1 stands for a token that does not count."""
        kept, parts = 1.0, []
        second, third = PRIORS
        for tokens, weights, prior in (
            (*self._triples.after(before * _BASE + last), third),
            (*self._pairs.after(last), second),
        ):
            if len(tokens):
                rest = prior * len(tokens)
                total = float(weights.sum()) + rest
                parts.append((tokens, weights * (kept / total)))
                kept *= rest / total
        recent, chances = self._recent
        parts.append((recent, chances * kept))
        all_tokens, all_chances = map(np.concatenate, zip(*parts, strict=True))
        tokens, which = np.unique(all_tokens, return_inverse=True)
        added = np.bincount(which, all_chances, len(tokens)).astype(np.float32)
        return Chances(kept * (1 - self._recent_share), tokens, added)


def _is_offered(taught: Taught, places: list[int]) -> bool:
    """True where a word in all its spellings may be offered."""
    uses, passed_over = int(taught.uses[places].sum()), int(taught.passed_over[places].min())
    return WordCount(uses, passed_over=passed_over).is_offered


def _is_of_lexicon(model: LanguageModel, form: str) -> bool:
    words = model.words.lexicon.words
    return any(words.forms[i].casefold() == form.casefold() for i in words.prefix_range(form)[:_MOST_SPELLINGS])


def token_of(model: LanguageModel, form: str) -> int | None:
    """Return the id of a word, in any letter case; None where the vocabulary does not hold it."""
    vocabulary = model.vocabulary
    id_ = vocabulary.id_of(form)
    if vocabulary.forms[id_] == UNKNOWN or vocabulary.forms[id_].casefold() != form.casefold():
        return None
    return id_
