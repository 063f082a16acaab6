"""Estimate the shares of the kinds of typos: ``python scripts/estimate_typos.py MISSPELLINGS``.

The file has a ``misspelling->word`` a line (several words are separated by commas; only lines with one are used).
Prints the shares that stand in ``model.search.typos.error_model``: of pairs that are one edit apart, how many are of
each kind, and how many of the edits touch the first letter.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from model.search.typos.error_model import VOWELS
from model.search.typos.keyboards import LAYOUTS, neighbours
from model.text.tokens import fold


def main() -> None:
    """Count, and print a table."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("misspellings", type=Path)
    p.add_argument("--layout", choices=sorted(LAYOUTS), default="qwerty", help="the keyboard they were typed on")
    options = p.parse_args()
    near = neighbours(options.layout)
    kinds: Counter[str] = Counter()
    first = pairs = 0
    for typed, word in _pairs(options.misspellings):
        pairs += 1
        edit = kind_of_edit(typed, word, near)
        if edit is not None:
            kinds[edit[0]] += 1
            first += edit[1] == 0
    total = sum(kinds.values())
    print(f"{pairs} pairs, {total} of them one edit apart")
    for kind, n in kinds.most_common():
        print(f"{kind:<20} {n / total:.3f}")
    print(f"{'on the first letter':<20} {first / total:.3f}")


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        typed, _, word = line.partition("->")
        typed, word = fold(typed.strip()), fold(word.strip())
        if typed != word and typed.isalpha() and word.isalpha():
            yield typed, word


def kind_of_edit(typed: str, word: str, near: dict[str, frozenset[str]]) -> tuple[str, int] | None:
    """The kind of the one edit between two strings and its place in the word; None where there are more."""
    i = 0
    while i < min(len(typed), len(word)) and typed[i] == word[i]:
        i += 1
    before = word[i - 1] if i else ""
    if len(typed) == len(word):
        if typed[i + 1 :] == word[i + 1 :]:
            return _substitution(typed[i], word[i], near), i
        swapped = typed[i + 1] + typed[i] if i + 1 < len(typed) else ""
        return ("transposition", i) if swapped + typed[i + 2 :] == word[i:] else None
    if typed[i + 1 :] == word[i:]:
        if typed[i] == before:
            return "doubled", i
        after = word[i] if i < len(word) else ""
        close = typed[i] in near.get(before, frozenset()) | near.get(after, frozenset())
        return ("added, near key" if close else "added"), i
    if typed[i:] == word[i + 1 :]:
        if word[i] == before:
            return "missed, of a double", i
        return ("missed vowel" if word[i] in VOWELS else "missed"), i
    return None


def _substitution(typed: str, meant: str, near: dict[str, frozenset[str]]) -> str:
    if typed in near.get(meant, frozenset()):
        return "near key"
    return "vowel for vowel" if typed in VOWELS and meant in VOWELS else "other letter"


if __name__ == "__main__":
    main()
