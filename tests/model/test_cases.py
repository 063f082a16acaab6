"""What a person must never meet, case by case: ``cases.jsonl``, asked of the shipped model.

A case has a ``kind``, what it ``ask``s (complete, next-word, correct, correct-all) and a ``text``, and demands: no
suggestion is one of ``never``; the first one is one of ``first`` ('' where there may be none); one of the first n is
one of ``among`` [n, …]; where it ``stays``, the word itself comes first; of all words exactly ``changes`` are corrected
at 0.9 and more. A case that is ``not_yet`` met must still fail.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.suggestions import sweep
from benchmarks.suggestions.sweep import Answers

CASES = [json.loads(line) for line in Path(__file__).with_name("cases.jsonl").read_text("utf-8").splitlines()[1:]]
# At this probability a client that corrects by itself acts.
SURE = 0.9
# As many suggestions as a client asks for that does not say how many.
LIMIT = 5


def broken(answers: Answers, case: dict[str, Any]) -> list[str]:
    """The demands of a case that the answer does not meet, and what it was."""
    text = case["text"]
    if case["ask"] == "correct-all":
        changes = [list(change) for change in answers.changes(text, SURE)]
        return [] if changes == case["changes"] else [f"changes {changes}"]
    correction = answers.correct(text, limit=LIMIT)
    ask = {"complete": answers.complete, "next-word": answers.next_word}.get(case["ask"])
    found = correction.suggestions if ask is None else ask(text, LIMIT)
    words = [one.text for one in found]
    bad = list(sweep.faults_in(found))
    if set(map(str.casefold, words)) & set(map(str.casefold, case.get("never", ()))):
        bad.append("never")
    if "first" in case and (words[0] if words else "") not in case["first"]:
        bad.append("first")
    if "among" in case and not set(words[: case["among"][0]]) & set(case["among"][1:]):
        bad.append("among")
    if case.get("stays") and found and found[0].insert != text[correction.start : correction.end]:
        bad.append("stays")
    return [*bad, str([(one.text, one.probability) for one in found])] if bad else []


NOT_YET = pytest.mark.xfail(reason="not met yet", strict=True)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case['kind']}: {case['text']!a}", marks=[NOT_YET] if case.get("not_yet") else [])
        for case in CASES
    ],
)
def test_case(case: dict[str, Any], answers: Answers) -> None:
    assert broken(answers, case) == []


def test_there_are_cases_of_every_kind() -> None:
    counts = Counter(case["kind"] for case in CASES)
    assert len(CASES) >= 150 and min(counts.values()) >= 5
    assert len({(case["ask"], case["text"]) for case in CASES}) == len(CASES)
    known = {"kind", "ask", "text", "never", "first", "among", "stays", "changes", "not_yet"}
    assert all(set(case) <= known for case in CASES)


@pytest.mark.parametrize(
    "case",
    [
        {"ask": "complete", "text": "I would like an app", "never": ["Appointment"]},
        {"ask": "complete", "text": "I would like an app", "first": ["apple"]},
        {"ask": "complete", "text": "I would like an app", "among": [1, "apple"]},
        {"ask": "correct", "text": "see you tomorow", "stays": True},
        {"ask": "correct-all", "text": "see you tomorow", "changes": []},
        {"ask": "correct-all", "text": "see you", "changes": [["see", "sea"]]},
    ],
)
def test_a_case_can_fail(case: dict[str, Any], answers: Answers) -> None:
    assert broken(answers, case)
