"""Reading texts and recipes: kinds of files, documents, cleaning, and every fault in one line."""

import gzip
import json
import lzma
from pathlib import Path

import pytest

from model.errors import UserError
from model.text.corpus import LONGEST_DOCUMENT, Recipe, Source, clean_line, documents, files_of, load_recipe, recipe_of

TEXT = "One line.\nAnother line.\n\n  \nA second document: café.\n"
DOCUMENTS = [["One line.", "Another line."], ["A second document: café."]]


def fault(path: Path, text_field: str = "text") -> str:
    """The message with which reading a path fails; it is one line and names the file."""
    with pytest.raises(UserError) as caught:
        list(documents(path, text_field))
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz", ".txt.xz"])
def test_a_blank_line_ends_a_document(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"text{suffix}"
    content = TEXT.encode()
    path.write_bytes({".txt": content, ".txt.gz": gzip.compress(content), ".txt.xz": lzma.compress(content)}[suffix])
    assert list(documents(path)) == DOCUMENTS


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_every_kind(newline: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes(TEXT.replace("\n", newline).encode())
    assert list(documents(tmp_path / "text.txt")) == DOCUMENTS


def test_json_lines_hold_one_document_a_record(tmp_path: Path) -> None:
    path = tmp_path / "mails.jsonl"
    records = [{"id": 1, "body": "One line.\nAnother line.", "text": "not this"}, {"body": "Next: café."}]
    path.write_text("\n\n".join(json.dumps(record) for record in records), "utf-8")
    assert list(documents(path, "body")) == [["One line.", "Another line."], ["Next: café."]]
    assert "'text'" in fault(path)


def test_a_record_with_paragraphs_is_still_one_document(tmp_path: Path) -> None:
    path = tmp_path / "mails.jsonl"
    path.write_text(
        json.dumps({"text": "Dear Ann,\n\nthank you.\n\nBob"}) + "\n" + json.dumps({"text": "Hi."}), "utf-8"
    )
    assert list(documents(path)) == [["Dear Ann,", "thank you.", "Bob"], ["Hi."]]


def test_half_a_surrogate_pair_in_json_can_be_written_again(tmp_path: Path) -> None:
    # What is left of an emoji where a text was cut after so many UTF-16 units.
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "so good \\ud83d"}\n{"text": "so \\ud83d\\ude00 good"}\n', "utf-8")
    read = list(documents(path))
    for line in (line for document in read for line in document):
        line.encode()
    assert read[0][0].startswith("so good") and read[1] == ["so 😀 good"]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second\n", "utf-8")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt.gz").write_bytes(gzip.compress(b"first\n"))
    (tmp_path / "notes.md").write_text("never\n", "utf-8")
    assert list(documents(tmp_path)) == [["first"], ["second"]]
    assert [file.name for file in files_of(tmp_path)] == ["x.txt.gz", "b.txt"]


def test_long_documents_are_cut(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("line\n" * (2 * LONGEST_DOCUMENT + 1), "utf-8")
    assert [len(lines) for lines in documents(tmp_path / "book.txt")] == [LONGEST_DOCUMENT, LONGEST_DOCUMENT, 1]


def test_an_empty_file_holds_no_document(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n", "utf-8")
    assert list(documents(tmp_path / "empty.txt")) == []


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("  I do n't know .  ", "I don't know ."),
        ("it 's what they 've got , is n't it", "it's what they've got , isn't it"),
        ("I 'm sure he 'd say we 'll see", "I'm sure he'd say we'll see"),
        ("DO N'T", "DON'T"),
        ("don't", "don't"),
        ("rock 'n' roll and 'so on'", "rock 'n' roll and 'so on'"),
        ("press 's' or 'd' to go on", "press 's' or 'd' to go on"),
        ("the 'street' of 'dreams'", "the 'street' of 'dreams'"),
        ("cafÃ© and naÃ¯ve", "café and naïve"),
        ("already café and naïve", "already café and naïve"),
        ("Ã", "Ã"),
        ("»Das macht Spaß«", "»Das macht Spaß«"),
        ("«CAFÉ»", "«CAFÉ»"),
    ],
)
def test_cleaning(line: str, clean: str) -> None:
    assert clean_line(line) == clean


def test_no_such_file(tmp_path: Path) -> None:
    assert "no such file" in fault(tmp_path / "none.txt")


