"""Scoring: P(word | context), and P(word | context) · P(typed | word) of what typed letters may have been meant for.

A word outside the vocabulary has P(word | context) = P(<unk> | context) · P(word | unknown).
"""

import math
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import LEAST_MASS, mixture
from model.lm.ngrams import MOST_TOKENS
from model.lm.person import Person, Share
from model.lm.words.spelling import Speller
from model.lm.words.word_list import WordList
from model.nn.inference import LazyLogits
from model.search.place.query import Query
from model.search.typos.candidates import Candidates, CandidateSearch
from model.search.typos.keyboards import DEFAULT_LAYOUT
from model.text.tokens import UNKNOWN, fold

# How sure a typo must be for an unknown word of the context to be taken for another.
SURE = 0.9
# Unknown words of a context that are looked at; a text with more is in another language.
_MOST_UNKNOWN = 16
# P(the person's own word | unknown): what is unknown and was written before comes again (the cache model of
# Kuhn & De Mori 1990).
OWN_SHARE = 0.25
# Pairs of words without their space that letters are read as, at most.
_MOST_SPLITS = 4
_KEPT_WORDS = 5000
# Searches in word lists that are remembered, and beams of each: some 2 kB each.
_KEPT_SEARCHES, _KEPT_BEAMS = 16, 100
# The cost of a change beyond the error model, chosen on held-out text for nine right changes in ten.
CHANGE_COST = 2.0
# The same of a word that the vocabulary does not hold and that has no capital: unknown words are mostly names.
SMALL_COST = -0.5


class Existence(NamedTuple):
    """The weight of a typed word's existence: P(word | unknown) is at least ``share``, a change costs ``cost``."""

    share: float
    cost: float


# Of words that lists hold; of those that are mostly typos of frequent ones; of what people write for short in chats,
# of which there is little, often written; of all others.
LISTED = Existence(2e-6, CHANGE_COST + 3.0)
WEAK = Existence(2e-6, SMALL_COST + 1.5)
SHORTHAND = Existence(1e-4, SMALL_COST + 4.5)
NOT_LISTED = Existence(0.0, SMALL_COST)
# What a correction costs in addition where small letters are a word that exists.
GOING_ON_COST = 1.5
# Fewer small letters may be the beginning of anything.
_LEAST_LETTERS = 5


class Scored(NamedTuple):
    """M words prepared to be scored: ``ids`` of those of the vocabulary, with ``<unk>``'s behind them.

    Each word has ``shares`` (M,) of the chance of the id at its place in ``sources`` (M,): all of its own, or of
    ``<unk>``'s P(word | unknown).
    """

    ids: IntArray
    sources: IntArray
    shares: FloatArray


class Joint(NamedTuple):
    """P(· | context) up to one factor: of a range of literal ids, of some other words, of ``<unk>``, of own words."""

    literal: FloatArray
    others: FloatArray
    unknown: float
    own: FloatArray


