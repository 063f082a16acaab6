"""Compares the answers of two versions: ``python -m benchmarks.service.answers record FILE``; ``compare FILE FILE``.

The app is called as a server calls it, with requests of every kind that the other benchmarks send. Answers are alike
where they hold the same suggestions in the same order, at the same probabilities up to a rounding.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from app.main import create_app
from app.settings import Settings
from benchmarks.service.in_process import ask
from benchmarks.traffic.load_trace import completing, growing, read_text, streams, unseen
from benchmarks.traffic.typing_trace import Keystroke, keystrokes, words_with_typos

# Probabilities are rounded down to six places.
ALIKE = 1.5e-6
_PEOPLE = 16


def requests(most: int) -> Iterator[Keystroke]:
    """Up to ``most`` requests, a fifth of each kind."""
    text, each = read_text(None), most // 5
    yield from islice(chain(words_with_typos(), keystrokes()), 2 * each)
    for seed, stream in enumerate((completing, growing, unseen)):
        people = streams(stream, text, seed, _PEOPLE)
        turns = chain.from_iterable(zip(*people, strict=True))
        yield from islice(turns, each)


async def record(file: Path, most: int, settings: Settings) -> None:
    """Write each request with its answer, a line each."""
    app = create_app(settings)
    with file.open("w", encoding="utf-8") as lines:
        async with app.router.lifespan_context(app):
            for keystroke in requests(most):
                answer = json.loads(await ask(app, keystroke))
                lines.write(json.dumps([keystroke, answer]) + "\n")


def differences(before: Path, after: Path) -> Iterator[str]:
    """Describe each request that is not answered alike."""
    for one, other in zip(_lines(before), _lines(after), strict=True):
        (request, a), (same, b) = json.loads(one), json.loads(other)
        if request != same:
            raise SystemExit("the files hold different requests")
        if not _alike(a, b):
            yield f"{request}\n  {_shown(a)}\n  {_shown(b)}"


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


def _alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    ours, theirs = a.pop("suggestions"), b.pop("suggestions")
    p, q = ([one.pop("probability") for one in found] for found in (ours, theirs))
    is_alike = a == b and len(p) == len(q) and all(abs(x - y) <= ALIKE for x, y in zip(p, q, strict=True))
    # Two that are as likely as each other may change places.
    is_alike = is_alike and _in_order(ours, p) == _in_order(theirs, p)
    for found, chances in ((ours, p), (theirs, q)):
        for one, chance in zip(found, chances, strict=True):
            one["probability"] = chance
    a["suggestions"], b["suggestions"] = ours, theirs
    return is_alike


def _in_order(found: list[dict[str, Any]], p: list[float]) -> list[dict[str, Any]]:
    """Sort suggestions, those as likely as each other by their text; ``p`` are the chances of both lists."""
    groups = [0]
    for before, after in pairwise(p):
        groups.append(groups[-1] + (before - after > 2 * ALIKE))
    return [one for _, one in sorted(zip(groups, found, strict=False), key=lambda pair: (pair[0], pair[1]["text"]))]


def _shown(answer: dict[str, Any]) -> str:
    return ", ".join(f"{one['text']} {one['probability']:.6f} {one['kind']}" for one in answer["suggestions"])


def main(arguments: list[str] | None = None) -> None:
    """Record answers, or print which differ."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.service.answers", description=__doc__.splitlines()[0])
    commands = p.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="write the answers of this version")
    recording.add_argument("file", type=Path)
    recording.add_argument("--requests", type=int, default=2000)
    recording.add_argument("--model", type=Path, help="another model's folder")
    comparing = commands.add_parser("compare", help="compare the answers of two versions")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    options = p.parse_args(arguments)
    if options.command == "record":
        settings = Settings(models={"en": options.model}) if options.model else Settings()
        asyncio.run(record(options.file, options.requests, settings))
        return
    found = list(differences(options.before, options.after))
    print("\n".join(found))
    print(f"{len(found)} of {len(_lines(options.after))} answers differ by more than {ALIKE}")


if __name__ == "__main__":
    main()
