"""Reading the places that a person comes by while typing: what was read of a text is read once.

From one keystroke to the next a text grows by a letter, and from one word to the next by a word. So the contexts read
last are remembered by their text, and a new one begins where a remembered one ends. The answers are those of
``read_completion`` and ``read_next_word``, which define them.
"""

import re
from collections import OrderedDict
from typing import NamedTuple

from model.lm.language_model import LanguageModel
from model.text.tokens import (
    _JOINERS,
    _TOKEN_PATTERN,
    APOSTROPHES,
    CLOSING_MARKS,
    INVISIBLES,
    NUMBER,
    TEXT_START,
    UNKNOWN,
    SentenceTracker,
    Token,
    sentence_starts,
    straight,
    tokens,
    word_end,
)
from model.text.vocabulary import Vocabulary


class Caret(NamedTuple):
    """What stands around a cursor.

    ``context`` holds the finished tokens before it, ``prefix`` the typed part of the word that is being
    typed (``text[start:cursor]``, empty where none is), and ``text[start:end]`` is that whole word. Where
    none is, both are the cursor, or the end of the number that it stands in.
    """

    context: list[Token]
    prefix: str
    start: int
    end: int


def read_caret(text: str, cursor: int, reach: int) -> Caret:
    """Split ``text`` at ``cursor`` (0 ≤ cursor ≤ len(text)) into context and the word being typed.

    Of a long text only the last ``reach`` to 2 ``reach`` code points are read, from a place that moves
    in strides, so that the context grows at its end, not slides, from one key to the next. A joiner
    typed just now belongs to the word before it: ``don'`` is on its way to *don't*.
    """
    begin = window_start(text, cursor, reach)
    context = [Token(t.form, t.start + begin, t.end + begin) for t in tokens(text[begin:cursor])]
    joiner = cursor > 0 and text[cursor - 1] in _JOINERS
    if joiner and len(context) > 1 and context[-2].is_word and context[-2].end == cursor - 1:
        context.pop()
    elif not (context and context[-1].is_word and context[-1].end == cursor):
        place = cursor
        if context and context[-1].form == NUMBER and context[-1].end == cursor:
            number = _TOKEN_PATTERN.match(text, context[-1].start)
            place = max(cursor, number.end()) if number else cursor
        return Caret(context, "", place, place)
    start = context.pop().start
    return Caret(context, text[start:cursor], start, word_end(text, start, cursor))


