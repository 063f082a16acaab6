"""The corpus: recipes, the sources they name, and the documents in the files of those.

A source is a .txt, .txt.gz, .txt.xz or .jsonl file, or a folder of them: one utterance a line, a blank
line between documents (in .jsonl: one document a record).
"""

import gzip
import json
import lzma
import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from model.errors import UserError
from model.files import loading
from model.text.cleaning import typed_lines

SUFFIXES = (".txt", ".txt.gz", ".txt.xz", ".jsonl")
# Long documents are cut here so that shuffling them mixes the sources well; in lines.
LONGEST_DOCUMENT = 400
# Tokenised corpora write "do n't" and "it 's"; people do not.
_SPLIT_CONTRACTION = re.compile(r"(?<=\w) (?=(?:n't|'(?:s|m|re|ve|ll|d))\b(?!'))", re.IGNORECASE)
# UTF-8 that was read as Latin-1 once: two or more such characters in a row decode to one.
# « and » behind a letter are quotation marks (Spaß«, CAFÉ»), unless that letter is the usual Ã.
_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00aa\u00ac-\u00ba\u00bc-\u00bf]+|\u00c3[\u00ab\u00bb]")
# Half an emoji, left where a text was cut; it cannot be written as UTF-8.
_LONE_SURROGATES = re.compile("[\ud800-\udfff]+")


@dataclass(frozen=True)
class Source:
    """Files of text, how often an epoch holds them (2: twice; 0.5: half of the text), and their origin.

    ``late_weight`` is how often the last part of the training holds them. ``private`` text is about people whom others
    do not know: mails, tickets.
    """

    path: Path
    weight: float = 1.0
    late_weight: float = 1.0
    licence: str = ""
    credit: str = ""
    field: str = "text"
    private: bool = False

    @property
    def name(self) -> str:
        """The file's name without its suffixes."""
        return self.path.name.split(".")[0]


@dataclass(frozen=True)
class Recipe:
    """The sources to train on, and the files to validate with."""

    sources: list[Source]
    validation: list[Path] = field(default_factory=list)


def load_recipe(path: Path, root: Path | None = None) -> Recipe:
    """Load a TOML recipe: ``validation = [...]`` and a ``[[source]]`` table for each source.

    Paths are relative to ``root``, by default the recipe's folder.
    """
    with loading(path, "recipe"):
        table = tomllib.loads(path.read_text("utf-8"))
    root = root or path.parent
    validation = table.pop("validation", [])
    if not isinstance(validation, list) or not all(isinstance(name, str) for name in validation):
        raise UserError(f"{path}: validation is {validation!r}, not a list of paths")
    entries = table.pop("source", [])
    if table or not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        found = ", ".join(table) or "no [[source]]"
        raise UserError(f"{path}: a recipe has validation and [[source]] tables; found {found}")
    return Recipe([_source(path, root, entry) for entry in entries], [root / name for name in validation])


def _source(recipe: Path, root: Path, entry: dict[str, object]) -> Source:
    unknown = set(entry) - {"path", "weight", "late_weight", "licence", "credit", "field", "private"}
    if unknown or "path" not in entry:
        fields = "path, weight, late_weight, licence, credit, field, private"
        raise UserError(f"{recipe}: a source has {fields}; found {sorted(entry)}")
    weight = _weight(recipe, entry, "weight", 1.0)
    late_weight = _weight(recipe, entry, "late_weight", weight)
    private = entry.get("private", False)
    if not isinstance(private, bool):
        raise UserError(f"{recipe}: private {private!r} of {entry['path']}: must be true or false")
    texts = {key: str(entry[key]) for key in ("licence", "credit", "field") if key in entry}
    return Source(root / str(entry["path"]), weight, late_weight, private=private, **texts)


def _weight(recipe: Path, entry: dict[str, object], name: str, default: float) -> float:
    value = entry.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 100:
        raise UserError(f"{recipe}: {name} {value!r} of {entry['path']}: must be a number above 0, at most 100")
    return float(value)


def recipe_of(arguments: list[Path], root: Path | None = None) -> Recipe:
    """Join what was named on the command line, recipes, text files and folders, into one recipe."""
    sources: list[Source] = []
    validation: list[Path] = []
    for path in arguments:
        if path.suffix == ".toml":
            recipe = load_recipe(path, root)
            sources += recipe.sources
            validation += recipe.validation
        else:
            sources.append(Source(path))
    return Recipe(sources, validation)


def files_of(path: Path) -> list[Path]:
    """List the text files that a path names: itself, or those in the folder, sorted."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file() and p.name.endswith(SUFFIXES))
        if not found:
            raise UserError(f"{path}: no {', '.join(SUFFIXES)} file in this folder")
        return found
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if not path.name.endswith(SUFFIXES):
        raise UserError(f"{path}: not one of {', '.join(SUFFIXES)}")
    return [path]


def documents(path: Path, text_field: str = "text") -> Iterator[list[str]]:
    """Yield the documents of a file or folder, each a list of cleaned lines that are not blank."""
    for file in files_of(path):
        lines: list[str] = []
        for line in raw_lines(file, text_field):
            line = clean_line(line)
            if line:
                lines.append(line)
            if lines and (not line or len(lines) >= LONGEST_DOCUMENT):
                yield lines
                lines = []
        if lines:
            yield lines


def typed_documents(source: Source) -> Iterator[list[str]]:
    """Yield the documents of a source without what nobody typed."""
    for lines in documents(source.path, source.field):
        lines = typed_lines(lines, source.private)
        if lines:
            yield lines


def clean_line(line: str) -> str:
    """Undo what tokenised corpora and wrong encodings did to a line."""
    line = _MOJIBAKE.sub(_recode, line.strip())
    return _SPLIT_CONTRACTION.sub("", line)


def _recode(match: re.Match[str]) -> str:
    try:
        return match.group().encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return match.group()


def raw_lines(file: Path, text_field: str = "text") -> Iterator[str]:
    """Yield the lines of a file; of .jsonl those of each record's text, and a blank line after it."""
    try:
        with _open(file) as stream:
            for number, line in enumerate(stream, 1):
                if file.suffix != ".jsonl":
                    yield line
                elif line.strip():
                    record = _record(file, number, line, text_field)
                    yield from (part for part in record.splitlines() if part.strip())
                    yield ""
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not UTF-8 text: {error.reason}") from None
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise UserError(f"{file}: cannot be read: {error}") from None


def _record(file: Path, number: int, line: str, text_field: str) -> str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file}: line {number} is not JSON: {error}") from None
    text = record.get(text_field) if isinstance(record, dict) else None
    if not isinstance(text, str):
        raise UserError(f"{file}: line {number} has no text in a field {text_field!r}")
    return _LONE_SURROGATES.sub("", text)


def _open(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8")
    if file.suffix == ".xz":
        return lzma.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")
