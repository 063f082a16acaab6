"""The verdict on an answer: right, wrong, or a clean refusal."""

from typing import Any

from benchmarks.traffic.client import Answer
from benchmarks.traffic.typing_trace import Keystroke

RIGHT, BUSY, LIMITED = "200, right", "503 with Retry-After", "429 with Retry-After"
CLEAN = (RIGHT, BUSY, LIMITED)
# Batches of another size add up in another order.
_ROUNDING = 1e-4


def judge(keystroke: Keystroke, answer: Answer, expected: Any = None) -> str:
    """Judge an answer in a word. ``expected``, where it is known, is a service's answer at rest."""
    content = answer.json()
    if answer.status == 200:
        right = same(content, expected) if expected is not None else fits(content, keystroke.text)
        return RIGHT if right else "200, wrong"
    clean = "retry-after" in answer.headers and isinstance(content, dict) and isinstance(content.get("detail"), str)
    if answer.status in (429, 503):
        return (BUSY if answer.status == 503 else LIMITED) if clean else f"{answer.status}, not clean"
    return str(answer.status)


def fits(content: Any, text: str) -> bool:
    """Check that it can be an answer to this text with the cursor at its end."""
    try:
        start, end = content["replace"]["start"], content["replace"]["end"]
        probabilities = [s["probability"] for s in content["suggestions"]]
        words = {s["text"] for s in content["suggestions"]}
        return (
            end == len(text)
            and content["prefix"] == text[start:]
            and probabilities == sorted(probabilities, reverse=True)
            and all(0 < p <= 1 for p in probabilities)
            and len(words) == len(probabilities) <= 5
        )
    except (KeyError, TypeError):
        return False


def same(content: Any, expected: Any) -> bool:
    """Check that two answers agree; words that are as good as equally probable may change places."""
    try:
        one, other = ([s["probability"] for s in answer["suggestions"]] for answer in (content, expected))
        return (
            content["prefix"] == expected["prefix"]
            and content["replace"] == expected["replace"]
            and len(one) == len(other)
            and all(abs(p - q) <= _ROUNDING for p, q in zip(one, other, strict=True))
        )
    except (KeyError, TypeError):
        return False