class Scorer:
    """Scores the words of one model. It keeps caches and belongs to one thread."""

    def __init__(self, model: LanguageModel, layout: str = DEFAULT_LAYOUT) -> None:
        self.model, self.index = model, model.words
        self.candidates = CandidateSearch(self.index, layout)
        self.speller = Speller(model.spelling)
        # Words that letters with a typo may be read as: none that are withheld or guarded.
        self._offered = model.letters_needed == 0
        # Words that may stand where they were typed: names, and what would be offered; *recieve* is withheld.
        is_small_word = np.array([form.islower() and len(form) > 1 for form in model.vocabulary.forms])
        self.stands: BoolArray = model.vocabulary.offered | ~is_small_word
        self.unknown_id = model.vocabulary.id_of(UNKNOWN)
        self._log_unknown = float(self.index.log_counts[self.unknown_id])
        self.meant = lru_cache(_KEPT_WORDS)(self._meant)
        self.search_in = lru_cache(_KEPT_SEARCHES)(partial(self._search_in, layout))

    def _search_in(self, layout: str, words: WordList) -> CandidateSearch:
        """The search for typos of the words of a list."""
        return CandidateSearch(words, layout, _KEPT_BEAMS)

    def resolve(self, query: Query, person: Person | None = None) -> Query:
        """The query with the sure typos of its context replaced by what was meant.

        Custom words are none, and none that ``person`` has taught.
        """
        if not query.unknown:
            return query
        context, own = list(query.context), []
        for place, form in query.unknown[:_MOST_UNKNOWN]:
            is_held = query.custom.holds(form) or (person is not None and person.holds(form))
            meant = None if is_held else self.meant(form)
            if meant is None:
                own.append((place, form))
            elif place > 0:
                context[place] = meant
        return query._replace(context=tuple(context), unknown=(*own, *query.unknown[_MOST_UNKNOWN:]))

    def _meant(self, form: str) -> int | None:
        """The id of the word of the vocabulary that an unknown word surely is a typo for, whatever the context."""
        key = fold(form)
        if not key.isalpha() or form[1:] != form[1:].lower() or len(key) < 3 or form[0].isupper():
            return None
        if form in self.model.known:
            return None
        found = self.whole_words(key)
        if not len(found.words):
            return None
        log_p = self.context_free(found.words) - found.cost
        best = int(np.argmax(log_p))
        if found.words[best] >= self.index.vocabulary_size or found.cost[best] == 0:
            return None
        # What all else together may come to.
        most = float(log_p[best]) - math.log(SURE / (1 - SURE))
        others = float(np.logaddexp.reduce(np.delete(log_p, best))) if len(log_p) > 1 else -math.inf
        if others >= most:  # it is unsure already, and to spell the form takes longer than all before
            return None
        itself = self._log_unknown + math.log(self.index.lexicon.novel) + self.speller.log_word(form)
        return int(found.words[best]) if np.logaddexp(others, itself) < most else None

    def completions(self, key: str) -> Candidates:
        """The words whose beginning was typed with a typo, without those that may not be offered."""
        return self._may_be_meant(self.candidates.completions(key))

    def whole_words(self, key: str) -> Candidates:
        """The words that all of the letters may stand for, without those that may not be offered."""
        return self._may_be_meant(self.candidates.whole_words(key))

    def _may_be_meant(self, found: Candidates) -> Candidates:
        able = self._offered[found.words]
        return Candidates(found.words[able], found.cost[able])

    def context_free(self, words: IntArray) -> FloatArray:
        """Return ln P(word), whatever stands before it."""
        V = self.index.vocabulary_size
        p = np.full(len(words), self._log_unknown)
        known = words < V
        p[known] = self.index.log_counts[words[known]]
        p[~known] += self.index.lexicon.log_probability[words[~known] - V]
        return p

    def following(self, context: tuple[int, ...], id_: int) -> float:
        """P(word | context) of one word of the vocabulary without the network: by n-grams, or by its frequency."""
        if self.model.ngrams is not None:
            return float(self.model.ngrams.probabilities(context, range(id_, id_ + 1))[0])
        return math.exp(float(self.context_free(np.array([id_]))[0]))

    def splits(self, typed: str) -> list[tuple[int, int]]:
        """Find pairs of words of the vocabulary that typed letters are, without the space; the most frequent ones."""
        small = typed.casefold()
        known = self.model.vocabulary.id_of(typed)
        if (known != self.unknown_id and self.may_stand(known)) or len(small) < 4 or typed in self.model.known:
            return []
        found = []
        for i in range(1, len(small)):
            a, b = self.whole(small[:i]), self.whole(small[i:])
            if a is not None and b is not None:
                found.append((a, b))
        both = [float(self.context_free(np.array(pair)).sum()) for pair in found]
        return [found[i] for i in np.argsort(both)[::-1][:_MOST_SPLITS]]

    def whole(self, part: str) -> int | None:
        """The id of a word of the vocabulary that is spelled just so, and may be offered."""
        if not part[0].isalpha():
            return None
        vocabulary = self.model.vocabulary
        id_ = vocabulary.id_of(part)
        return id_ if vocabulary.forms[id_].casefold() == part and vocabulary.offered[id_] else None

    def may_stand(self, word: int) -> bool:
        """True for a word of the index that may stand where it was typed."""
        return word >= self.index.vocabulary_size or bool(self.stands[word])

    def existence(self, typed: str, capital: bool) -> Existence:
        """Look a typed word up in the lists of words and names; ``capital`` where a sentence begins with it."""
        known = self.model.known
        if known.is_shorthand(typed):
            return SHORTHAND
        if typed in known or (typed[0].isupper() and not capital and known.is_name(typed)):
            return LISTED
        return WEAK if known.is_weak(typed) or known.is_name(typed) else NOT_LISTED

    def prepare(self, words: IntArray) -> Scored:
        """Words by their numbers in the index, prepared to be scored."""
        V = self.index.vocabulary_size
        known = words < V
        log_p = self.index.lexicon.log_probability[words[~known] - V]
        ids = np.append(words[known], self.unknown_id)
        # In as few bytes as the n-grams have them.
        ids = ids.astype(np.uint16) if V <= MOST_TOKENS else ids
        sources, shares = np.full(len(words), len(ids) - 1), np.ones(len(words))
        sources[known] = np.arange(len(ids) - 1)
        shares[~known] = np.exp(log_p.astype(np.float64))
        return Scored(ids, sources, shares)

    def joint(
        self,
        context: tuple[int, ...],
        logits: FloatArray,
        literal: range,
        others: Scored,
        share: Share | None = None,
    ) -> Joint:
        """P(· | context) of a range of ids, of other words (of the lexicon too), and of ``<unk>``, up to one factor.

        ``logits`` are the network's of the range and then of ``others.ids``. With a person's ``share`` of its own words
        too.
        """
        p = mixture(self.model, context, logits, literal, others.ids, share=share)
        end = len(literal) + len(others.ids)
        unknown = float(p[end - 1])
        beside = p[len(literal) : end].take(others.sources) * others.shares
        own = p[end:] if share is None else p[end:] + unknown * share.unknown_shares
        return Joint(p[: len(literal)], beside, unknown, own)

    def mass(self, context: tuple[int, ...], logits: FloatArray | LazyLogits, literal: range, others: Scored) -> float:
        """P(· | context) of all that ``joint`` scores together: by n-grams, or where there are none by the network.

        ``logits`` (V,) are the network's.
        """
        if self.model.ngrams is not None:
            return max(LEAST_MASS, float(self.model.ngrams.probabilities(context, literal, others.ids).sum()))
        all_logits = logits[:]
        p = np.exp(all_logits - all_logits.max())
        some = float(p[literal.start : literal.stop].sum()) + float(p[others.ids].sum())
        return max(LEAST_MASS, some / float(p.sum()))

    def novel(self, form: str) -> float:
        """P(string | unknown) of a string that no list holds, by its letters."""
        return self.index.lexicon.novel * math.exp(self.speller.log_word(form))

    def own_share(self, query: Query, form: str) -> float:
        """P(word | unknown) of a word of the person's own that stands in the context already."""
        small = form.casefold()
        forms = [other for _, other in query.unknown]
        return OWN_SHARE * sum(other.casefold() == small for other in forms) / len(forms) if forms else 0.0


