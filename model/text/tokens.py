"""The tokeniser, the same for training and serving, with the normal forms of words and the starts of sentences.

A token keeps the span it was read from, so whatever normalisation does to its form (NFC, straight
quotes, contractions given their apostrophe), positions in the original text stay exact.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

UNKNOWN = "<unk>"
TEXT_START = "<start>"
LINE_END = "<eol>"
NUMBER = "<num>"
# In the order of their ids: they come first in every vocabulary.
SPECIAL_TOKENS = (UNKNOWN, TEXT_START, LINE_END, NUMBER)


APOSTROPHES = "'\u2018\u2019\u02bc\uff07"
_HYPHENS = "-\u2010\u2011"
_JOINERS = APOSTROPHES + _HYPHENS
# Python's \w leaves out combining marks, without which neither NFD text nor Indic scripts have words.
_MARKS = "".join(chr(c) for c in range(0x300, 0x1F000) if unicodedata.category(chr(c))[0] == "M")
# Soft hyphens, zero-width spaces and direction marks stand for nothing that is read.
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
INVISIBLES = frozenset(re.findall(f"[{_INVISIBLE}]", "".join(map(chr, range(0x10000)))))
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
# Chinese and Japanese are written without spaces: their runs are words of their own beside Latin ones.
# Their punctuation and the ideographic space (U+3000 to U+3003, U+3008 to U+3020 and so on) are not letters.
_IDEOGRAPHS = (
    "\u2e80-\u2fff\u3005-\u3007\u3021-\u302f\u3031-\u3035\u3038-\u303c\u3041-\u31ff"
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# U+02BC is an apostrophe here, but a letter in Unicode.
_TAIL = rf"(?:[^\W_\u02bc{_IDEOGRAPHS}]++|[{_MARKS}]++)"
_WORD = rf"(?:[^\W\d_\u02bc{_IDEOGRAPHS}]{_TAIL}*+(?:[{re.escape(_JOINERS)}]{_TAIL}++)*+|[{_IDEOGRAPHS}]++)"
_WORD_PATTERN = re.compile(_WORD)
_UNSPACED = re.compile(f"[{_IDEOGRAPHS}\u3000-\u303f]")
_TOKEN_PATTERN = re.compile(
    rf"(?P<word>{_WORD})"
    r"|(?P<number>\d+(?:[.,:]\d+)*+(?:(?:st|nd|rd|th)(?![^\W\u02bc]))?)"
    rf"|(?P<line>[\s{_INVISIBLE}]*[\n\r\u2028\u2029][\s{_INVISIBLE}]*)"
    rf"|[\s{_INVISIBLE}]+"
    rf"|(?P<mark>\.{{2,}}|!+|\?+|-{{2,}}|(?:[^\w\s]|_)(?:[{_MARKS}{_SKIN_TONES}]|\u200d[^\w\s])*+|\w)"
)


_STRAIGHT = str.maketrans(
    dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-") | dict.fromkeys("\u201c\u201d\u201e\uff02", '"')
)
# Runs and variants of a mark that mean the same are one token.
_MARK_FORMS = {"\u2026": "...", "\u2013": "--", "\u2014": "--"}
# No space stands before these.
CLOSING_MARKS = frozenset(".,;:!?…)]}>»›”%") | {"..."}
# The marks that end a sentence, and all behind which one begins.
SENTENCE_ENDS = (".", "!", "?", "...")
_BEFORE_SENTENCE = frozenset({*SENTENCE_ENDS, LINE_END, TEXT_START})
# Behind these a full stop mostly ends no sentence; in small letters.
ABBREVIATIONS = frozenset(
    (  # noqa: SIM905
        "adm al appt approx apr apt asst aug ave blvd bldg brig capt cf cmdr co col corp dec dept dist dr est etc ext "
        "feb fig figs ft fr gen gov hon hrs inc jan jr jul jun lb lbs lt ltd maj mar messrs misc mr mrs ms mt nov nr "
        "oct oz pg pp prof pvt rep rev sep sept sgt sq sr st tel viz vol vols vs"
    ).split()
)


# Contractions that are commonly typed without their apostrophe and are then rarely another word
# (so not its, well, ill, were, wed, shed, shell, hell, id, lets, whore).
_CONTRACTIONS = (
    *("don't", "doesn't", "didn't", "isn't", "aren't", "wasn't", "weren't", "haven't", "hasn't", "hadn't"),
    *("couldn't", "wouldn't", "shouldn't", "can't", "won't", "i'm", "i've", "you're", "you've", "you'll"),
    *("they're", "they've", "they'll", "we've", "that's", "what's", "there's", "he's", "she's", "who's"),
    *("could've", "should've", "would've"),
)
_BARE_CONTRACTIONS = {form.replace("'", ""): form for form in _CONTRACTIONS}


class Token(NamedTuple):
    """A token's normal form, and the half-open span of code points it was read from."""

    form: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """True for a token that begins with a letter."""
        return self.form[0].isalpha()


def straight(surface: str) -> str:
    """NFC with straight quotes and plain hyphens."""
    return surface if surface.isascii() else unicodedata.normalize("NFC", surface).translate(_STRAIGHT)