def window_start(text: str, cursor: int, reach: int) -> int:
    """From where ``read_caret`` reads: a word's beginning, where there is one in reach."""
    begin = max(0, cursor // reach - 1) * reach
    while 0 < begin < cursor and not text[begin - 1].isspace():
        begin += 1
    return begin if begin < cursor else max(0, cursor // reach - 1) * reach


# Code points of text read for each token of context, spaces included: more than any usual text has.
CODE_POINTS_A_TOKEN = 8
# After these a word follows without a space.
_OPENING = frozenset("([{<«‹“„‘¿¡@/\\_-‐‑–—^$€£¥&=")
# After these it does where they open something (#tag, *bold*), not where they close it (C#, C++, *bold*).
_OPENING_APART = frozenset("#+*~`|'" + APOSTROPHES)


class Query(NamedTuple):
    """A place in a text: the context's ids, the typed ``prefix``, and the span that a suggestion replaces.

    ``insert`` in place of ``text[start:end]`` is ``lead + suggestion + trail``; ``capital`` says that a
    sentence begins here. ``unknown`` are the words before it that the vocabulary does not hold, with their places in
    the context; a place below 1 is of one that has been dropped from it.
    """

    context: tuple[int, ...]
    prefix: str
    start: int
    end: int
    lead: str
    trail: str
    capital: bool
    unknown: tuple[tuple[int, str], ...] = ()


def read_completion(model: LanguageModel, text: str, cursor: int, context_tokens: int) -> Query:
    """The word being typed at ``cursor``; where none is, the next word as in ``read_next_word``."""
    caret = read_caret(text, cursor, context_tokens * CODE_POINTS_A_TOKEN)
    if not caret.prefix:
        return _next_word(model, text, caret.context, caret.end, context_tokens)
    context, capital, unknown = encode(model.vocabulary, caret.context, context_tokens)
    return Query(context, caret.prefix, caret.start, caret.end, "", "", capital, unknown)


def read_next_word(model: LanguageModel, text: str, cursor: int, context_tokens: int) -> Query:
    """The word after the one that ends at ``cursor``, or after the one that the cursor stands in."""
    caret = read_caret(text, cursor, context_tokens * CODE_POINTS_A_TOKEN)
    context = caret.context
    if caret.prefix:
        word = straight(caret.prefix)
        context = [*context, Token(word, caret.start, cursor)]
    return _next_word(model, text, context, caret.end, context_tokens)


def _next_word(model: LanguageModel, text: str, tokens: list[Token], place: int, context_tokens: int) -> Query:
    context, capital, unknown = encode(model.vocabulary, tokens, context_tokens)
    return Query(context, "", place, place, *lead_and_trail(text, place), capital, unknown)


def encode(
    vocabulary: Vocabulary, tokens: list[Token], most: int
) -> tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]:
    """The ids of the context after a start, whether a sentence begins behind it, and the unknown words in it.

    Of more than ``most`` tokens the first ones are dropped, half of ``most`` at a time: a window that moved
    with every word would have to be read anew with every word.
    """
    dropped = window(len(tokens), most)
    # Where sentences start is read from all of them: a quote that is open stays so when its mark is dropped.
    forms = [token.form for token in tokens]
    ids = vocabulary.encode(forms, from_start=not tokens or tokens[0].start == 0)
    none = vocabulary.id_of(UNKNOWN)
    unknown = tuple((i + 1 - dropped, form) for i, form in enumerate(forms) if ids[i] == none and form[0].isalpha())
    return (vocabulary.id_of(TEXT_START), *ids[dropped:]), sentence_starts(forms)[-1], unknown


def window(tokens: int, most: int) -> int:
    """How many of so many tokens are dropped, that at most ``most`` are left."""
    stride = max(1, most // 2)
    return -(-max(0, tokens - most) // stride) * stride


def lead_and_trail(text: str, place: int) -> tuple[str, str]:
    """The space that a word needs before it at this place, and the one behind it, or none."""
    return _lead(text, place), _trail(text, place)


def _lead(text: str, place: int) -> str:
    """The space that a word needs before it at this place, or none."""
    while place and text[place - 1] in INVISIBLES:
        place -= 1
    before = text[place - 1 : place]
    if not before or before.isspace() or before in _OPENING or _is_ideograph(before):
        return ""
    if before == '"':
        return "" if _quote_is_open(text, place) else " "
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
        return "" if _quote_is_open(text, place) else " "
    return " "


def _quote_is_open(text: str, place: int) -> bool:
    line = text[max(text.rfind("\n", 0, place), place - 1000) + 1 : place]
    return line.count('"') % 2 == 1


def _is_ideograph(character: str) -> bool:
    return (
        "\u2e80" <= character <= "\u31ff"
        or "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


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


# Signs of addresses, tags, paths, code: what stands among them is left alone.
_CODE = re.compile(r"[\d_@/\\#~^<>=*+|{}$&%`]|\w[.:]\w")
_ENDS = re.compile(r"^\W+|\W+$")


class Finished(NamedTuple):
    """A finished word in a text.

    ``query.prefix`` is the word, ``query`` its place and the context before it. ``alone`` says that it is to be left
    alone; ``before`` is the word that stands one space before it, '' where none does, and begins at ``before_start``.
    """

    query: Query
    alone: bool
    before: str
    before_start: int


def last_word(text: str, cursor: int, reach: int) -> tuple[int, int] | None:
    """The span of the last word that begins before the cursor; the word that the cursor stands in is one too."""
    begin = max(0, cursor - reach)
    found = [token for token in tokens(text[begin:cursor]) if token.is_word]
    if not found:
        return None
    start = begin + found[-1].start
    end = begin + found[-1].end
    return start, word_end(text, start, end) if end == cursor else end


def read_finished(model: LanguageModel, text: str, start: int, end: int, context_tokens: int) -> Finished:
    """The word ``text[start:end]`` with its context."""
    begin = max(0, start // (reach := context_tokens * CODE_POINTS_A_TOKEN) - 1) * reach
    before = [Token(t.form, t.start + begin, t.end + begin) for t in tokens(text[begin:start])]
    context, capital, unknown = encode(model.vocabulary, before, context_tokens)
    query = Query(context, text[start:end], start, end, "", "", capital, unknown)
    last = before[-1] if before else None
    joins = last is not None and last.is_word and text[last.end : start] == " "
    chunk_start, chunk_end = start, end
    while chunk_start and not text[chunk_start - 1].isspace() and start - chunk_start < 100:
        chunk_start -= 1
    while chunk_end < len(text) and not text[chunk_end].isspace() and chunk_end - end < 100:
        chunk_end += 1
    chunk = text[chunk_start:chunk_end]
    alone = is_code(_ENDS.sub("", chunk)) or text[chunk_start:start][-1:] in ("@", "#", "_", "/", "\\", "$")
    surface = text[last.start : last.end] if last is not None and joins else ""
    return Finished(query, alone or is_odd(text[start:end]), surface, last.start if last is not None else start)


def is_code(chunk: str) -> bool:
    """Whether a run of text without spaces is something else than words: an address, a path, a number, code."""
    return bool(_CODE.search(chunk))


def is_odd(word: str) -> bool:
    """Whether a word has capitals as names of things have them: NASA, iPhone, camelCase; THis is a slip."""
    rest = word[1:]
    return rest != rest.lower() and not (len(word) > 2 and word[:2].isupper() and word[2:].islower())
