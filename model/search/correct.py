"""Correcting a finished word: what was meant, in the light of the letters and of what stands before it.

The typed word itself is one of the candidates. It competes with words a few slips away, with two words whose space was
missed, and with the word that it makes together with the one before it.
"""

import math
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray
from model.search.error_model import RATES, cost, most_edits
from model.search.query import Finished, Query
from model.search.ranking import LEAST_SHARE, Suggestion
from model.search.scorer import OWN_SHARE, Typist
from model.text.tokens import fold, straight, unaccented

# What a change costs beyond the error model, chosen on held-out text for nine right changes in ten.
CHANGE_COST = 2.5
# The same of a word that the vocabulary does not hold and that has no capital: unknown words are mostly names.
SMALL_COST = -0.5
# What a change costs in addition to a word of the lexicon, whose words are less to be trusted.
RARE_COST = 8.0
# The same of a word with a capital: there are more names than any lexicon holds.
NAME_COST = 14.0
# What one costs in addition to two words: compounds and the names of things are written together.
SPLIT_COST = 3.0
MOST_SPLITS = 4
TYPED = "typed"


class Correction(NamedTuple):
    """What may stand in place of ``text[start:end]``, best first."""

    suggestions: list[Suggestion]
    start: int
    end: int


def correct(typist: Typist, word: Finished, output: FloatArray, limit: int, min_probability: float) -> Correction:
    """What the word may have been meant for, the word itself among it.

    ``output`` (E,) is the network's projected output after the context before the word.
    """
    query, typed = word.query, straight(word.query.prefix)
    itself = Suggestion(typed, query.prefix, 1.0, TYPED)
    key = fold(typed)
    if word.alone or not 0 < len(key) <= 40:
        return Correction([itself][:limit], query.start, query.end)
    options = _options(typist, query, typed, key, output)
    joined = _joined(typist, word, key)
    total = sum(options.values())
    start, lead = query.start, ""
    if joined:
        # The ratio of the joined word to the two as they stand.
        form, ratio = joined
        mass = options[typed] * ratio
        options[form] = mass
        total += mass
        start, lead = word.before_start, word.before + " "
    ordered = sorted(options.items(), key=lambda item: (-item[1], item[0] != typed))
    suggestions: list[Suggestion] = []
    for text, p in ordered:
        share = round(p / total, 6) if total > 0 else 0.0
        if share < max(min_probability, LEAST_SHARE):
            continue
        own_lead = "" if joined and text == joined[0] else lead
        kind = TYPED if text == typed else "correction"
        insert = query.prefix if text == typed else text
        suggestions.append(Suggestion(text, own_lead + insert, share, kind))
    return Correction(suggestions[:limit], start, query.end)


def _options(typist: Typist, query: Query, typed: str, key: str, output: FloatArray) -> dict[str, float]:
    """Unnormalised P(word | context) P(typed | word) of each text that may have been meant, the typed one included."""
    table = typist.table
    frontier = typist.search.after(key)
    found = typist.candidates.whole_words(frontier, len(key))
    exact = typist.candidates.exact_words(frontier)
    splits = _splits(typist, typed)
    first = np.array([a for a, _ in splits], dtype=np.int64)
    everything = np.concatenate([found.words, exact, first])
    others = typist.others(everything)
    joint = typist.joint(query.context, typist.model.network.logits(output, others.ids), range(0), others)
    p_found, p_exact, p_first = np.split(joint.others, np.cumsum([len(found.words), len(exact)]))
    small = typed.casefold()
    options = {typed: 0.0}
    standing = [table.forms[w].casefold() == small and _stands(typist, int(w)) for w in exact]
    p_typed = float(p_exact[standing].sum())
    if p_typed == 0:
        p_typed = joint.unknown * table.lexicon.novel * math.exp(typist.speller.log_word(typed))
    forms = [form for _, form in query.unknown]
    if forms:
        p_typed += joint.unknown * OWN_SHARE * sum(form.casefold() == small for form in forms) / len(forms)
    options[typed] = p_typed * (1 - RATES["a letter"]) ** len(key)
    odd = typed[1:] != typed[1:].lower()
    if odd:
        # THis: the same word with one capital competes with it.
        options[_cased(typed.lower(), typed, query)] = options[typed]
        options[typed] *= RATES["stray capital"]
    in_vocabulary = bool((exact[standing] < table.vocabulary_size).any())
    change = CHANGE_COST if in_vocabulary or typed[0].isupper() else SMALL_COST
    allowed = most_edits(len(key))
    for w, price, p in zip(found.words.tolist(), found.cost.tolist(), p_found.tolist(), strict=True):
        form = table.forms[w]
        withheld = w < table.vocabulary_size and not typist.model.vocabulary.offered[w]
        if withheld or form.casefold() == small or (price > 0 and allowed == 0):
            continue
        price += _marks_cost(typed, form) + _case_cost(typed, form, query)
        price += change if price else 0.0
        if w >= table.vocabulary_size:
            price += NAME_COST if typed[0].isupper() else RARE_COST
        text = _cased(form, typed, query)
        if text != typed:
            options[text] = options.get(text, 0.0) + p * math.exp(-price)
    for (a, b), p in zip(splits, p_first.tolist(), strict=True):
        price = cost("missed space") + CHANGE_COST + SPLIT_COST
        text = f"{_cased(table.forms[a], typed, query)} {table.forms[b]}"
        following = typist.following((*query.context, a), b)
        options[text] = options.get(text, 0.0) + p * following * math.exp(-price)
    return options


