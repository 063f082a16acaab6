"""Faults of reading as errors of one line, and lists of words."""

from pathlib import Path

import pytest

from model.errors import ModelError, UserError
from model.files import load_word_list, loading


def test_a_fault_names_the_file_the_kind_and_the_reason() -> None:
    with pytest.raises(UserError, match=r"^none\.txt: not a readable recipe: No such file or directory$"):  # noqa: SIM117
        with loading(Path("none.txt"), "recipe"):
            Path("none.txt").read_text("utf-8")
    with pytest.raises(ModelError, match=r"^f: not a readable lexicon: could not convert string to float: 'x'$"):  # noqa: SIM117
        with loading(Path("f"), "lexicon", ModelError):
            float("x")


def test_an_error_of_ours_is_told_as_it_is_with_the_path_before_it() -> None:
    with pytest.raises(ModelError, match=r"^f: not sorted$"):  # noqa: SIM117
        with loading(Path("f"), "lexicon", ModelError):
            raise UserError("not sorted")


def test_what_is_no_fault_of_the_file_goes_through() -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117
        with loading(Path("f"), "lexicon"):
            raise ZeroDivisionError


def test_a_word_list_is_one_word_a_line_without_all_that_is_around_it(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes('\ufeff# a comment\r\none\r\n\r\n  two \n"Three"\nfuor->four, for\n'.encode())
    assert load_word_list(path) == ["one", "two", "Three", "fuor"]


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    for name in ("latin.txt", "none.txt", "."):
        with pytest.raises(UserError, match="not a readable list of words: ") as caught:
            load_word_list(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: ") and "\n" not in str(caught.value)
