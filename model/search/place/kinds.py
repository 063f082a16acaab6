"""The kind of a place in a text: plain text, an address, code, or behind a digit."""

import re
from enum import Enum, auto

from model.text.tokens import APOSTROPHES

# The most characters of a run without spaces that are looked at.
LONGEST_RUN = 100
# The beginning of an address: of a mail address whose host is being typed, of a URL.
_ADDRESS = re.compile(r"[^@\s]@|[a-z][a-z0-9+.-]*://|www\.", re.IGNORECASE)
# A number that stands by itself, with what may stand before one.
_NUMBER = re.compile(r"[^\w@/\\]*\d[\d.,:]*")
# Signs of addresses, tags, paths and code, and marks between letters.
_CODE = re.compile(r"[\d_@/\\#~^<>=*+|{}$&%`]|\w[.:]\w")
_CODE_BEFORE = frozenset("@#_/\\$`")
_ENDS = re.compile(r"^\W+|\W+$")
# A call: a word, and an opening bracket that holds more than a plural's ending.
_CALL = re.compile(r"\((?!(?:s|es|ed|d|n|r)\))")
# A quotation between apostrophes that begins.
_OPENS_QUOTE = re.compile(rf"(?:^|[\s(\[“\"—-])[{APOSTROPHES}](?=\w)")
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
# The ends of addresses, behind their last full stop, the most frequent first.
DOMAINS = frozenset("com org net edu gov io uk de dev app info co ai eu fr jp ca".split())  # noqa: SIM905
FILE_TYPES = frozenset(
    "pdf docx doc xlsx pptx txt csv zip png jpg jpeg gif mp3 mp4 html htm css js json xml py md exe php yml yaml "  # noqa: SIM905
    "www http https".split()
)
# Behind a full stop that ends something these are pieces of addresses and file names, no words.
PIECES = (DOMAINS | FILE_TYPES) - {"app", "dev"}


class Place(Enum):
    """The kind of a place in a text: plain text, an address, code, or behind a digit."""

    TEXT = auto()
    ADDRESS = auto()
    CODE = auto()
    DIGIT = auto()


def place_at(text: str, start: int) -> Place:
    """The kind of the place where a word begins at ``start``."""
    run = text[run_start(text, start) : start]
    if not run:
        return Place.CODE if _is_quoted_code(text, start) else Place.TEXT
    if _ADDRESS.search(run):
        return Place.ADDRESS
    if run[-1].isdigit():
        return Place.DIGIT if _NUMBER.fullmatch(run) else Place.CODE
    return Place.CODE if run[-1] in "_`" or _is_quoted_code(text, start) else Place.TEXT


def is_elided(text: str, start: int, end: int) -> bool:
    """True where an apostrophe behind the word ``text[start:end]`` stands for letters: *goin'*, *ol'*, *th'*.

    Behind an *s* it makes a possessive, and where a quotation was opened by one it may close that.
    """
    if text[end : end + 1] not in tuple(APOSTROPHES) or text[end - 1 : end] in ("s", "S"):
        return False
    begin = max(text.rfind("\n", 0, start) + 1, start - LONGEST_RUN)
    return not _OPENS_QUOTE.search(text[begin:end])


def is_code(text: str, start: int, end: int) -> bool:
    """True where the finished word ``text[start:end]`` stands in an address, a path, a tag, a number, or in code."""
    begin = run_start(text, start)
    stop = end
    while stop < len(text) and not text[stop].isspace() and stop - end < LONGEST_RUN:
        stop += 1
    return (
        bool(_CODE.search(_ENDS.sub("", text[begin:stop])))
        or text[start - 1 : start] in _CODE_BEFORE
        or text[begin:start].endswith("--")
        or bool(_CALL.match(text, end))
        or _is_quoted_code(text, start)
    )


def run_start(text: str, start: int) -> int:
    """The beginning of the run of characters without spaces that ends at ``start``."""
    begin = start
    while begin and not text[begin - 1].isspace() and start - begin < LONGEST_RUN:
        begin -= 1
    return begin


def _is_quoted_code(text: str, start: int) -> bool:
    """True between two backticks of a line, and in a fenced block."""
    if "`" not in text and "~~~" not in text:
        return False
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return line.count("`") % 2 == 1 or len(_FENCE.findall(text, 0, start)) % 2 == 1
