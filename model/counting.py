"""Counting a corpus, and choosing the vocabulary and its true case from the counts.

Which spelling of a word is its own is learned from inside sentences: a capital at the start of one says
nothing, nor does a line that is all small, all capitals or a title.
"""

import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from model.errors import UserError
from model.text import LINE_END, SPECIAL_TOKENS, TEXT_START, UNKNOWN, sentence_starts, tokens
from model.vocabulary import Vocabulary

# A spelling with at least this share of a word's occurrences inside sentences is an entry of its own
# (may and May, apple and Apple); a rarer one is read as the most frequent.
OWN_SPELLING_SHARE = 0.05
# A small-letter spelling of a name is more often laziness than a word (italian, but apple): it needs more.
SMALL_SPELLING_SHARE = 0.15
# Titles capitalise most words; a line with more capitalised words than this tells nothing about case.
TITLE_SHARE = 0.6
# A word must stand in this many documents, and in two sources where there are several.
LEAST_DOCUMENTS = 5
LEAST_MARK_COUNT = 20
MOST_MARKS = 150
# Entries above which a count drops its rarest words, so that memory stays bounded on any text
# (lossy counting, Manku & Motwani 2002).
MOST_ENTRIES = 2_000_000


@dataclass
class Counts:
    """Occurrences of forms; ``inside`` those whose letter case can be trusted, ``anyhow`` the rest.

    By casefolded form: ``read``, how often an epoch reads the word, which depends on the weights of the sources;
    ``documents`` that hold it; ``sources`` that do, and ``public`` ones among them, a bit for each.
    """

    inside: Counter[str] = field(default_factory=Counter)
    anyhow: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    read: dict[str, float] = field(default_factory=dict)
    documents: Counter[str] = field(default_factory=Counter)
    sources: dict[str, int] = field(default_factory=dict)
    public: dict[str, int] = field(default_factory=dict)

    def add_document(self, lines: list[str]) -> None:
        """Count a document, a list of lines; ``documents`` counts by casefolded form."""
        seen: set[str] = set()
        for line in lines:
            forms = [token.form for token in tokens(line)]
            trusted = _case_is_trusted(line, forms)
            for form, at_start in zip(forms, sentence_starts(forms), strict=False):
                if not form[0].isalpha():
                    self.marks[form] += 1
                elif trusted and not at_start:
                    self.inside[form] += 1
                    seen.add(form.casefold())
                else:
                    self.anyhow[form] += 1
                    seen.add(form.casefold())
            self.marks[LINE_END] += 1
        self.marks[TEXT_START] += 1
        self.documents.update(seen)

    def merge(self, other: "Counts", source: int, weight: float = 1.0, private: bool = False) -> None:
        """Add the counts of some documents of one source, given by its number."""
        self.inside.update(other.inside)
        self.anyhow.update(other.anyhow)
        self.marks.update(other.marks)
        self.documents.update(other.documents)
        for form, n in itertools.chain(other.inside.items(), other.anyhow.items()):
            key = form.casefold()
            self.read[key] = self.read.get(key, 0) + weight * n
        for seen in (self.sources,) if private else (self.sources, self.public):
            for key in other.documents:
                seen[key] = seen.get(key, 0) | 1 << source
        if len(self.documents) > MOST_ENTRIES:
            self._forget_rarest()

    def _forget_rarest(self) -> None:
        least = 1
        while len(self.documents) > MOST_ENTRIES // 2:
            least += 1
            self.documents = Counter({k: n for k, n in self.documents.items() if n >= least})
        self.inside = Counter({f: n for f, n in self.inside.items() if f.casefold() in self.documents})
        self.anyhow = Counter({f: n for f, n in self.anyhow.items() if f.casefold() in self.documents})
        self.read = {k: n for k, n in self.read.items() if k in self.documents}
        self.sources = {k: s for k, s in self.sources.items() if k in self.documents}
        self.public = {k: s for k, s in self.public.items() if k in self.documents}


def _case_is_trusted(line: str, forms: list[str]) -> bool:
    words = [form for form in forms if form[0].isalpha()]
    capitalised = sum(word[0].isupper() for word in words)
    return (
        bool(words)
        and words[0][0].isupper()
        and not line.isupper()
        and (len(words) < 4 or capitalised <= TITLE_SHARE * len(words))
    )


