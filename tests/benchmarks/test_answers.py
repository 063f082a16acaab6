"""The comparison of two versions' answers: it finds what differs, and nothing else."""

import json
from pathlib import Path

import pytest

from benchmarks.service import answers


def test_a_changed_answer_is_found(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TSUZUKI_DATABASE", "none")
    before, after = tmp_path / "before", tmp_path / "after"
    answers.main(["record", str(before), "--requests", "60", "--model", str(tiny_folder)])
    lines = [json.loads(line) for line in before.read_text().splitlines()]
    assert len(lines) == 60
    place = next(i for i, (_, answer) in enumerate(lines) if len(answer["suggestions"]) > 1)
    suggestions = lines[place][1]["suggestions"]

    def compared() -> str:
        after.write_text("".join(json.dumps(line) + "\n" for line in lines))
        answers.main(["compare", str(before), str(after)])
        return capsys.readouterr().out.splitlines()[-1]

    assert compared().startswith("0 of 60")
    suggestions[0]["probability"] += answers.ALIKE / 2
    assert compared().startswith("0 of 60")
    suggestions[0]["probability"] += answers.ALIKE
    assert compared().startswith("1 of 60")
    suggestions[0]["probability"] -= 1.5 * answers.ALIKE
    suggestions.pop()
    assert compared().startswith("1 of 60")
