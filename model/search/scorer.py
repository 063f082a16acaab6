"""Reading what people type as what they mean: completions with corrections, and the context without slips.

P(word | typed, context) ∝ P(word | context) · P(typed | word). A word outside the vocabulary has
P(word | context) = P(<unk> | context) · P(word | unknown).
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import NO_IDS, mixture
from model.lm.spelling import Speller
from model.search.candidates import Candidates, CandidateSearch
from model.search.complete import next_words
from model.search.error_model import RATES
from model.search.keyboards import DEFAULT_LAYOUT
from model.search.query import Query
from model.search.ranking import LEAST_SHARE, Suggestion, fitting_apostrophes, has_apostrophe, merge, rank
from model.text.tokens import UNKNOWN, fold

# A correction's cost beyond what the error model says, so that a literal completion does not yield to a word that is
# only frequent. Chosen on held-out text: keystroke savings without slips stay what they are without corrections.
CORRECTION_COST = 1.0
# How sure a slip must be for the network to read an unknown word of the context as another.
SURE = 0.9
# Unknown words of a context that are looked at; a text with more is in another language.
_MOST_UNKNOWN = 16
# Rare words offered beside those of the vocabulary, at most.
_MOST_RARE = 20
# P(the person's own word | unknown): what is unknown and was written before comes again (the cache model of
# Kuhn & De Mori 1990).
OWN_SHARE = 0.25
_KEPT_WORDS = 5000
NONE = Candidates(NO_IDS, np.zeros(0, np.float32))
# What is remembered of the letters that were typed last: some 5 kB each.
_KEPT_PREFIXES = 2000
# A word is listed in at most so many ways of writing that differ in case.
_MOST_SPELLINGS = 4


class Others(NamedTuple):
    """Words beside those that begin as typed: ids of the ``known`` ones of the vocabulary with ``<unk>``'s behind them.

    ``known`` (M,) says which they are, ``rare_shares`` is P(word | unknown) of the others.
    """

    ids: IntArray
    known: BoolArray
    rare_shares: FloatArray


class Typed(NamedTuple):
    """What typed letters may become, whatever stands before them; without slips where these are not looked for.

    ``span`` are the ids that begin so, ``fits`` of these what a typed apostrophe leaves (None: all). ``slips`` (S,) are
    words that the letters may be a slip for (``others``: the same, prepared to be scored), at ``slip_shares`` (S,)
    P(typed | word) relative to no slip. ``rare`` (R,) are the likeliest of the lexicon's that begin so, at
    ``rare_shares`` (R,) P(word | unknown); ``rest`` is the same of all that begins so and is not in the vocabulary.
    """

    key: str
    span: range
    fits: BoolArray | None
    slips: IntArray
    others: Others
    slip_shares: FloatArray
    rare: IntArray
    rare_shares: FloatArray
    rest: float


class Joint(NamedTuple):
    """P(· | context) up to one factor: of a range of literal ids, of some other words, and of ``<unk>``."""

    literal: FloatArray
    others: FloatArray
    unknown: float


class Typist:
    """Answers queries of one model in the light of slips. It keeps caches and belongs to one thread."""

    def __init__(self, model: LanguageModel, layout: str = DEFAULT_LAYOUT) -> None:
        self.model, self.table = model, model.words
        self.candidates = CandidateSearch(self.table, layout)
        self.search = self.candidates.search
        self.speller = Speller(model.spelling)
        self._read = lru_cache(_KEPT_WORDS)(self._read_word)
        self._typed = lru_cache(_KEPT_PREFIXES)(self._read_prefix)
        self.unknown_id = model.vocabulary.id_of(UNKNOWN)
        self._log_unknown = float(self.table.log_counts[self.unknown_id])

    def resolve(self, query: Query) -> Query:
        """The query with the slips of its context read as what was meant."""
        if not query.unknown:
            return query
        context, own = list(query.context), []
        for place, form in query.unknown[:_MOST_UNKNOWN]:
            meant = self.meant(form)
            if meant is None:
                own.append((place, form))
            elif place > 0:
                context[place] = meant
        return query._replace(context=tuple(context), unknown=(*own, *query.unknown[_MOST_UNKNOWN:]))

    def meant(self, form: str) -> int | None:
        """The id of the word of the vocabulary that an unknown word surely is a slip for, whatever the context."""
        return self._read(form)

    def _read_word(self, form: str) -> int | None:
        key = fold(form)
        if not key.isalpha() or form[1:] != form[1:].lower() or len(key) < 3 or form[0].isupper():
            return None
        table = self.table
        found = self.candidates.whole_words(self.search.after(key), len(key))
        if not len(found.words):
            return None
        log_p = self.context_free(found.words) - found.cost
        best = int(np.argmax(log_p))
        if found.words[best] >= table.vocabulary_size or found.cost[best] == 0:
            return None
        itself = self._log_unknown + math.log(self.table.lexicon.novel) + self.speller.log_word(form)
        rest = np.logaddexp.reduce(np.append(np.delete(log_p, best), itself))
        sure = float(log_p[best]) - rest > math.log(SURE / (1 - SURE))
        return int(found.words[best]) if sure else None

    def context_free(self, words: IntArray) -> FloatArray:
        """ln P(word), whatever stands before it."""
        V = self.table.vocabulary_size
        p = np.full(len(words), self._log_unknown)
        known = words < V
        p[known] = self.table.log_counts[words[known]]
        p[~known] += self.table.lexicon.log_probability[words[~known] - V]
        return p

    def following(self, context: tuple[int, ...], id_: int) -> float:
        """P(word | context) of one word of the vocabulary without the network: by n-grams, or by its frequency."""
        if self.model.ngrams is not None:
            return float(self.model.ngrams.probabilities(context, range(id_, id_ + 1))[0])
        return math.exp(float(self.context_free(np.array([id_]))[0]))

    def suggest(
        self, query: Query, logits: FloatArray, limit: int, min_probability: float, fuzzy: bool = True
    ) -> list[Suggestion]:
        """At most ``limit`` suggestions: words that begin as typed, rarer ones too, and where ``fuzzy`` corrections.

        ``logits`` (V,) are the network's after the query's context.
        """
        if not query.prefix:
            return next_words(self.model, query, logits, limit, min_probability)
        typed = self._typed(query.prefix, fuzzy)
        literal, others = logits[typed.span.start : typed.span.stop], logits[typed.others.ids]
        joint = self.joint(query.context, np.concatenate((literal, others)), typed.span, typed.others)
        literal = joint.literal if typed.fits is None else joint.literal * typed.fits
        own = self._own(query, typed.key, joint.unknown)
        corrected = joint.others * typed.slip_shares
        total = float(literal.sum()) + joint.unknown * typed.rest + sum(own.values()) + float(corrected.sum())
        if total <= 0:
            return []
        ranked = rank(self.model, query, typed.span, literal / total, limit, min_probability)
        least = max(LEAST_SHARE, min_probability, ranked[limit - 1].probability if len(ranked) >= limit else 0)
        beside = [(form, share / total, "completion") for form, share in own.items()]
        rare_shares = typed.rare_shares * (joint.unknown / total)
        beside += self._offered(typed.rare, rare_shares, len(typed.key), least, "completion")
        beside += self._offered(typed.slips, corrected / total, len(typed.key), least, "correction")
        return merge(ranked, beside, query, limit, min_probability) if beside else ranked

    def _read_prefix(self, prefix: str, fuzzy: bool) -> Typed:
        key, vocabulary, table = fold(prefix), self.model.vocabulary, self.table
        frontier = self.search.after(key)
        rows = self.candidates.literal_rows(frontier)
        found = self.candidates.completions(frontier, len(key), rows) if fuzzy else NONE
        slip_free = len(key) * math.log1p(-RATES["a letter"])
        span = vocabulary.prefix_range(prefix)
        apostrophe = has_apostrophe(prefix)
        fits = fitting_apostrophes(prefix, vocabulary.forms[span.start : span.stop]) if apostrophe else None
        rare, log_p = self._rare(prefix, rows)
        share = float(table.lexicon_share[rows.stop] - table.lexicon_share[rows.start])
        share += table.lexicon.novel * math.exp(self.speller.log_beginning(prefix))
        slip_shares = np.exp(-found.cost - CORRECTION_COST - slip_free)
        others = self.others(found.words)
        return Typed(key, span, fits, found.words, others, slip_shares, rare, np.exp(log_p.astype(np.float64)), share)

    def _rare(self, prefix: str, rows: range) -> tuple[IntArray, FloatArray]:
        """The likeliest words of the lexicon among some rows, and ln P(word | unknown)."""
        table = self.table
        words = table.word[rows.start : rows.stop]
        words = words[words >= table.vocabulary_size]
        log_p = table.lexicon.log_probability[words - table.vocabulary_size]
        if len(words) > _MOST_RARE:
            best = np.argpartition(-log_p, _MOST_RARE)[:_MOST_RARE]
            words, log_p = words[best], log_p[best]
        if has_apostrophe(prefix):
            fits = fitting_apostrophes(prefix, [table.forms[word] for word in words])
            words, log_p = words[fits], log_p[fits]
        return words, log_p

    def _own(self, query: Query, key: str, unknown: float) -> dict[str, float]:
        """The person's own words that begin as typed, and P(word | context)."""
        if not query.unknown or len(key) < 2:
            return {}
        forms = [form for _, form in query.unknown]
        fits = [form for form in forms if len(fold(form)) > len(key) and fold(form).startswith(key)]
        return {form: unknown * OWN_SHARE * fits.count(form) / len(forms) for form in dict.fromkeys(fits)}

    def _offered(
        self, words: IntArray, shares: FloatArray, letters: int, least: float, kind: str
    ) -> list[tuple[str, float, str]]:
        """Form, share and kind of the words that may be offered after so many letters and come to ``least`` together
        with their other spellings.
        """
        if not len(words) or shares.max() < least / _MOST_SPELLINGS:
            return []
        able = self.model.letters_needed[words] <= letters
        likely = np.flatnonzero((shares >= least / _MOST_SPELLINGS) & able)
        if not len(likely):
            return []
        spelling = self.table.spelling[words]
        wanted = set(spelling[likely].tolist())
        chosen = [i for i, one in enumerate(spelling.tolist()) if one in wanted and able[i]]
        forms = self.table.forms
        return [(forms[words[i]], float(shares[i]), kind) for i in chosen]

    def others(self, words: IntArray) -> Others:
        """Words by their numbers, prepared to be scored."""
        V = self.table.vocabulary_size
        known = words < V
        log_p = self.table.lexicon.log_probability[words[~known] - V]
        return Others(np.append(words[known], self.unknown_id), known, np.exp(log_p.astype(np.float64)))

    def joint(self, context: tuple[int, ...], logits: FloatArray, literal: range, others: Others) -> Joint:
        """P(· | context) of a range of ids, of other words (of the lexicon too), and of ``<unk>``, up to one factor.

        ``logits`` are the network's of the range and then of ``others.ids``.
        """
        p = mixture(self.model, context, logits, literal, others.ids)
        unknown = float(p[-1])
        beside = np.empty(len(others.known))
        beside[others.known] = p[len(literal) : -1]
        beside[~others.known] = unknown * others.rare_shares
        return Joint(p[: len(literal)], beside, unknown)