def test_not_a_kind_of_text(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>", "utf-8")
    assert ".txt" in fault(tmp_path / "page.html")


def test_a_folder_without_text(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    assert "in this folder" in fault(tmp_path)


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"plain line\n" * 3000 + "café\n".encode("latin-1"))
    message = fault(path)
    assert "not UTF-8" in message
    # A place is worth naming only if it is the place, not one in the piece that was just decoded.
    assert "at byte" not in message or "at byte 33003" in message


@pytest.mark.parametrize("suffix", [".txt.gz", ".txt.xz"])
@pytest.mark.parametrize("damage", ["cut", "changed", "no such block", "not compressed", "empty"])
def test_damaged_archives(suffix: str, damage: str, tmp_path: Path) -> None:
    path = tmp_path / f"text{suffix}"
    text = "\n".join(f"line {i * i}" for i in range(5000)).encode()
    whole = gzip.compress(text) if suffix == ".txt.gz" else lzma.compress(text)
    middle = len(whole) // 2
    turned = bytes(byte ^ 0x5A for byte in whole[middle : middle + 40])
    contents: dict[str, bytes] = {
        "cut": whole[:middle],
        "changed": whole[:middle] + turned + whole[middle + 40 :],
        # In a .gz this is an error of zlib's own, unlike those of gzip.
        "no such block": whole[:10] + b"\x07" + whole[11:],
        "not compressed": text,
        "empty": b"",
    }
    path.write_bytes(contents[damage])
    if damage == "empty" and suffix == ".txt.gz":
        # Python reads it as a text of no length; it is refused later, for there is no text.
        assert list(documents(path)) == []
    else:
        assert "cannot be read" in fault(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{broken", "line 2 is not JSON"),
        ('{"text": 5}', "line 2 has no text"),
        ('["text"]', "line 2 has no text"),
        ("[" * 100_000, "line 2 is not JSON"),
    ],
    ids=["broken", "number", "list", "nested"],
)
def test_bad_json_lines(line: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mails.jsonl"
    path.write_text('{"text": "fine"}\n' + line + "\n", "utf-8")
    assert told in fault(path)


def test_recipes(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(
        """
        validation = ["held/out.txt"]
        [[source]]
        path = "mails.jsonl"
        field = "body"
        weight = 2.5
        late_weight = 3.5
        licence = "CC0-1.0"
        credit = "someone"
        private = true
        [[source]]
        path = "chat.txt.xz"
        """,
        "utf-8",
    )
    expected = Recipe(
        [
            Source(tmp_path / "mails.jsonl", 2.5, 3.5, "CC0-1.0", "someone", "body", private=True),
            Source(tmp_path / "chat.txt.xz", 1.0),
        ],
        [tmp_path / "held" / "out.txt"],
    )
    assert load_recipe(path) == expected
    assert [source.name for source in expected.sources] == ["mails", "chat"]
    elsewhere = load_recipe(path, root=Path("/texts"))
    assert [source.path for source in elsewhere.sources] == [Path("/texts/mails.jsonl"), Path("/texts/chat.txt.xz")]
    assert elsewhere.validation == [Path("/texts/held/out.txt")]
    both = recipe_of([path, tmp_path / "more.txt"])
    assert both == Recipe([*expected.sources, Source(tmp_path / "more.txt")], expected.validation)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no [[source]]"),
        ("this is = = not TOML", "not a readable recipe"),
        ("sources = 1", "found sources"),
        ("source = 5", "[[source]]"),
        ("source = [5]", "source"),
        ('[[source]]\npath = "a.txt"\nwieght = 2', "wieght"),
        ("[[source]]\nweight = 2", "path"),
        *(
            (f'[[source]]\npath = "a.txt"\nweight = {w}', "weight")
            for w in ("0", "-1", "101", "nan", "inf", '"2"', "true")
        ),
        ('[[source]]\npath = "a.txt"\nprivate = 1', "private"),
        ('validation = "dev.txt"\n[[source]]\npath = "a.txt"', "validation"),
        ('validation = [1]\n[[source]]\npath = "a.txt"', "validation"),
    ],
)
def test_bad_recipes(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(UserError) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value) and told in str(caught.value) and "\n" not in str(caught.value)


def test_a_recipe_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(UserError, match="not a readable recipe"):
            load_recipe(path)
