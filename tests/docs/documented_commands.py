"""The commands in the README and the documentation, and what says of each that it holds.

A command is a line of a block, ```sh or indented, or code in running text that begins with one of ``PROGRAMS``. It is

- run by ``tests/docs/test_commands_run.py``, where its program is in ``RUN``;
- run by another test or script, named in ``ELSEWHERE``;
- marked on the page as one that is not run: ``needs Docker``, ``takes ten minutes``. In a block the mark is a comment,
  behind the command, or on a line of its own for all commands below it. In running text it stands behind the command,
  before the next one, in the same paragraph, item of a list or row of a table; ``docker`` is its own mark there;
- or, in running text, part of another command.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.docs.test_links import PAGES, ROOT

MARK = re.compile(
    r"\bneeds (?:Docker|a cluster|a network|a GPU|root|py-spy|line_profiler)\b|\btakes [\w ]*?(?:minutes?|hours?)\b"
)
# What running text may name; blocks may hold any program.
PROGRAMS = {
    "buildah", "curl", "docker", "git", "kill", "make", "npm", "openssl", "pip", "pipx", "podman", "python", "python3",
    "tsuzuki", "uv",
}  # fmt: skip
# Where indented blocks begin so, they show something else: the folders of the project, what a command printed.
NO_COMMANDS = ("app/ ", "ok ", "{")
# Languages of blocks.
SHELLS = {"", "sh", "bash", "console"}
OTHERS = {"css", "html", "js", "json", "jsx", "kotlin", "math", "nginx", "python", "swift", "text", "toml", "yaml"}
# What commands print is JSON, plain text, or only indented.
PRINTED = {"json", "text", ""}

SMALL, SHIPPED = "with a tiny model as model/en", "with the shipped model"
# Programs that tests/docs/test_commands_run.py runs, and what it runs them with.
RUN = {
    "curl": SHIPPED,
    "make run": SMALL,
    "mkdir": SMALL,
    "openssl": SMALL,
    "printf": SMALL,
    "python -c": SHIPPED,
    "python -m app": SMALL,
    "python -m benchmarks.suggestions.correction": SMALL,
    "python -m benchmarks.service.in_process": SMALL,
    "python -m model.evaluate": SMALL,
    "python -m model.train.words.clean": SMALL,
    "python -m model.train.words.known": SMALL,
    "python -m model.train.ngrams": SMALL,
    "python -m model.train": SMALL,
    "python -m model.train.spelling": SMALL,
    "python -m scripts.docs.plots": SMALL,
    "python -m scripts.docs.worked_example": SMALL,
    "python scripts/type_sentences.py": SHIPPED,
}
# Programs that something else runs: its file, and what stands in it.
ELSEWHERE = {
    "python -m benchmarks.service.answers": ("tests/benchmarks/test_answers.py", "answers.main("),
    "python -m benchmarks.suggestions.phrases": ("tests/benchmarks/test_phrases_and_writing.py", "phrases.main("),
    "python -m benchmarks.suggestions.writing": ("tests/benchmarks/test_phrases_and_writing.py", "writing.main("),
    "python -m model.train.pairs": ("tests/model/train/pairs/test_pairs_command.py", "in_process(main"),
    "python -m model.evaluate.replies": ("tests/model/evaluate/test_replies.py", "assert main("),
    "python -m model.train.pairs.allowed_replies": ("tests/model/search/writing/test_replies.py", "assert main("),
    "python -m scripts.show_replies": ("tests/model/search/writing/test_replies.py", "show_replies.main("),
    "python -m scripts.docs.attention_curves": ("tests/scripts/docs/test_attention_curves.py", "assert main("),
    "python -m model.evaluate.reply_context": ("tests/model/evaluate/test_reply_context.py", "assert main("),
    "python -m scripts.docs.translation": ("tests/scripts/docs/test_translation.py", "assert main("),
    "python -m scripts.turn_pairs": ("tests/scripts/test_turn_pairs.py", "assert main("),
    "buildah build": ("scripts/container/base.py", ":/etc/pip.conf:ro"),
    "kill -HUP": ("tests/app/inference/test_reload.py", "process.send_signal(signal.SIGHUP)"),
    "make container": ("scripts/release.py", "container.main(archive"),
    "make docs": (".ci/run", "make docs"),
    "make release": (".ci/run", "make release"),
    "make test": (".ci/run", "make test"),
    "make train-setup": ("tests/packages/test_release.py", '"make", "-n", "train-setup"'),
    "pipx": ("tests/packages/test_installed.py", "pipx install"),
    "python -m app.database": ("tests/app/database/test_database.py", '"-m", "app.database", "upgrade"'),
    "python -m examples.terminal": ("tests/examples/test_terminal.py", "from examples import terminal"),
    "python -m scripts.docs.api": ("tests/scripts/docs/test_api.py", "api.api_page()"),
    "python -m scripts.container": ("scripts/release.py", "container.main(archive"),
    "python -m scripts.rolling_update": ("tests/deploy/test_rolling_update.py", "update_under_load(1000, "),
    "python -m scripts.docs.sizing": ("tests/scripts/docs/test_sizing.py", "sizing.table()"),
    "tsuzuki": ("tests/packages/test_installed.py", 'check_answers(installed, "tsuzuki"'),
    "tsuzuki --models": ("tests/packages/test_installed.py", "check_answers(installed, following[1]"),
    "tsuzuki --version": ("tests/packages/test_installed.py", "tsuzuki --version"),
    "tsuzuki evaluate": ("tests/packages/test_installed.py", "installed.run(following[0]"),
    "tsuzuki train": ("tests/packages/test_installed.py", "tsuzuki train text.txt"),
    "uv": ("tests/packages/test_installed.py", "uv tool install"),
    "python -m scripts.count_grey_text": ("tests/browser/widget/test_grey_text.py", "count_grey_text(open_page("),
}

# A line of a block: a command, in which quotes may hold anything, and a comment.
_LINE = re.compile(r"""((?:'[^']*'|"(?:\\.|[^"\\])*"|(?<=\S)#|[^'"#])*)(?:#(.*))?""")
# Of these the second word says what runs.
_WITH_A_SECOND = {"buildah", "kill", "make", "python", "tsuzuki"}
_ASSIGNMENT = re.compile(r"[A-Z_]+=")
_INDENT = "    "
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
# A paragraph, an item of a list, a row of a table.
_UNIT = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) |\|)")