def normal_form(surface: str) -> str:
    """The spelling under which a word is counted and looked up; letter case stays."""
    form = straight(surface)
    whole = _BARE_CONTRACTIONS.get(form) or _BARE_CONTRACTIONS.get(form[0].lower() + form[1:])
    if whole is None:
        return form
    return capitalised(whole) if form[0].isupper() else whole


def unaccented(word: str) -> str:
    """Casefolded, without accents, apostrophes straight: what two spellings of a beginning are compared by.

    Compatibility forms (full-width letters, ligatures) become their plain letters, the dotless ı an i.
    """
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word.translate(_STRAIGHT).casefold())
        word = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_STRAIGHT)
    return word.casefold().replace("ı", "i")


def fold(word: str) -> str:
    """The key that words are sorted and found by: casefolded, without accents and apostrophes.

    ``fold("Don’t") == "dont"``, ``fold("Café") == "cafe"``.
    """
    return unaccented(word).replace("'", "")


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of ``text`` in order; accepts any string and never raises.

    Words keep inner apostrophes and hyphens, a number becomes ``<num>``, white space with a line
    break in it becomes one ``<eol>``, other white space separates, anything else is a mark.
    """
    for match in _TOKEN_PATTERN.finditer(text):
        kind, surface = match.lastgroup, match.group()
        if kind == "word":
            form = normal_form(surface)
        elif kind == "mark":
            form = _mark_form(surface)
        elif kind == "number":
            form = NUMBER
        elif kind == "line":
            form = LINE_END
        else:
            continue
        yield Token(form, match.start(), match.end())


def _mark_form(surface: str) -> str:
    if surface[0] in "!?":
        return surface[0]
    if surface[0] in ".-" and len(surface) > 1:
        return "..." if surface[0] == "." else "--"
    surface = straight(surface)
    return _MARK_FORMS.get(surface, surface)


def joins_words(character: str) -> bool:
    """True for apostrophes and hyphens, which stand inside words."""
    return character in _JOINERS


def is_unspaced(character: str) -> bool:
    """True for Chinese and Japanese characters and their punctuation, behind which no space stands."""
    return _UNSPACED.fullmatch(character) is not None


def word_end(text: str, start: int, cursor: int) -> int:
    """Return where the word that begins at ``start`` ends, ``cursor`` at the earliest."""
    match = _WORD_PATTERN.match(text, start)
    return max(cursor, match.end()) if match else cursor


def number_end(text: str, start: int) -> int:
    """Return where the number that begins at ``start`` ends."""
    match = _TOKEN_PATTERN.match(text, start)
    return match.end() if match else start


def is_abbreviation(form: str) -> bool:
    """True where a full stop behind the token ends no sentence: *etc.*, *vs.*, initials (*J. Smith*, *a.m.*)."""
    return form.lower() in ABBREVIATIONS or (len(form) == 1 and form.isalpha() and form != "I")


def has_own_capital(form: str) -> bool:
    """True for a word with a capital, but for *I* and what begins with it, as *I'm*."""
    return form[0].isupper() and form != "I" and not form.startswith("I'")


def capitalised(form: str) -> str:
    """The form with a capital at its beginning."""
    return form[0].upper() + form[1:]


class SentenceTracker:
    """Says of each next token whether it begins a sentence, from the tokens before it.

    A full stop after an abbreviation ends none; straight quotes open and close in turn within a line, and
    what an opening quote begins counts as a sentence. Brackets, asterisks and emoji change nothing: a
    sentence begins after ``.)`` as after a full stop.

    ``behind_capital`` is true right behind a word that has a capital though no sentence begins with it; *I* always has.
    """

    def __init__(self, at_start: bool = True, behind_capital: bool = False) -> None:
        self.at_start, self.behind_capital = at_start, behind_capital
        self._quote_open = False
        self._previous = TEXT_START

    def copy(self) -> "SentenceTracker":
        """Another one that has taken the same tokens into account."""
        other = SentenceTracker(self.at_start, self.behind_capital)
        other._quote_open, other._previous = self._quote_open, self._previous
        return other

    def push(self, form: str) -> None:
        """Take the next token's form into account."""
        self.behind_capital = not self.at_start and has_own_capital(form)
        if form == '"':
            self._quote_open = not self._quote_open
            self.at_start = self._quote_open or self.at_start
        elif form in _BEFORE_SENTENCE:
            self.at_start = not (form == "." and is_abbreviation(self._previous))
            if form in (LINE_END, TEXT_START):
                self._quote_open = False
        elif form not in "('[])*" and not (form[0] > "\u2190" and unicodedata.category(form[0]) == "So"):
            self.at_start = False
        self._previous = form


def sentence_starts(forms: Iterable[str]) -> list[bool]:
    """For each token, whether it begins a sentence; one more entry at the end for the token to come."""
    tracker = SentenceTracker()
    starts = [tracker.at_start]
    for form in forms:
        tracker.push(form)
        starts.append(tracker.at_start)
    return starts
