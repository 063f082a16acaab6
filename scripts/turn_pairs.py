"""Make pairs of messages and replies from dialogues: ``python -m scripts.turn_pairs DIALOGUES… --out PAIRS.tsv``.

A dialogue is a document, one turn a line; each turn but the last is a message, the next one its reply. Replies of more
than ``--words`` words, or with anything that only its dialogue explains (digits, addresses), are left out. A reply is
kept ``--most`` times at most: else *yes* answers everything.
"""

import argparse
import re
import sys
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.text.corpus import documents
from model.text.pairs import LONGEST_MESSAGE, normal
from model.text.tokens import tokens

_NO_REPLY = re.compile(r"[\d@/\\<>{}\[\]_*#=|]|\(|\)|\.\.\.")
_SPACE_BEFORE = re.compile(r"\s+([.,!?;:])")


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.turn_pairs", description=__doc__.splitlines()[0])
    p.add_argument("dialogues", nargs="+", type=Path, help="text files, which may be compressed")
    p.add_argument("--out", type=Path, required=True, help="the file of pairs")
    p.add_argument("--words", type=int, default=12, help="of a reply, at most")
    p.add_argument("--most", type=int, default=200, help="times that one reply is kept")
    options = p.parse_args(arguments)
    times: Counter[str] = Counter()
    kept = 0
    with options.out.open("w", encoding="utf-8") as out:
        for path in options.dialogues:
            for turns in documents(path):
                for message, reply in pairwise(map(plain, turns)):
                    if is_pair(message, reply, options.words) and times[normal(reply)] < options.most:
                        times[normal(reply)] += 1
                        out.write(f"{message}\t{reply}\n")
                        kept += 1
    print(f"{kept} pairs")
    return 0


def plain(turn: str) -> str:
    """The turn on one line, without the spaces that tokenised corpora have before marks."""
    return _SPACE_BEFORE.sub(r"\1", " ".join(turn.split()))


@cache
def guard() -> Guard:
    """The guard of the service."""
    return Guard(SHIPPED_LIST)


@cache
def allowed(word: str) -> bool:
    """Tell whether the guard would let the word be offered unasked."""
    return guard().allows(word, "")


def is_pair(message: str, reply: str, words: int) -> bool:
    """Tell whether the reply is short, says something, and could be said by anyone."""
    asked, said = ([token.form for token in tokens(text) if token.is_word] for text in (message, reply))
    return (
        0 < len(said) <= words
        and 0 < len(asked) <= LONGEST_MESSAGE
        and not _NO_REPLY.search(reply)
        and all(allowed(form) for form in said)
    )


if __name__ == "__main__":
    sys.exit(main())
