"""The measurements of phrases and of text that is written on: that they count what they say, on a few lines."""

from pathlib import Path

import pytest

from benchmarks.suggestions import phrases, writing

LINES = "Thank you for your help. I am looking forward to seeing you.\nPlease let me know when you are at home.\n"


@pytest.fixture
def lines(shipped_folder: Path, tmp_path: Path) -> str:
    file = tmp_path / "lines.txt"
    file.write_text(LINES, "utf-8")
    return str(file)


def test_phrases_save_keystrokes(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    phrases.main([lines])
    _, _, words, longer = capsys.readouterr().out.splitlines()
    alone, together = (row.split("|") for row in (words, longer))
    assert int(alone[2]) == int(together[2]) == len(LINES)
    assert float(together[3]) >= float(alone[3]) > 0 and int(together[4]) > 0


def test_sentences_that_are_written_on_are_counted(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    writing.main([lines, "--sentences", "2"])
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("2 sentences; ended by {") and told[0].endswith("wrong: none")
    assert told[1].startswith("perplexity by the n-grams: written ")
