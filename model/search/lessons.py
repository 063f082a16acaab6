"""Lessons: what a finished text teaches. Its words and their sequences are counted, secrets among them never.

What may be a secret breaks a sequence and is left out: addresses, numbers, code, long strings with digits, and the rest
of a line behind *password*, *PIN* and their like.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from model.lm.notebook import Lesson
from model.search.place.kinds import run_start
from model.text.tokens import LINE_END, NUMBER, SPECIAL_TOKENS, TEXT_START, SentenceTracker, Token, tokens, unaccented
from model.text.vocabulary import Vocabulary

# Longer strings are no words.
LONGEST_WORD = 40
# Signs of addresses, paths, tags, code and keys inside a run without spaces.
_ADDRESS = re.compile(r"[@/\\_#~^<>=*+|{}$&%`]|\w[.:]\w")
_ENDS = re.compile(r"^\W+|\W+$")
# Longer strings of letters and digits, digits in a row, and capitals inside a word are hardly words.
_MOST_MIXED = 12
_DIGITS = re.compile(r"\d{5}")
_CAPITAL_INSIDE = re.compile(r"(?<=[^\W\d_])[A-Z](?=[^\W\d_]|$)")
_MOST_CAPITALS = 2
# The groups of an account number (IBAN) with spaces between them, eight digits at least.
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?=(?:[A-Z \xa0]*\d){6})(?:[ \xa0][A-Z0-9]{4}){2,7}(?:[ \xa0][A-Z0-9]{1,3})?\b")
# The rest of the line behind these, or where nothing stands there the next line, may be what they name. They may be a
# part of a word with hyphens, and be written as two words.
_SECRETS = frozenset(
    "password passwords passwort kennwort passphrase passphrases passcode passcodes passwd pwd pw pin pins cvv cvc otp "  # noqa: SIM905
    "secret token apikey apikeys motdepasse contrasena".split()
)
_BEGINNINGS = frozenset({"pass", "api"})


def lesson(text: str, vocabulary: Vocabulary) -> Lesson:
    """Count what a text teaches; ``vocabulary`` says how its words are written where no sentence begins."""
    words: Counter[str] = Counter()
    sequences: Counter[tuple[str, str, str]] = Counter()
    before = last = ""
    for form in _forms(text, vocabulary):
        if form is None:
            before = last = ""
            continue
        if form != TEXT_START:
            words[form] += 1
            if last:
                sequences["", last, form] += 1
            if before:
                sequences[before, last, form] += 1
        before, last = last, form
    if words:
        words[TEXT_START] += 1
    return Lesson(words, sequences)


def one_word(text: str) -> Token | None:
    """Return the token of a string that is one word, None of any other."""
    found = list(tokens(text))
    return found[0] if len(found) == 1 and found[0].is_word and found[0].end == len(text) else None


def is_teachable(word: str) -> bool:
    """True of a string that is one word, and none that a lesson leaves out."""
    return teachable_form(word) is not None


def teachable_form(word: str) -> str | None:
    """Return the form of a string that is one word, and none that a lesson leaves out; None of any other."""
    token = one_word(word)
    return None if token is None or _may_be_secret(word, token) else token.form


def is_countable(form: str) -> bool:
    """True of the form of a token, a word or a mark, that a lesson may count."""
    if form in SPECIAL_TOKENS:
        return form in (TEXT_START, LINE_END, NUMBER)
    found = list(tokens(form))
    if len(found) != 1 or found[0].form != form:
        return False
    return is_teachable(form) if found[0].is_word else _is_mark(form)


def _forms(text: str, vocabulary: Vocabulary) -> Iterator[str | None]:
    """Yield the forms of a text, words in their usual letter case, and None for what is not to be counted."""
    yield TEXT_START
    sentences = SentenceTracker()
    accounts = [match.span() for match in _ACCOUNT.finditer(text)]
    is_behind_secret = has_something = False
    last = ""
    for token in tokens(text):
        at_start = sentences.at_start
        sentences.push(token.form)
        if token.form == LINE_END and has_something:
            is_behind_secret = has_something = False
        if is_behind_secret:
            has_something = has_something or token.form[0].isalnum() or token.form[0] == "<"
            yield None
            continue
        if token.is_word and _names_secret(token.form, last):
            is_behind_secret, has_something = True, False
        last = token.form
        is_hidden = any(start <= token.start < end for start, end in accounts)
        if is_hidden or (_may_be_secret(text, token) if token.is_word else not _is_mark(token.form)):
            yield None
        else:
            yield _written(token, vocabulary, at_start)


def _names_secret(form: str, before: str) -> bool:
    """True of a word that says that a secret follows, as *Wi-Fi-password* or, behind *pass*, *code*."""
    parts = unaccented(form).removesuffix("'s").split("-")
    if any(part in _SECRETS for part in parts) or "".join(parts) in _SECRETS:
        return True
    beginning = unaccented(before).rpartition("-")[2]
    return beginning in _BEGINNINGS and beginning + parts[0] in _SECRETS


def _is_mark(form: str) -> bool:
    """True of a mark that is to be seen, and not longer than words may be."""
    return len(form) <= LONGEST_WORD and not any(unicodedata.category(c) == "Cc" for c in form)


def _written(token: Token, vocabulary: Vocabulary, at_start: bool) -> str:
    """The form of a token; a known word's in the case that the vocabulary has it in."""
    if not token.is_word:
        return token.form
    usual = vocabulary.forms[vocabulary.id_of(token.form, at_start)]
    return usual if usual.casefold() == token.form.casefold() else token.form


def _may_be_secret(text: str, token: Token) -> bool:
    """True of a word in an address, in code, behind a digit, or in a string as keys and passwords are."""
    begin, end = run_start(text, token.start), token.end
    while end < len(text) and not text[end].isspace() and end - begin <= 2 * LONGEST_WORD:
        end += 1
    run = _ENDS.sub("", text[begin:end])
    has_digit = any(map(str.isdigit, run))
    return (
        max(len(run), len(token.form)) > LONGEST_WORD
        or text[token.start - 1 : token.start].isdigit()
        or (has_digit and (len(run) > _MOST_MIXED or bool(_DIGITS.search(run))))
        or (len(run) > _MOST_MIXED and len(_CAPITAL_INSIDE.findall(run)) > _MOST_CAPITALS and not run.isupper())
        or bool(_ADDRESS.search(run))
    )
