"""Show a model's replies to a list of messages, unpicked: ``python -m scripts.show_replies MODEL [MESSAGES.txt]``."""

import argparse
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from model.lm.pair_model import load_pair_model
from model.search.writing.replies import load_replies

MESSAGES = Path(__file__).parents[1] / "docs" / "messages.txt"


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.show_replies", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="folder of an encoder and decoder, with its replies.txt")
    p.add_argument("messages", nargs="?", type=Path, default=MESSAGES, help="one message a line")
    options = p.parse_args(arguments)
    search = load_replies(options.model, load_pair_model(options.model))
    print("| message | replies |\n|---|---|")
    with threadpool_limits(1):  # the products are small
        for message in options.messages.read_text("utf-8").splitlines():
            print(f"| {message} | {' / '.join(reply.text for reply in search.suggest(message)) or '(none)'} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
