"""The choice of the vocabulary, and of the true case of its words, from the counts of a corpus."""

from collections.abc import Container
from dataclasses import dataclass
from functools import reduce
from operator import or_

from model.errors import UserError
from model.text.tokens import SPECIAL_TOKENS, UNKNOWN
from model.text.vocabulary import Vocabulary
from model.train.words.counts import Counts

LARGEST_VOCABULARY = 32_000
# A spelling with at least this share of a word's occurrences inside sentences is an entry of its own
# (may and May, apple and Apple); a rarer one is taken for the most frequent.
OWN_SPELLING_SHARE = 0.05
# A small-letter spelling of a name is more often laziness than a word (italian, but apple): it needs more.
SMALL_SPELLING_SHARE = 0.15
# A word must stand in this many documents, and in two sources where there are several.
LEAST_DOCUMENTS = 5
LEAST_MARK_COUNT = 20
MOST_MARKS = 150


@dataclass(frozen=True)
class VocabularyOptions:
    """The options of a choice: ``size`` entries in all, or as many as can be trusted, at most ``largest``.

    What ``base`` holds stays in; ``withheld`` words are never suggested.
    """

    size: int | None = None
    largest: int = LARGEST_VOCABULARY
    base: Vocabulary | None = None
    withheld: Container[str] = ()


def true_cased(counts: Counts) -> dict[str, int]:
    """Count how often an epoch holds each word, by true-cased form.

    All sources alike, whatever their weights, tell how a word is written.
    """
    groups: dict[str, dict[str, int]] = {}
    for form, n in counts.trusted.items():
        groups.setdefault(form.casefold(), {})[form] = n
    loose: dict[str, dict[str, int]] = {}
    for form, n in counts.untrusted.items():
        key = form.casefold()
        if key not in groups:
            loose.setdefault(key, {})[form] = n
    words: dict[str, int] = {}
    for key, forms in groups.items():
        words |= _shared_out(forms, counts.per_epoch[key])
    for key, forms in loose.items():
        # Never seen where case can be trusted: small letters, if anybody wrote them so.
        form = key if key in forms else max(forms, key=lambda form: (forms[form], form))
        words[form] = round(counts.per_epoch[key])
    return words


def _shared_out(forms: dict[str, int], times: float) -> dict[str, int]:
    """Keep the forms with a large enough share, and share out among them the ``times`` that the word is in an epoch."""
    total = sum(forms.values())
    kept = {
        form: n
        for form, n in forms.items()
        if n >= (SMALL_SPELLING_SHARE if form.islower() else OWN_SPELLING_SHARE) * total
    }
    if not kept:
        kept = {form: n for form, n in forms.items() if n == max(forms.values())}
    kept_total = sum(kept.values())
    return {form: round(n * times / kept_total) for form, n in kept.items()}


def trusted_words(counts: Counts, sources: int) -> dict[str, int]:
    """Select the words that enough documents, and where there are several sources two of them, have in common.

    The words of one person or one source alone are not for others. For names, words with a capital, private sources
    do not count where there are others: the people whom a mail is about must not be suggested.
    """
    public = counts.public or counts.sources
    public_sources = reduce(or_, public.values(), 0).bit_count()
    words = {}
    for form, n in true_cased(counts).items():
        key = form.casefold()
        seen, of = (counts.sources, sources) if form == form.lower() else (public, public_sources)
        if counts.documents[key] >= LEAST_DOCUMENTS and seen.get(key, 0).bit_count() >= min(2, of):
            words[form] = n
    return words


def choose_vocabulary(counts: Counts, sources: int, options: VocabularyOptions) -> Vocabulary:
    """Choose the marks and the most frequent trusted words from the counts of some ``sources``.

    Raises ``UserError`` where the text holds too few trusted words, or ``size`` is too small for what must stay in.
    """
    size, base = options.size, options.base
    marks = {
        mark: n
        for mark, n in counts.marks.most_common(MOST_MARKS)
        if n >= LEAST_MARK_COUNT and mark not in SPECIAL_TOKENS
    }
    words = trusted_words(counts, sources)
    kept_marks, kept_words = _entries(base) if base else ({}, {})
    marks = kept_marks | {mark: n + kept_marks.get(mark, 0) for mark, n in marks.items()}
    room = (size or options.largest) - len(SPECIAL_TOKENS) - len(marks) - len(kept_words)
    fresh = sorted((form for form in words if form not in kept_words), key=lambda form: (-words[form], form))
    if size is not None and room < (0 if kept_words else 1):
        raise UserError(
            f"a vocabulary of {size} is too small: special tokens, marks and what stays in take {size - room}"
        )
    if size is not None and len(fresh) < room:
        possible = len(fresh) + size - room
        raise UserError(
            f"too little text for a vocabulary of {size}: {possible} words and marks are frequent enough "
            f"(in {LEAST_DOCUMENTS} documents); ask for --vocabulary {possible} or fewer, or give more text"
        )
    if not fresh and not kept_words:
        raise UserError(f"too little text: no word stands in {LEAST_DOCUMENTS} documents; a blank line ends a document")
    chosen = {form: words[form] for form in fresh[: max(0, room)]}
    chosen |= {form: n + words.get(form, 0) for form, n in kept_words.items()}
    total = round(sum(counts.per_epoch.values()))
    specials = {form: counts.marks[form] for form in SPECIAL_TOKENS}
    specials[UNKNOWN] = max(1, total - sum(words[form] for form in chosen if form in words))
    kept_back = {form for form, offered in zip(base.forms, base.offered, strict=True) if not offered} if base else set()
    kept_back |= {form for form in chosen if form in options.withheld}
    return Vocabulary.from_counts(marks, chosen, specials, kept_back)


def _entries(base: Vocabulary) -> tuple[dict[str, int], dict[str, int]]:
    entries = dict(zip(base.forms, base.counts, strict=True))
    marks = {form: entries[form] for form in base.forms[len(SPECIAL_TOKENS) : base.first_word]}
    return marks, {form: entries[form] for form in base.forms[base.first_word :]}