def finished_word(prefix: str, exists: Existence) -> Existence:
    """The weight of the letters typed so far being a word that exists.

    Names with their capital and words with accents are mostly finished then; small letters more often go on.
    """
    if exists in (WEAK, NOT_LISTED) or (len(prefix) < _LEAST_LETTERS and prefix.islower() and exists is LISTED):
        return NOT_LISTED
    if prefix[0].isupper() or not prefix.isascii():
        return exists
    return LISTED._replace(cost=NOT_LISTED.cost + GOING_ON_COST)


def share_of(model: LanguageModel, person: Person, query: Query, own: IntArray) -> Share:
    """A person's share at the place of a query, of own words those at some places."""
    last, before = (_token(model, person, query, back) for back in (1, 2))
    chances = person.chances(before, last)
    return Share(chances, own + person.first_own, person.unknown_shares[own], person.adaptation)


def _token(model: LanguageModel, person: Person, query: Query, back: int) -> int:
    """The token so far back in the context, as the person's counts have it; −1 for none that they know."""
    place = len(query.context) - back
    if place < 0:
        return -1
    id_ = query.context[place]
    if id_ != model.vocabulary.id_of(UNKNOWN):
        return id_
    token = next((person.token(form) for at, form in reversed(query.unknown) if at == place), None)
    return -1 if token is None else token
