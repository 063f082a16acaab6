"""The search for suggestions: which words can stand at a place in a text, how likely, and how written.

Reading a place (``read_completion``, ``read_next_word``) gives the ids of the context; whoever holds the
network runs it over them and hands its projected output to ``suggest``.
"""

from typing import NamedTuple

import numpy as np

from model.mixture import NO_IDS, mixture
from model.network import FloatArray, IntArray
from model.offensive import TYPED_SHARE
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
    return Query(context, "", place, place, _lead(text, place), _trail(text, place), capital, unknown)


def encode(
    vocabulary: Vocabulary, tokens: list[Token], most: int
) -> tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]:
    """The ids of the context after a start, whether a sentence begins behind it, and the unknown words in it.

    Of more than ``most`` tokens the first ones are dropped, half of ``most`` at a time: a window that moved
    with every word would have to be read anew with every word.
    """
    stride = max(1, most // 2)
    dropped = -(-max(0, len(tokens) - most) // stride) * stride
    # Where sentences start is read from all of them: a quote that is open stays so when its mark is dropped.
    forms = [token.form for token in tokens]
    ids = vocabulary.encode(forms, from_start=not tokens or tokens[0].start == 0)
    none = vocabulary.id_of(UNKNOWN)
    unknown = tuple((i + 1 - dropped, form) for i, form in enumerate(forms) if ids[i] == none and form[0].isalpha())
    return (vocabulary.id_of(TEXT_START), *ids[dropped:]), sentence_starts(forms)[-1], unknown


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


def suggest(
    model: LanguageModel, query: Query, output: FloatArray, limit: int, min_probability: float
) -> list[Suggestion]:
    """At most ``limit`` words, best first, none less likely than ``min_probability``.

    ``output`` (E,) is the network's projected output after the query's context.
    """
    ids, probabilities = candidates(model, query, output)
    return rank(model, query, ids, probabilities, limit, min_probability)


def candidates(model: LanguageModel, query: Query, output: FloatArray) -> tuple[IntArray, FloatArray]:
    """Ids of the tokens that can stand here, and their probabilities, which add up to 1.

    With a prefix these are the words that begin with it, and only their rows of the output layer are
    multiplied; the typed letters as a whole word are among them. Without one it is the whole vocabulary, less
    the marks that end something where the text ends in a space: those stand behind a word, not apart from it.
    """
    vocabulary, prefix = model.vocabulary, query.prefix
    span = vocabulary.prefix_range(prefix) if prefix else range(len(vocabulary))
    ids: IntArray = np.arange(span.start, span.stop)
    if not len(ids):
        return ids, np.zeros(0, dtype=np.float32)
    excluded = vocabulary.closing if not prefix and not query.lead else NO_IDS
    p = mixture(model, query.context, output, span, excluded=excluded)
    if has_apostrophe(prefix):
        kept = fitting_apostrophes(prefix, vocabulary.forms[span.start : span.stop])
        ids, p = ids[kept], p[kept]
        p /= max(float(p.sum()), 1e-30)
    return ids, p


def has_apostrophe(prefix: str) -> bool:
    """Whether an apostrophe was typed, of whatever kind."""
    return any(c in APOSTROPHES for c in prefix)


def fitting_apostrophes(prefix: str, forms: list[str]) -> list[int]:
    """Which words a typed apostrophe leaves: ``don'`` is not on its way to *done*."""
    typed = unaccented(prefix)
    return [i for i, form in enumerate(forms) if unaccented(form).startswith(typed)]


def rank(
    model: LanguageModel,
    query: Query,
    ids: IntArray,
    probabilities: FloatArray,
    limit: int,
    min_probability: float,
) -> list[Suggestion]:
    """Candidates as suggestions: offered words only, written as the person writes, each word once."""
    vocabulary = model.vocabulary
    if not len(ids):
        return []
    offered = vocabulary.offered[ids]
    if model.guarded is not None:
        guarded = np.flatnonzero(model.guarded[ids])
        offered[guarded] &= _mostly_typed(vocabulary, query.prefix, ids[guarded])
    probabilities = np.where(offered, probabilities, 0)
    # Spellings that differ only in case are one suggestion: their chances add up at the first of them.
    words = vocabulary.first_spelling[ids]
    lowest = int(words.min())
    shares = np.bincount(words - lowest, weights=probabilities)
    most = min(len(shares), limit + 1)
    best = np.argpartition(shares, len(shares) - most)[len(shares) - most :]
    best = best[np.argsort(-shares[best], kind="stable")]
    typed = straight(query.prefix)
    kind = "completion" if query.prefix else "next-word"
    suggestions = []
    for word in best.tolist():
        share = round(float(shares[word]), 6)
        if share <= 0 or share < min_probability:
            break
        places = np.searchsorted(ids, vocabulary.spellings[word + lowest])
        text = written(_spelling(vocabulary, ids[places], probabilities[places], query.prefix), query)
        if text != typed:
            suggestions.append(Suggestion(text, query.lead + text + query.trail, share, kind))
    return suggestions[:limit]


def _mostly_typed(vocabulary: Vocabulary, prefix: str, ids: IntArray) -> BoolArray:
    """Of which words the prefix is most: those may be offered whatever they are."""
    longest = len(fold(prefix)) / TYPED_SHARE
    return np.array([len(vocabulary.keys[i - vocabulary.first_word]) <= longest for i in ids.tolist()], dtype=bool)


def _spelling(vocabulary: Vocabulary, ids: IntArray, probabilities: FloatArray, prefix: str) -> str:
    """Of the spellings of a word (apple, Apple) the likeliest, given that the person began it small."""
    forms = [vocabulary.forms[i] for i in ids.tolist()]
    if prefix[:1].islower():
        small = np.array([form[0].islower() for form in forms])
        probabilities = np.where(small, probabilities, probabilities * SMALL_FOR_CAPITAL)
    form: str = forms[int(np.argmax(probabilities))]
    return form


def written(form: str, query: Query) -> str:
    """A true-cased form in the letter case of the person: app → apple, App → Apple, APP → APPLE."""
    prefix = query.prefix
    if prefix.isupper() and sum(c.isalpha() for c in prefix) > 1:
        return form.upper()
    if (prefix[:1].isupper() or (not prefix and query.capital)) and form[1:] == form[1:].lower():
        return form[0].upper() + form[1:]
    return form
