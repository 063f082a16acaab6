"""Every way in which the training command says no."""

from pathlib import Path

import pytest

from model.lm.storage import CONFIG, WEIGHTS
from model.train.progress import load_log
from tests.model.train.conftest import NETWORK_ALONE, SIZES, Command, refused


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.txt", None, "no such file"),
        ("latin.txt", "The café.\n".encode("latin-1"), "not UTF-8"),
        ("empty.txt", b"", "no text in it"),
        ("empty.txt.gz", b"", "no text in it"),
        ("broken.txt.gz", b"this is no archive", "cannot be read"),
        ("broken.txt.xz", b"this is no archive", "cannot be read"),
        ("little.txt", b"Only this.\n", "too little text"),
        ("short.txt", b"The dog ran.\n\n" * 6, "too little text"),
        ("mails.jsonl", b'{"body": "Hello."}\n', "'text'"),
        ("broken.jsonl", b"{", "not JSON"),
        ("none.toml", None, "not a readable recipe"),
        ("broken.toml", b"[[source", "not a readable recipe"),
        ("unknown.toml", b'[[source]]\npath = "toy.txt"\nwieght = 2', "wieght"),
        ("weight.toml", b'[[source]]\npath = "toy.txt"\nweight = 0', "weight 0"),
        ("missing.toml", b'[[source]]\npath = "gone.txt"', "gone.txt: no such file"),
        ("held.toml", b'validation = ["gone.txt"]\n[[source]]\npath = "toy.txt"', "gone.txt: no such file"),
    ],
)
def test_bad_sources(name: str, content: bytes | None, told: str, text: Path, tmp_path: Path, command: Command) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    refused(command(tmp_path / name, *SIZES, *NETWORK_ALONE, "--out", tmp_path / "out"), told)
    assert not (tmp_path / "out" / WEIGHTS).exists() and load_log(tmp_path / "out" / "log.jsonl") == []


def test_bad_arguments(text: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a file")
    refused(command("--out", out), "name a recipe")
    refused(command(tmp_path / "folder", "--out", out), "folder", ".txt")
    refused(
        command(text, *SIZES, *NETWORK_ALONE, "--vocabulary=5000", "--out", out),
        "too little text for a vocabulary of 5000",
    )
    refused(command("--resume", "--out", out), "no checkpoint")
    refused(command(text, "--init-from", tmp_path / "folder", "--out", out), CONFIG)
    refused(command(text, *SIZES, *NETWORK_ALONE, "--out", tmp_path / "file"), "file")
    refused(command(text, *SIZES, *NETWORK_ALONE, "--out", tmp_path / "file" / "inside"), "file")


@pytest.mark.parametrize(
    "argument",
    [
        "--epochs=0",
        "--epochs=nan",
        "--batch=-1",
        "--dropout=1",
        "--seed=x",
        "--cell=mlp",
        "--minutes=inf",
        "--validation-tokens=1",
    ],
)
def test_numbers_out_of_range(argument: str, tmp_path: Path, command: Command) -> None:
    with pytest.raises(SystemExit) as caught:
        command("some.txt", "--out", tmp_path, argument)
    assert caught.value.code == 2
