"""The curves with and without attention: trained once, told in a table, drawn."""

from pathlib import Path

import pytest

from scripts.docs import attention_curves
from scripts.docs.attention_curves import main


def test_four_networks_are_trained_once_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(attention_curves, "STRINGS", 300)
    monkeypatch.setattr(attention_curves, "LETTERS", 4)
    small = ["--unit=characters", "--embedding=8", "--hidden=12", "--epochs=2", "--threads=2", "--validate-every=4"]
    monkeypatch.setattr(attention_curves, "OPTIONS", small)
    image = tmp_path / "curves.png"
    assert main(["--out", str(tmp_path), "--plot", str(image)]) == 0
    # The table alone: the training tells what to do next.
    first = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert first[0] == "| steps | 4 | 8 | 10 |" and len(first) == 6
    assert first[-1].startswith("| reverse, with attention |")
    assert image.read_bytes().startswith(b"\x89PNG")
    lines = (tmp_path / "reverse.tsv").read_text("utf-8").splitlines()
    assert len(lines) == 300 and all(a == b[::-1] for a, b in (line.split("\t") for line in lines))
    (tmp_path / "copy.tsv").unlink()
    assert main(["--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == first
    assert not (tmp_path / "copy.tsv").exists()
