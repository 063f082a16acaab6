"""The counts of a corpus: words by their spelling, and the documents and sources that hold them.

The true case of a word shows inside sentences only: a capital at the start of one says nothing, nor does a line that
is all small, all capitals or a title.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from model.text.tokens import LINE_END, TEXT_START, SentenceTracker, tokens

# Titles capitalise most words; a line with more capitalised words than this tells nothing about case.
TITLE_SHARE = 0.6
# Entries above which a count drops its rarest words, so that memory stays bounded on any text
# (lossy counting, Manku & Motwani 2002).
MOST_ENTRIES = 2_000_000


@dataclass
class Counts:
    """Occurrences of forms: words whose letter case can be ``trusted``, the other words, and ``marks``.

    By casefolded form: how often a word is in an epoch, ``per_epoch``, which depends on the weights of the sources; the
    number of ``documents`` that hold it; the ``sources`` that do, and the ``public`` ones among them, a bit for each.
    ``behind_capital`` are those of ``trusted`` that stand right behind a word with a capital.
    """

    trusted: Counter[str] = field(default_factory=Counter)
    untrusted: Counter[str] = field(default_factory=Counter)
    behind_capital: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    per_epoch: dict[str, float] = field(default_factory=dict)
    documents: Counter[str] = field(default_factory=Counter)
    sources: dict[str, int] = field(default_factory=dict)
    public: dict[str, int] = field(default_factory=dict)

    def add_document(self, lines: list[str]) -> None:
        """Count a document, a list of lines; ``documents`` counts by casefolded form."""
        seen: set[str] = set()
        for line in lines:
            forms = [token.form for token in tokens(line)]
            trusted, sentences = _case_is_trusted(line, forms), SentenceTracker()
            for form in forms:
                if not form[0].isalpha():
                    self.marks[form] += 1
                else:
                    (self.trusted if trusted and not sentences.at_start else self.untrusted)[form] += 1
                    seen.add(form.casefold())
                    if trusted and sentences.behind_capital:
                        self.behind_capital[form] += 1
                sentences.push(form)
            self.marks[LINE_END] += 1
        self.marks[TEXT_START] += 1
        self.documents.update(seen)

    def words(self) -> Iterator[tuple[str, int]]:
        """Yield words and their counts; a word stands twice where it has both kinds."""
        return itertools.chain(self.trusted.items(), self.untrusted.items())

    def merge(self, other: "Counts", source: int, weight: float = 1.0, private: bool = False) -> None:
        """Add the counts of some documents of one source, given by its number."""
        self.trusted.update(other.trusted)
        self.untrusted.update(other.untrusted)
        self.behind_capital.update(other.behind_capital)
        self.marks.update(other.marks)
        self.documents.update(other.documents)
        for form, n in other.words():
            key = form.casefold()
            self.per_epoch[key] = self.per_epoch.get(key, 0) + weight * n
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
        for forms in (self.trusted, self.untrusted, self.behind_capital):
            for form in [form for form in forms if form.casefold() not in self.documents]:
                del forms[form]
        self.per_epoch = {k: n for k, n in self.per_epoch.items() if k in self.documents}
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


def count_documents(documents: Iterable[list[str]]) -> Counts:
    """Count some documents: the work of one worker process."""
    counts = Counts()
    for lines in documents:
        counts.add_document(lines)
    return counts


def batched_documents(documents: Iterator[list[str]], characters: int = 2_000_000) -> Iterator[list[list[str]]]:
    """Group documents into batches of about this many ``characters``, one for each call of a worker process."""
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