def true_cased(counts: Counts) -> dict[str, int]:
    """How often an epoch reads each word, by true-cased form.

    How a word is written is told by all sources alike, whatever their weights.
    """
    groups: dict[str, dict[str, int]] = {}
    for form, n in counts.inside.items():
        groups.setdefault(form.casefold(), {})[form] = n
    loose: dict[str, dict[str, int]] = {}
    for form, n in counts.anyhow.items():
        key = form.casefold()
        if key not in groups:
            loose.setdefault(key, {})[form] = n
    words: dict[str, int] = {}
    for key, forms in groups.items():
        words |= _shared_out(forms, counts.read[key])
    for key, forms in loose.items():
        # Never seen where case can be trusted: small letters, if anybody wrote them so.
        form = key if key in forms else max(forms, key=lambda form: (forms[form], form))
        words[form] = round(counts.read[key])
    return words


def _shared_out(forms: dict[str, int], read: float) -> dict[str, int]:
    """Keep the forms with a large enough share, and share out among them how often the word is read."""
    total = sum(forms.values())
    kept = {
        form: n
        for form, n in forms.items()
        if n >= (SMALL_SPELLING_SHARE if form.islower() else OWN_SPELLING_SHARE) * total
    }
    if not kept:
        kept = {form: n for form, n in forms.items() if n == max(forms.values())}
    kept_total = sum(kept.values())
    return {form: round(n * read / kept_total) for form, n in kept.items()}


def trusted_words(counts: Counts, sources: int) -> dict[str, int]:
    """Words that enough documents, and where there are several sources two of them, have in common.

    What one person or one source alone writes is nobody else's suggestion. Of names, words with a capital, the
    sources that are private do not count, where there are others: whoever a mail is about is not to be suggested.
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


def choose_vocabulary(
    counts: Counts,
    sources: int,
    size: int | None,
    largest: int,
    base: Vocabulary | None = None,
    withheld: Container[str] = (),
) -> Vocabulary:
    """The most frequent trusted words, and the marks, ``size`` entries in all.

    Without a ``size`` as many as there are, ``largest`` at most. What ``base`` holds stays in; what is in
    ``withheld`` is never suggested.
    """
    marks = {
        mark: n
        for mark, n in counts.marks.most_common(MOST_MARKS)
        if n >= LEAST_MARK_COUNT and mark not in SPECIAL_TOKENS
    }
    words = trusted_words(counts, sources)
    kept_marks, kept_words = _entries(base) if base else ({}, {})
    marks = kept_marks | {mark: n + kept_marks.get(mark, 0) for mark, n in marks.items()}
    room = (size or largest) - len(SPECIAL_TOKENS) - len(marks) - len(kept_words)
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
        raise UserError(f"too little text: no word stands in {LEAST_DOCUMENTS} documents")
    chosen = {form: words[form] for form in fresh[: max(0, room)]}
    chosen |= {form: n + words.get(form, 0) for form, n in kept_words.items()}
    total = round(sum(counts.read.values()))
    specials = {form: counts.marks[form] for form in SPECIAL_TOKENS}
    specials[UNKNOWN] = max(1, total - sum(words[form] for form in chosen if form in words))
    kept_back = {form for form, offered in zip(base.forms, base.offered, strict=True) if not offered} if base else set()
    kept_back |= {form for form in chosen if form in withheld}
    return Vocabulary.from_counts(marks, chosen, specials, kept_back)


def _entries(base: Vocabulary) -> tuple[dict[str, int], dict[str, int]]:
    entries = dict(zip(base.forms, base.counts, strict=True))
    marks = {form: entries[form] for form in base.forms[len(SPECIAL_TOKENS) : base.first_word]}
    return marks, {form: entries[form] for form in base.forms[base.first_word :]}


def count_documents(documents: Iterable[list[str]]) -> Counts:
    """Counts of some documents; what a worker process does with its share."""
    counts = Counts()
    for lines in documents:
        counts.add_document(lines)
    return counts


def batched_documents(documents: Iterator[list[str]], characters: int = 2_000_000) -> Iterator[list[list[str]]]:
    """Documents in batches of about so many characters, to be handed to worker processes."""
    batch: list[list[str]] = []
    size = 0
    for lines in documents:
        batch.append(lines)
        size += sum(map(len, lines))
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
