"""A query: the context before a place in a text, the word typed or finished there, and what an insertion needs.

From one keystroke to the next a text grows by a letter, and from one word to the next by a word. So contexts are
remembered by their text up to the last white space, and a new one begins where a remembered one ends.
"""

import re
from typing import NamedTuple

from model.prefix_cache import PrefixCache
from model.search.place.custom_words import NO_CUSTOM, CustomWords
from model.search.place.kinds import LONGEST_RUN, Place, is_code, is_elided, place_at, run_start
from model.text.tokens import (
    APOSTROPHES,
    CLOSING_MARKS,
    INVISIBLES,
    NUMBER,
    TEXT_START,
    UNKNOWN,
    SentenceTracker,
    Token,
    is_unspaced,
    joins_words,
    normal_form,
    number_end,
    tokens,
    word_end,
)
from model.text.vocabulary import Vocabulary

# Code points of text read for each token of context, spaces included: more than any usual text has.
CODE_POINTS_A_TOKEN = 8
# Those before a place that a query holds: a name of several words may have begun there.
CODE_POINTS_BEFORE = 120
# After these a word follows without a space.
_OPENING = frozenset("([{<«‹“„‘¿¡@/\\_-‐‑–—^$€£¥&=")
# But not where these stand apart from what is before them: R&D, but Johnson & Johnson.
_JOINING = frozenset("–—&=")
# After these it does where they open something (#tag, *bold*), not where they close it (C#, C++, *bold*).
_OPENING_APART = frozenset("#+*~`|'" + APOSTROPHES)
# Contexts that are remembered: some 3 kB each.
_KEPT = 500
# The words before and behind a word, and how far they are looked for.
_LAST_WORD = re.compile(r"([^\W\d_]+)\W*$")
_FIRST_WORD = re.compile(r"^\W*([^\W\d_]+)")
_NEAR = 30
_LINE_END = re.compile(r"[^\S\n]*+(?:\n|\Z)")


class Query(NamedTuple):
    """A place in a text: the context's ids, the typed ``prefix``, and the span that a suggestion replaces.

    ``insert`` in place of ``text[start:end]`` is ``lead + suggestion + trail``; ``capital`` is true where a sentence
    begins here, ``behind_capital`` right behind a word with a capital inside one. ``unknown`` are the words of the
    context that the vocabulary does not hold, with their places in it; a place below 1 is of one that has been dropped
    from it. ``run`` is what stands before ``start`` without a space, and ``place`` the kind of place that makes it.
    ``before`` are the last characters before ``start``, and ``custom`` the words of the custom vocabularies that the
    request asks for. ``ends_line`` is true where the rest of the line behind ``end`` is empty.
    """

    context: tuple[int, ...]
    prefix: str
    start: int
    end: int
    lead: str
    trail: str
    capital: bool
    unknown: tuple[tuple[int, str], ...] = ()
    run: str = ""
    place: Place = Place.TEXT
    before: str = ""
    custom: CustomWords = NO_CUSTOM
    ends_line: bool = True
    behind_capital: bool = False


class FinishedWord(NamedTuple):
    """A finished word in a text: ``query.prefix`` is the word, ``query`` its place and context.

    ``is_code`` is true in an address, a path, code and the like, ``is_elided`` before an apostrophe that stands for
    letters. ``previous`` is the word one space before it, '' where none is, and begins at ``previous_start``;
    ``following`` is the word one space behind it. ``neighbours`` are the words before and behind it, whatever marks
    stand between.
    """

    query: Query
    is_code: bool
    is_elided: bool
    previous: str
    previous_start: int
    following: str
    neighbours: tuple[str, ...]


class _Context(NamedTuple):
    """The ids of all tokens of a text, the unknown words among them by their places, and where sentences stand."""

    ids: tuple[int, ...]
    unknown: tuple[tuple[int, str], ...]
    sentences: SentenceTracker


