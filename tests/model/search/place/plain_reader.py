"""Reading a place in a text anew each time, by the definition: the reference for the reader that remembers."""

from model.search.place.custom_words import NO_CUSTOM, CustomWords
from model.search.place.kinds import Place, place_at, run_start
from model.search.place.query import CODE_POINTS_A_TOKEN, CODE_POINTS_BEFORE, Query, _lead, _trail, _window_start
from model.text.tokens import (
    NUMBER,
    TEXT_START,
    UNKNOWN,
    Token,
    joins_words,
    normal_form,
    number_end,
    sentence_starts,
    tokens,
    word_end,
)
from model.text.vocabulary import Vocabulary


def read_completion(vocabulary: Vocabulary, text: str, cursor: int, context_tokens: int) -> Query:
    """The word being typed at ``cursor``; where none is, the next word as in ``read_next_word``."""
    before, begin, word, place = plain_caret(text, cursor, context_tokens)
    if word is None:
        return _next_word(vocabulary, text, before, begin, place, context_tokens)
    context, capital, behind_capital, unknown = _encode(vocabulary, before, begin, context_tokens)
    end = word_end(text, word.start, cursor)
    return Query(
        context, text[word.start : cursor], word.start, end, "", "", capital, unknown, *_where(text, word.start, end),
        behind_capital,
    )  # fmt: skip


def read_next_word(vocabulary: Vocabulary, text: str, cursor: int, context_tokens: int) -> Query:
    """The word after the one that ends at ``cursor``, or after the one that the cursor stands in."""
    before, begin, word, place = plain_caret(text, cursor, context_tokens)
    if word is not None:
        before = [*before, Token(normal_form(text[word.start : cursor]), word.start, cursor)]
        place = word_end(text, word.start, cursor)
    return _next_word(vocabulary, text, before, begin, place, context_tokens)


def plain_caret(text: str, cursor: int, context_tokens: int) -> tuple[list[Token], int, Token | None, int]:
    """The finished tokens before a cursor and where they begin, the word being typed, and where a next one goes."""
    begin = _window_start(text, cursor, context_tokens * CODE_POINTS_A_TOKEN)
    found = [Token(t.form, t.start + begin, t.end + begin) for t in tokens(text[begin:cursor])]
    if len(found) > 1 and joins_words(text[cursor - 1]) and found[-2].is_word and found[-2].end == cursor - 1:
        return found[:-2], begin, found[-2], cursor
    if found and found[-1].is_word and found[-1].end == cursor:
        return found[:-1], begin, found[-1], cursor
    if found and found[-1].form == NUMBER and found[-1].end == cursor:
        return found, begin, None, max(cursor, number_end(text, found[-1].start))
    return found, begin, None, cursor


def _next_word(
    vocabulary: Vocabulary, text: str, before: list[Token], begin: int, place: int, context_tokens: int
) -> Query:
    context, capital, behind_capital, unknown = _encode(vocabulary, before, begin, context_tokens)
    return Query(
        context,
        "",
        place,
        place,
        _lead(text, place),
        _trail(text, place),
        capital,
        unknown,
        *_where(text, place, place),
        behind_capital,
    )


def _encode(
    vocabulary: Vocabulary, before: list[Token], begin: int, most: int
) -> tuple[tuple[int, ...], bool, bool, tuple[tuple[int, str], ...]]:
    """The ids of at most ``most`` tokens after a start, ``capital`` and ``behind_capital``, the unknown words."""
    stride = max(1, most // 2)
    dropped = -(-max(0, len(before) - most) // stride) * stride
    forms = [token.form for token in before]
    ids = vocabulary.encode(forms, from_start=begin == 0)
    none = vocabulary.id_of(UNKNOWN)
    unknown = tuple((i + 1 - dropped, form) for i, form in enumerate(forms) if ids[i] == none and form[0].isalpha())
    starts = sentence_starts(forms)
    capital = starts[-1] and (begin == 0 or bool(forms))
    last = forms[-1] if forms else "-"
    is_start = starts[-2] and (begin == 0 or len(forms) > 1) if forms else True
    behind_capital = last[0].isupper() and last.split("'")[0] != "I" and not is_start
    return (vocabulary.id_of(TEXT_START), *ids[dropped:]), capital, behind_capital, unknown


def _where(text: str, start: int, end: int) -> tuple[str, Place, str, CustomWords, bool]:
    before = text[:start]
    ends_line = not text[end:].partition("\n")[0].strip()
    return (
        text[run_start(text, start) : start],
        place_at(text, start),
        before[-CODE_POINTS_BEFORE:],
        NO_CUSTOM,
        ends_line,
    )
