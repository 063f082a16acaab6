"""Type sentences through a running service and count the keystrokes: ``scripts/type_sentences.py FILE``.

A strip of three suggestions is at hand from the first letter on; taking one is a keystroke that gives its space too,
and a mark typed behind it takes that space back, as on a phone.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

import httpx

_WORD_OR_MARK = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\S")
STRIP = 3


class Typed(NamedTuple):
    """A sentence, what it took to type it, and how: taken words are in brackets behind the letters they took."""

    characters: int
    keystrokes: int
    trace: str


def main(arguments: list[str] | None = None) -> int:
    """Print a Markdown table of the file's sentences and what each took."""
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("sentences", type=Path, help="a text file, one sentence a line")
    p.add_argument("--url", default="http://127.0.0.1:8000")
    options = p.parse_args(arguments)
    total = [0, 0]
    print("| sentence | characters | keystrokes | saved |\n|---|---|---|---|")
    with httpx.Client(base_url=options.url) as client:
        for line in options.sentences.read_text("utf-8").splitlines():
            typed = type_sentence(client, line)
            total[0] += typed.characters
            total[1] += typed.keystrokes
            print(f"| {typed.trace} | {_row(typed.characters, typed.keystrokes)} |")
    print(f"| all | {_row(*total)} |")
    return 0


def _row(characters: int, keystrokes: int) -> str:
    return f"{characters} | {keystrokes} | {1 - keystrokes / characters:.0%}"


def type_sentence(client: httpx.Client, sentence: str) -> Typed:
    """Type one sentence, taking each word as soon as it is offered."""
    keystrokes = characters = 0
    trace: list[str] = []
    for match in _WORD_OR_MARK.finditer(sentence):
        piece = match.group()
        if not piece[0].isalpha():
            keystrokes, characters = keystrokes + 1, characters + 1
            trace.append(piece)
            continue
        letters = _letters_needed(client, sentence, match.start(), piece)
        offered = letters < len(piece)
        keystrokes += letters + 1
        characters += len(piece) + 1
        trace.append(f" {piece[:letters]}[{piece[letters:]}]" if offered else f" {piece}")
    return Typed(characters, keystrokes, "".join(trace).strip())


def _letters_needed(client: httpx.Client, sentence: str, start: int, word: str) -> int:
    """Count the letters after which the word is among the suggestions; all of them where it never is."""
    for letters in range(len(word)):
        query = {"text": sentence[: start + letters], "limit": STRIP}
        answer = client.post("/complete", json=query).raise_for_status().json()
        if word in [suggestion["text"] for suggestion in answer["suggestions"]]:
            return letters
    return len(word)


if __name__ == "__main__":
    sys.exit(main())