class Command(NamedTuple):
    """A command on a page, its mark, and what the page shows right below it; both empty where there is none."""

    page: str
    text: str
    mark: str
    inline: bool
    shown: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return words(self.text)

    @property
    def program(self) -> str:
        return program(self.words)

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


@cache
def words(text: str) -> tuple[str, ...]:
    """A command's words, those of the virtual environment as if it were activated."""
    try:
        found = shlex.split(text)
    except ValueError:  # a quote that does not end: no command, or a wrong one
        found = text.split()
    return tuple(word.removeprefix(".venv/bin/") for word in found)


def program(words: Sequence[str]) -> str:
    """What a command runs, without the variables before it: the module, the script, the target, or its first word."""
    rest = list(words)
    while rest and _ASSIGNMENT.match(rest[0]):
        del rest[0]
    if rest[:2] == ["python", "-m"]:
        return " ".join(rest[:3])
    return " ".join(rest[: 2 if rest[:1] and rest[0] in _WITH_A_SECOND else 1])


class _Block(NamedTuple):
    """Lines of a page that belong together; ``language`` is None in running text, empty where it is only indented."""

    language: str | None
    text: str


def blocks(text: str) -> Iterator[_Block]:
    """The blocks of a page in their order; blank lines part what is indented, and nothing else."""
    fences = re.split(r"^ *```(\w*)\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    for i in range(0, len(fences), 3):
        indented = re.split(rf"(?:^|(?<=\n))(?<=\n\n)((?:{_INDENT}.*\n)+)", "\n\n" + fences[i] + "\n")
        for j, part in enumerate(indented):
            if part.strip():
                yield _Block("" if j % 2 else None, part)
        if i + 2 < len(fences):
            yield _Block(fences[i + 1], fences[i + 2])


def commands(page: str, text: str) -> list[Command]:
    """All commands of a page in their order."""
    found: list[Command] = []
    last: list[Command] = []
    for block in blocks(text):
        if block.language is None:
            last = []
            found += _in_text(page, block.text)
        elif block.language in SHELLS and not block.text.strip().startswith(NO_COMMANDS):
            last = list(_in_block(page, block.text))
            found += last
        elif last and block.language in PRINTED:
            # It stands right below the last command.
            found[-1] = found[-1]._replace(shown=block.text)
            last = []
    return found


def _in_block(page: str, text: str) -> Iterator[Command]:
    mark_of_all = ""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        command, comment = match.groups("") if (match := _LINE.fullmatch(line)) else (line, "")
        command, mark = command.strip().removeprefix("$ "), MARK.search(comment)
        if command:
            yield Command(page, command, mark.group() if mark else mark_of_all, inline=False)
        elif mark:
            mark_of_all = mark.group()


def _in_text(page: str, text: str) -> Iterator[Command]:
    for unit in _UNIT.split(text):
        # Between texts stands code. From behind, so that what stands behind a command is known.
        pieces = [" ".join(piece.split()) for piece in _CODE.split(unit)]
        found, behind = [], ""
        for i, piece in reversed(list(enumerate(pieces))):
            if i % 2 == 0:
                behind = f"{piece} {behind}"
            elif _is_command(piece):
                mark = MARK.search("needs Docker" if "docker" in words(piece) else behind)
                found.append(Command(page, piece, mark.group() if mark else "", inline=True))
                behind = ""
        yield from reversed(found)


def _is_command(code: str) -> bool:
    named = program(words(code)).split()
    return named != [] and named[0] in PROGRAMS and len(code.split()) > 1


def all_commands() -> list[Command]:
    """The commands of all pages."""
    return [
        command
        for page in PAGES
        for command in commands(page.relative_to(ROOT).as_posix(), Path(page).read_text("utf-8"))
    ]


def is_part_of(command: Command, other: Command) -> bool:
    """Whether running text names a command that stands in full elsewhere."""
    own, others = set(command.words), set(other.words)
    is_fuller = own < others or (own == others and (not other.inline or bool(other.mark)))
    return command.inline and command is not other and command.program == other.program and is_fuller


def to_run(commands: Sequence[Command]) -> list[Command]:
    """Those that tests/docs/test_commands_run.py runs."""
    unmarked = (command for command in commands if command.program in RUN and not command.mark)
    found = (command for command in unmarked if not any(is_part_of(command, other) for other in commands))
    return list(dict.fromkeys(found))
