"""The command ``tsuzuki``: serve, train a model, or measure one."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec

COMMANDS = """\
  tsuzuki             serve suggestions over HTTP; its options: tsuzuki --help
  tsuzuki train       train a model on your own text
  tsuzuki evaluate    measure a model on text that it was not trained on
  tsuzuki --version   show the version

"""
# The extra `train` has these; a plot needs the first.
_TRAINING_PACKAGES = ("matplotlib", "tqdm")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names, or serve; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Each imports only what it needs.
    if given[:1] == ["train"]:
        if _are_missing("training", *_TRAINING_PACKAGES):
            return 2
        from model.train.__main__ import main as train

        return train(given[1:])
    if given[:1] == ["evaluate"]:
        if any(word.startswith("--plot") for word in given) and _are_missing("a plot", "matplotlib"):
            return 2
        from model.evaluate.__main__ import main as evaluate

        return evaluate(given[1:])
    if given == ["--version"]:
        print(f"tsuzuki {version('tsuzuki')}")
        return 0
    if given in (["--help"], ["-h"]):
        print(COMMANDS, end="")
    if given and not given[0].startswith("-"):
        print(f"tsuzuki: {given[0]} is no command. These are:\n{COMMANDS}", end="", file=sys.stderr)
        return 2
    from app.__main__ import main as serve

    return serve(given)


def _are_missing(purpose: str, *packages: str) -> bool:
    """Tell whether packages of the extra are not installed, and say so before any work is done."""
    missing = " and ".join(name for name in packages if find_spec(name) is None)
    if missing:
        print(
            f"tsuzuki: {purpose} needs {missing}: install the extra tsuzuki[train], or these packages", file=sys.stderr
        )
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
