"""Reading the places that a person comes by while typing: what was read of a text is read once.

From one keystroke to the next a text grows by a letter, and from one word to the next by a word. So the contexts read
last are remembered by their text, and a new one begins where a remembered one ends. The answers are those of
``read_completion`` and ``read_next_word``, which define them.
"""

from collections import OrderedDict
from typing import NamedTuple

from model.storage import LanguageModel
from model.suggest import CODE_POINTS_A_TOKEN, Query, lead_and_trail, read_completion, read_next_word, window
from model.text import TEXT_START, UNKNOWN, SentenceTracker, tokens, window_start, word_end

# Contexts that are remembered: some 3 kB each.
_KEPT = 500


class _Context(NamedTuple):
    """The ids of all tokens of a text, the unknown words among them by their places, and where sentences stand."""

    ids: tuple[int, ...]
    unknown: tuple[tuple[int, str], ...]
    sentences: SentenceTracker


class Reader:
    """Reads places in texts for one model, with at most ``context_tokens`` before them. It belongs to one thread."""

    def __init__(self, model: LanguageModel, context_tokens: int) -> None:
        self.model, self.context_tokens = model, context_tokens
        self._id_of = model.vocabulary.id_of
        self._unknown, self._start = self._id_of(UNKNOWN), self._id_of(TEXT_START)
        self._kept: OrderedDict[tuple[bool, str], _Context] = OrderedDict()

    def completion(self, text: str, cursor: int) -> Query:
        """As ``read_completion``."""
        start = cursor
        while start and text[start - 1].isascii() and text[start - 1].isalpha():
            start -= 1
        if start == cursor:
            return self.next_word(text, cursor) if _after_space(text, cursor) else self._complete(text, cursor)
        begin = window_start(text, cursor, self.context_tokens * CODE_POINTS_A_TOKEN)
        # A word of plain letters behind a space or at the start is one token, whatever stands before it.
        if start < begin or not (start == 0 or _after_space(text, start)):
            return self._complete(text, cursor)
        context = self._context(text, begin, start)
        return self._query(context, text[start:cursor], start, word_end(text, start, cursor), "", "")

    def next_word(self, text: str, cursor: int) -> Query:
        """As ``read_next_word``."""
        if not _after_space(text, cursor):
            return read_next_word(self.model, text, cursor, self.context_tokens)
        begin = window_start(text, cursor, self.context_tokens * CODE_POINTS_A_TOKEN)
        context = self._context(text, begin, cursor)
        return self._query(context, "", cursor, cursor, *lead_and_trail(text, cursor))

    def _complete(self, text: str, cursor: int) -> Query:
        return read_completion(self.model, text, cursor, self.context_tokens)

    def _query(self, context: _Context, prefix: str, start: int, end: int, lead: str, trail: str) -> Query:
        dropped = window(len(context.ids), self.context_tokens)
        unknown = tuple((place + 1 - dropped, form) for place, form in context.unknown)
        ids = (self._start, *context.ids[dropped:])
        return Query(ids, prefix, start, end, lead, trail, context.sentences.at_start, unknown)

    def _context(self, text: str, begin: int, end: int) -> _Context:
        """What stands in ``text[begin:end]``, which ends behind white space or is empty."""
        key = (begin == 0, text[begin:end])
        context = self._kept.get(key)
        if context is not None:
            self._kept.move_to_end(key)
            return context
        # The last run without white space is new; what stands before it has most likely been read.
        before, _, _ = key[1].rstrip().rpartition(" ")
        known = self._kept.get((key[0], before + " ")) if before else None
        if known is None:
            context = self._extended(_Context((), (), SentenceTracker()), key[1], key[0])
        else:
            context = self._extended(known, key[1][len(before) + 1 :], True)
        self._kept[key] = context
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return context

    def _extended(self, context: _Context, more: str, from_start: bool) -> _Context:
        """A context with more text behind it; ``from_start`` is false where its first token begins no sentence."""
        ids, unknown, sentences = list(context.ids), list(context.unknown), context.sentences.copy()
        for token in tokens(more):
            id_ = self._id_of(token.form, sentences.at_start and (bool(ids) or (from_start and token.start == 0)))
            if id_ == self._unknown and token.is_word:
                unknown.append((len(ids), token.form))
            ids.append(id_)
            sentences.push(token.form)
        return _Context(tuple(ids), tuple(unknown), sentences)


def _after_space(text: str, place: int) -> bool:
    return place > 0 and text[place - 1] in " \n"
