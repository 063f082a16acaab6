"""Pairs of messages and replies from dialogues: what is one, and what is left out."""

from pathlib import Path

import pytest

from scripts.turn_pairs import main

DIALOGUES = """\
Do you like dogs ?
Yes, I do!
Great. What is it called?
It is called Rex and it is as large as a horse and eats all day long.
See http://example.org/rex
Nice.

Are you there?
Yes , I do !
"""


def pairs(folder: Path, text: str, *arguments: str) -> list[list[str]]:
    (folder / "dialogues.txt").write_text(text, "utf-8")
    assert main([str(folder / "dialogues.txt"), "--out", str(folder / "pairs.tsv"), *arguments]) == 0
    return [line.split("\t") for line in (folder / "pairs.tsv").read_text("utf-8").splitlines()]


def test_each_turn_is_answered_by_the_next_of_its_dialogue(tmp_path: Path) -> None:
    assert pairs(tmp_path, DIALOGUES) == [
        ["Do you like dogs?", "Yes, I do!"],
        ["Yes, I do!", "Great. What is it called?"],
        ["See http://example.org/rex", "Nice."],
        ["Are you there?", "Yes, I do!"],
    ]


def test_a_reply_is_kept_only_so_often(tmp_path: Path) -> None:
    found = pairs(tmp_path, "Hello.\nHi!\n\n" * 9 + "Hello.\nHi.\n", "--most=4")
    assert len(found) == 4


def test_replies_are_of_a_few_words(tmp_path: Path) -> None:
    assert pairs(tmp_path, DIALOGUES, "--words=3") == [
        ["Do you like dogs?", "Yes, I do!"],
        ["See http://example.org/rex", "Nice."],
        ["Are you there?", "Yes, I do!"],
    ]


@pytest.mark.parametrize("reply", ["You cunt.", "At 5.", "Write to a@b.org", "!", "[laughs] Yes."])
def test_what_nobody_should_meet_or_only_its_dialogue_explains_is_left_out(reply: str, tmp_path: Path) -> None:
    assert pairs(tmp_path, f"Hello.\n{reply}\n") == []
