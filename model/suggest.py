"""The search for suggestions: which words can stand at a place in a text, how likely, and how written.

Reading a place (``read_completion``, ``read_next_word``) gives the ids of the context; whoever holds the
network runs it over them. ``next_words`` looks through the whole vocabulary, a ``Typist`` for what was begun to type.
"""

from typing import NamedTuple

import numpy as np

from model.mixture import NO_IDS, mixture
from model.network import FloatArray, IntArray
from model.storage import BoolArray, LanguageModel
from model.text import (
    APOSTROPHES,
    CLOSING_MARKS,
    INVISIBLES,
    TEXT_START,
    UNKNOWN,
    Token,
    fold,
    read_caret,
    sentence_starts,
    straight,
    unaccented,
)
from model.vocabulary import Vocabulary

# Code points of text read for each token of context, spaces included: more than any usual text has.
CODE_POINTS_A_TOKEN = 8
# After these a word follows without a space.
_OPENING = frozenset("([{<«‹“„‘¿¡@/\\_-‐‑–—^$€£¥&=")
# After these it does where they open something (#tag, *bold*), not where they close it (C#, C++, *bold*).
_OPENING_APART = frozenset("#+*~`|'" + APOSTROPHES)
# How often a word with a capital of its own is begun with a small letter, roughly: people are lazy, but not all.
SMALL_FOR_CAPITAL = 0.2
# Groups of values, at least, in the search for the likeliest.
_GROUPS = 256


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


class Suggestion(NamedTuple):
    """A word, what to put in the place of the replaced span, P(word | context, prefix), and its kind."""

    text: str
    insert: str
    probability: float
    kind: str


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


def next_words(
    model: LanguageModel, query: Query, logits: FloatArray, limit: int, min_probability: float
) -> list[Suggestion]:
    """At most ``limit`` words for the place of a query without a prefix, best first.

    ``logits`` (V,) are the network's after the query's context. Where the text ends in a space, the marks that end
    something are ruled out: those stand behind a word, not apart from it.
    """
    everything = range(len(model.vocabulary))
    excluded = NO_IDS if query.lead else model.vocabulary.closing
    p = mixture(model, query.context, logits, everything, excluded=excluded)
    return rank(model, query, everything, p, limit, min_probability)


def has_apostrophe(prefix: str) -> bool:
    """Whether an apostrophe was typed, of whatever kind."""
    return any(c in APOSTROPHES for c in prefix)


def fitting_apostrophes(prefix: str, forms: list[str]) -> BoolArray:
    """Which words a typed apostrophe leaves: ``don'`` is not on its way to *done*."""
    typed = unaccented(prefix)
    return np.array([unaccented(form).startswith(typed) for form in forms], dtype=bool)


def rank(
    model: LanguageModel,
    query: Query,
    ids: range,
    probabilities: FloatArray,
    limit: int,
    min_probability: float,
) -> list[Suggestion]:
    """Candidates as suggestions: offered words only, written as the person writes, each word once."""
    if not len(ids):
        return []
    vocabulary = model.vocabulary
    probabilities = probabilities * model.offered(ids, len(fold(query.prefix)))
    shares = _shares(vocabulary, ids, probabilities, _likely(vocabulary, probabilities, limit + 1))
    typed = straight(query.prefix)
    kind = "completion" if query.prefix else "next-word"
    suggestions = []
    for first in sorted(shares, key=lambda first: -shares[first])[: limit + 1]:
        share = round(shares[first], 6)
        if share <= 0 or share < min_probability:
            break
        text = written(_spelling(vocabulary, first, ids, probabilities, query.prefix), query)
        if text != typed:
            suggestions.append(Suggestion(text, query.lead + text + query.trail, share, kind))
    return suggestions[:limit]


def _shares(vocabulary: Vocabulary, ids: range, probabilities: FloatArray, places: IntArray) -> dict[int, float]:
    """The chances of the words at some places, by their first spelling.

    Spellings that differ only in case are one suggestion: their chances add up.
    """
    shares: dict[int, float] = {}
    firsts = vocabulary.first_spelling[places + ids.start].tolist()
    for first, p in zip(firsts, probabilities[places].tolist(), strict=True):
        if first not in shares:
            same = vocabulary.spellings.get(first)
            shares[first] = p if same is None else sum(probabilities[i - ids.start].item() for i in same)
    return shares


def _likely(vocabulary: Vocabulary, values: FloatArray, most: int) -> IntArray:
    """Where those of n values stand of which the ``most`` likeliest words are, each with all of its spellings.

    As many values as ``most`` words have spellings reach the bound, so ``most`` words do. One that comes before them
    does too, and one of its spellings the so-manieth part of it.
    """
    bound = reached(values, most * vocabulary.most_spellings)
    return np.flatnonzero(values >= bound / vocabulary.most_spellings)


def reached(values: FloatArray, most: int) -> FloatArray:
    """For each row of values (…, n) a bound that ``most`` of them reach, or more: all where there are no more.

    The values are dealt to groups, each of which has a largest one.
    """
    *rows, n = values.shape
    deals = max(1, n // max(_GROUPS, 4 * most))
    groups = n // deals
    if groups <= most:
        least: FloatArray = values.min(axis=-1, initial=np.inf)
        return least
    largest = values[..., : deals * groups].reshape(*rows, deals, groups).max(axis=-2)
    bound: FloatArray = np.partition(largest, groups - most)[..., groups - most]
    return bound


def _spelling(vocabulary: Vocabulary, first: int, ids: range, probabilities: FloatArray, prefix: str) -> str:
    """Of the spellings of a word (apple, Apple) the likeliest, given that the person began it small."""
    same = vocabulary.spellings.get(first)
    if same is None:
        return vocabulary.forms[first]
    small = prefix[:1].islower()
    chances = {
        form: float(probabilities[i - ids.start]) * (1 if not small or form[0].islower() else SMALL_FOR_CAPITAL)
        for i in same
        for form in (vocabulary.forms[i],)
    }
    return max(chances, key=lambda form: chances[form])


def written(form: str, query: Query) -> str:
    """A true-cased form in the letter case of the person: app → apple, App → Apple, APP → APPLE."""
    prefix = query.prefix
    if prefix.isupper() and sum(c.isalpha() for c in prefix) > 1:
        return form.upper()
    if (prefix[:1].isupper() or (not prefix and query.capital)) and form[1:] == form[1:].lower():
        return form[0].upper() + form[1:]
    return form