def _stands(typist: Typist, word: int) -> bool:
    """Whether a word that was typed may stand: names, and what would be offered; *recieve* is known, but withheld."""
    form = typist.table.forms[word]
    return word >= typist.table.vocabulary_size or bool(typist.model.vocabulary.offered[word]) or not form.islower()


def _marks_cost(typed: str, form: str) -> float:
    """What differs in apostrophes and accents, which the letters compared are without."""
    price = 0.0
    if "'" in form and "'" not in typed:
        price += cost("missed apostrophe")
    elif "'" in typed and "'" not in form:
        # Hardly anybody types one that is not meant: Qatar's is not Qatar.
        price += 2 * cost("a letter", "added")
    if not form.isascii() and typed.isascii() and unaccented(form) != form.casefold():
        price += cost("missed accent")
    elif form.isascii() and not typed.isascii():
        price += cost("a letter", "other letter")
    return price


def _case_cost(typed: str, form: str, query: Query) -> float:
    if typed[0].isupper() and form[0].islower() and not query.capital:
        return cost("stray capital")
    if typed[0].islower() and form[0].isupper():
        return cost("missed capital")
    return 0.0


def _cased(form: str, typed: str, query: Query) -> str:
    """A form in the letter case of the person."""
    if typed[0].isupper() and form[1:] == form[1:].lower():
        return form[0].upper() + form[1:]
    return form


def _splits(typist: Typist, typed: str) -> list[tuple[int, int]]:
    """Pairs of words of the vocabulary that the typed one is, without the space; the most frequent ones."""
    vocabulary = typist.model.vocabulary
    small = typed.casefold()
    known = vocabulary.id_of(typed)
    if (known != typist.unknown_id and _stands(typist, known)) or len(small) < 4:
        return []
    found = []
    for i in range(1, len(small)):
        a, b = (_whole(typist, part) for part in (small[:i], small[i:]))
        if a is not None and b is not None:
            found.append((a, b))
    both = [float(typist.context_free(np.array(pair)).sum()) for pair in found]
    return [found[i] for i in np.argsort(both)[::-1][:MOST_SPLITS]]


def _whole(typist: Typist, part: str) -> int | None:
    """The id of a word that is spelled just so, and may stand alone."""
    if not part[0].isalpha():
        return None
    vocabulary = typist.model.vocabulary
    id_ = vocabulary.id_of(part)
    return id_ if vocabulary.forms[id_].casefold() == part and vocabulary.offered[id_] else None


def _joined(typist: Typist, word: Finished, key: str) -> tuple[str, float] | None:
    """The word that the one before and this one make without their space, and how much likelier it is than the two.

    Only where one of the two is no word of the vocabulary: *every day* is not *everyday*.
    """
    vocabulary, unknown = typist.model.vocabulary, typist.unknown_id
    if not word.before or len(word.before) + len(key) < 5:
        return None
    together = straight(word.before).casefold() + straight(word.query.prefix).casefold()
    ids = [vocabulary.id_of(straight(part)) for part in (word.before, word.query.prefix)]
    whole = _whole(typist, together)
    if whole is None or unknown not in ids:
        return None
    log_ratio = float(typist.context_free(np.array([whole]))[0]) - cost("stray space") - CHANGE_COST
    for part, id_ in zip((word.before, word.query.prefix), ids, strict=True):
        log_ratio -= float(typist.context_free(np.array([id_]))[0])
        if id_ == unknown:
            log_ratio -= math.log(typist.table.lexicon.novel) + typist.speller.log_word(part)
    return _cased(vocabulary.forms[whole], straight(word.before), word.query), math.exp(min(50.0, log_ratio))
