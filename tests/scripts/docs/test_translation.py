"""The script that trains translations: which pairs it takes, what it holds out, what it writes."""

from pathlib import Path

import pytest

from scripts.docs.translation import FOLDERS, main

WORDS = {"the": "le", "dog": "chien", "cat": "chat", "eats": "mange", "sees": "voit", "sleeps": "dort", "big": "grand"}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Sentences of two to six words, some with two translations, a third column, and one that is too long."""
    forms = list(WORDS)
    lines = []
    for i in range(150):
        words = [forms[(i * (k + 3) + i // 7 + k * k) % len(forms)] for k in range(2 + i % 5)]
        translated = " ".join(WORDS[word] for word in words)
        lines.append(f"{' '.join(words)} {i}.\t{translated}.\tCC-BY {i}\n")
        if i % 10 == 0:
            lines.append(f"{' '.join(words)} {i}.\t{translated} !\tCC-BY {i}\n")
    lines.append(f"{'the big dog ' * 9}sleeps.\t{'le grand chien ' * 9}dort.\tCC-BY\n")
    path = tmp_path / "pairs.txt"
    path.write_text("".join(lines), "utf-8")
    return path


def test_held_out_sentences_are_not_trained_on_and_are_translated(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.train.run.plot_learning_curve", lambda folder: None)
    out = tmp_path / "out"
    small = ["--shortest=160", "--held-out=20", "--epochs=1", "--hidden=8", "--embedding=8", "--negatives=0"]
    assert main([str(pairs), "--out", str(out), *small]) == 0
    known, held = (
        [line.split("\t") for line in (out / name).read_text("utf-8").splitlines()]
        for name in ("pairs.tsv", "held-out.tsv")
    )
    sentences = {sentence for sentence, _ in held}
    assert len(held) == len(sentences) == 20 and sentences.isdisjoint(sentence for sentence, _ in known)
    # One translation of each is held out, and none of it trained on.
    assert 165 > len(known) + len(held) >= 160 - 20 and not any("le grand chien le" in text for _, text in known)
    assert (out / "held-out.reference").read_text("utf-8").splitlines() == [text for _, text in held]
    for name in FOLDERS:
        assert len((out / f"held-out.{name}").read_text("utf-8").splitlines()) == 20
    # What was trained is not trained again.
    before = (out / "plain" / "weights.safetensors").stat().st_mtime_ns
    assert main([str(pairs), "--out", str(out), *small]) == 0
    assert (out / "plain" / "weights.safetensors").stat().st_mtime_ns == before


def test_a_failure_of_the_training_is_that_of_the_script(pairs: Path, tmp_path: Path) -> None:
    assert main([str(pairs), "--out", str(tmp_path / "out"), "--shortest=100", "--held-out=9", "--length=1"]) == 2