class QueryReader:
    """Reads places in texts with at most ``context_tokens`` before them. It belongs to one thread."""

    def __init__(self, vocabulary: Vocabulary, context_tokens: int) -> None:
        self.context_tokens = context_tokens
        self._reach = context_tokens * CODE_POINTS_A_TOKEN
        self._id_of = vocabulary.id_of
        self._unknown, self._start = self._id_of(UNKNOWN), self._id_of(TEXT_START)
        self._kept: PrefixCache[tuple[bool, str], _Context] = PrefixCache(_KEPT)

    def completion(self, text: str, cursor: int) -> Query:
        """The word being typed at ``cursor``; where none is, the next word as in ``next_word``."""
        context, behind = self._before(text, cursor)
        word = _typed_word(text, cursor, behind)
        if word is None:
            return self._next_word(text, _place(text, cursor, behind), self._extended(context, behind))
        context = self._extended(context, [token for token in behind if token.end <= word.start])
        return self._query(context, text, text[word.start : cursor], word.start, word_end(text, word.start, cursor))

    def next_word(self, text: str, cursor: int) -> Query:
        """The word after the one that ends at ``cursor``, or after the one that the cursor stands in."""
        context, behind = self._before(text, cursor)
        place = _place(text, cursor, behind)
        word = _typed_word(text, cursor, behind)
        if word is not None:
            place = word_end(text, word.start, cursor)
            behind = [token for token in behind if token.end <= word.start]
            behind.append(Token(normal_form(text[word.start : cursor]), word.start, cursor))
        return self._next_word(text, place, self._extended(context, behind))

    def last_word(self, text: str, cursor: int) -> tuple[int, int] | None:
        """The span of the last word that begins before the cursor; the word that the cursor stands in is one too."""
        begin = max(0, cursor - self._reach)
        found = [token for token in tokens(text[begin:cursor]) if token.is_word]
        if not found:
            return None
        start, end = begin + found[-1].start, begin + found[-1].end
        return start, word_end(text, start, end) if end == cursor else end

    def finished(self, text: str, start: int, end: int) -> FinishedWord:
        """The word ``text[start:end]`` with its context."""
        context, behind = self._before(text, start)
        query = self._query(self._extended(context, behind), text, text[start:end], start, end)
        previous = _word_before(text, start)
        neighbours = (
            *_LAST_WORD.findall(text[max(0, start - _NEAR) : start]),
            *_FIRST_WORD.findall(text[end : end + _NEAR]),
        )
        following = text[end + 1 : word_end(text, end + 1, end + 1)] if text[end : end + 1] == " " else ""
        kind = is_code(text, start, end), is_elided(text, start, end)
        return FinishedWord(query, *kind, text[previous : start - 1], previous, following, neighbours)

    def _next_word(self, text: str, place: int, context: _Context) -> Query:
        return self._query(context, text, "", place, place, _lead(text, place), _trail(text, place))

    def _query(
        self, context: _Context, text: str, prefix: str, start: int, end: int, lead: str = "", trail: str = ""
    ) -> Query:
        """The place with the tokens that the network is to see.

        Of too many the first ones are dropped, half of ``context_tokens`` at a time: a window that moved with every
        word would have to be stepped through anew with every word.
        """
        stride = max(1, self.context_tokens // 2)
        dropped = -(-max(0, len(context.ids) - self.context_tokens) // stride) * stride
        unknown = tuple((place + 1 - dropped, form) for place, form in context.unknown)
        ids = (self._start, *context.ids[dropped:])
        run, before = text[run_start(text, start) : start], text[max(0, start - CODE_POINTS_BEFORE) : start]
        sentences, ends_line = context.sentences, _LINE_END.match(text, end) is not None
        return Query(
            ids, prefix, start, end, lead, trail, sentences.at_start, unknown, run, place_at(text, start), before,
            ends_line=ends_line, behind_capital=sentences.behind_capital,
        )  # fmt: skip

    def _before(self, text: str, cursor: int) -> tuple[_Context, list[Token]]:
        """The context up to the last white space before the cursor, and the tokens behind that."""
        begin = _window_start(text, cursor, self._reach)
        head = cursor
        while head > begin and not text[head - 1].isspace():
            head -= 1
        behind = [Token(t.form, t.start + head, t.end + head) for t in tokens(text[head:cursor])]
        return self._context(text[begin:head], begin == 0), behind

    def _context(self, text: str, is_start: bool) -> _Context:
        """The context of a text that ends in white space or is empty; ``is_start`` where nothing stands before it."""
        known = self._kept.get((is_start, text))
        if known is not None:
            return known
        # The last run without white space is new; what stands before it has most likely been read.
        before, _, _ = text.rstrip().rpartition(" ")
        earlier = self._kept.get((is_start, before + " ")) if before else None
        if earlier is None:
            context = self._extended(_Context((), (), SentenceTracker(is_start)), list(tokens(text)))
        else:
            context = self._extended(earlier, list(tokens(text[len(before) + 1 :])))
        self._kept.put((is_start, text), context)
        return context

    def _extended(self, context: _Context, more: list[Token]) -> _Context:
        """A context with more tokens behind it."""
        if not more:
            return context
        ids, unknown, sentences = list(context.ids), list(context.unknown), context.sentences.copy()
        for token in more:
            id_ = self._id_of(token.form, sentences.at_start)
            if id_ == self._unknown and token.is_word:
                unknown.append((len(ids), token.form))
            ids.append(id_)
            sentences.push(token.form)
        return _Context(tuple(ids), tuple(unknown), sentences)


def _typed_word(text: str, cursor: int, behind: list[Token]) -> Token | None:
    """The word that is being typed. A joiner typed just now belongs to it: ``don'`` is on its way to *don't*."""
    if len(behind) > 1 and joins_words(text[cursor - 1]) and behind[-2].is_word and behind[-2].end == cursor - 1:
        return behind[-2]
    if behind and behind[-1].is_word and behind[-1].end == cursor:
        return behind[-1]
    return None


def _word_before(text: str, start: int) -> int:
    """Where the word begins that ends one space before ``start``; ``start`` itself where none does."""
    begin = end = start - 1
    if start < 2 or text[end] != " ":
        return start
    while begin and not text[begin - 1].isspace() and end - begin < LONGEST_RUN:
        begin -= 1
    found = list(tokens(text[begin:end]))
    return begin + found[-1].start if found and found[-1].is_word and begin + found[-1].end == end else start


def _place(text: str, cursor: int, behind: list[Token]) -> int:
    """Where the next word stands: at the cursor, or behind the number that the cursor stands in."""
    if behind and behind[-1].form == NUMBER and behind[-1].end == cursor:
        return max(cursor, number_end(text, behind[-1].start))
    return cursor


def _window_start(text: str, cursor: int, reach: int) -> int:
    """Where reading begins: ``reach`` to 2 ``reach`` code points before the cursor, at a word's beginning if possible.

    It moves in strides, so that the context grows at its end, not slides, from one key to the next.
    """
    begin = max(0, cursor // reach - 1) * reach
    while 0 < begin < cursor and not text[begin - 1].isspace():
        begin += 1
    return begin if begin < cursor else max(0, cursor // reach - 1) * reach


def _lead(text: str, place: int) -> str:
    """The space that a word needs before it at this place, or none."""
    while place and text[place - 1] in INVISIBLES:
        place -= 1
    before = text[place - 1 : place]
    if not before or before.isspace() or is_unspaced(before):
        return ""
    if before in _OPENING:
        return " " if before in _JOINING and text[place - 2 : place - 1] in (" ", "\xa0") else ""
    if before == '"':
        return "" if quote_is_open(text, place) else " "
    if before in _OPENING_APART:
        start = place - 1
        while start and text[start - 1] in _OPENING_APART:
            start -= 1
        opening = start == 0 or text[start - 1].isspace() or text[start - 1] in _OPENING | {'"'}
        return "" if opening else " "
    return " "


def _trail(text: str, place: int) -> str:
    """The space that a word needs behind it at this place, or none."""
    after = text[place : place + 1]
    if after.isalnum():
        return " "
    if after and after in APOSTROPHES:
        return " " if text[place + 1 : place + 2].isalnum() else ""
    if not after or after.isspace() or after in CLOSING_MARKS or not (place == 0 or text[place - 1].isspace()):
        return ""
    # Behind white space: something that was set apart from what stands before it stays so.
    if after == '"':
        return "" if quote_is_open(text, place) else " "
    return " "


def quote_is_open(text: str, place: int) -> bool:
    """True where a straight quote of the line is open at a place."""
    line = text[max(text.rfind("\n", 0, place), place - 1000) + 1 : place]
    return line.count('"') % 2 == 1
