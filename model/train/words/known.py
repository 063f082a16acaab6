"""Make a model's filter of known words: ``python -m model.train.words.known MODEL LIST…``.

A list has a form, a tab and its class a line: ``name`` for the names of people, ``shorthand`` for forms that people
write short, anything else for other words; ``-weak`` behind it for forms that are mostly typos. Without a class it is
a word. Writes ``MODEL/known.bin``.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from model.errors import UserError
from model.files import loading
from model.lm.words.known_words import KNOWN_WORDS, MOST_BYTES, KnownWords

NAME, WORD, SHORTHAND = "name", "word", "shorthand"
# The ending of a class of forms that exist, but are mostly typos of frequent words.
WEAK = "-weak"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    p = argparse.ArgumentParser(prog="python -m model.train.words.known", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="a trained model's folder")
    p.add_argument("lists", nargs="+", type=Path, help="files of a form, a tab and its class a line")
    p.add_argument("--bytes", type=int, default=MOST_BYTES, help="size of the filter")
    options = p.parse_args(arguments)
    try:
        if not 0 < options.bytes <= MOST_BYTES:
            raise UserError(f"--bytes {options.bytes}: must be 1 to {MOST_BYTES}")
        entries = [entry for path in options.lists for entry in _entries(path)]
        words = {form for form, kind in entries if _vouches(form, kind)}
        names = {form for form, kind in entries if kind.removesuffix(WEAK) == NAME}
        shorthand = {form for form, kind in entries if kind.removesuffix(WEAK) == SHORTHAND}
        weak = {form for form, kind in entries if kind.endswith(WEAK)} - shorthand
        KnownWords.of(words, names, weak, shorthand, options.bytes).save(options.model / KNOWN_WORDS)
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"known: {len(words)} words, {len(weak)} weak ones, {len(shorthand)} short ones, {len(names)} names")
    return 0


def _vouches(form: str, kind: str) -> bool:
    """False for what is no sure word; of short ones, which may be anything, only English words and shorthand count."""
    if kind.endswith(WEAK) or kind == NAME or len(form) < 3:
        return False
    return len(form) > 3 or kind == WORD


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    with loading(path, "list of words"):
        lines = path.read_text("utf-8-sig").splitlines()
    for line in lines:
        form, _, kind = line.partition("\t")
        if form.strip():
            yield form.strip(), kind.partition("\t")[0]


if __name__ == "__main__":
    sys.exit(main())
