"""What the message is worth to who types the reply: the ways that are compared, and the command."""

from pathlib import Path

import pytest

from model.arrays import FloatArray
from model.evaluate.reply_context import KNOWN, SHARES, ReplyTyping, main
from model.lm.pair_model import load_pair_model
from model.lm.storage import load_model
from tests.model.tiny_replies import save_tiny_replies

REPLY = "the dog eats my food in May, I'd help it."


@pytest.fixture(scope="module")
def replies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("replies")
    save_tiny_replies(folder)
    return folder


def test_the_message_counts_where_it_is_known(
    tiny_folder: Path, replies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typing = ReplyTyping(load_model(tiny_folder), load_pair_model(replies))
    hits = [[*typing.hits(message, REPLY)] for message in ("Where is the dog?", "Thanks for your help.")]
    for words in hits:
        assert len(words) == 10  # no marks
        assert all(len(ways) == len(KNOWN) * len(SHARES) for ways in words)
        assert all(among or not first for ways in words for first, among in ways)

    def likeliest(self: ReplyTyping, p: FloatArray, form: str) -> list[float]:
        return [float(p.max())]

    monkeypatch.setattr(ReplyTyping, "_is_among", likeliest)
    one, other = ([*typing.hits(message, REPLY)] for message in ("Where is the dog?", "Thanks for your help."))
    differ = [[ways[way] for ways in one] != [ways[way] for ways in other] for way in range(len(one[0]))]
    # Only what knows the reply alone, without the decoder, cannot tell the messages apart.
    assert differ == [False] + [True] * (len(differ) - 1)


def test_the_command_prints_a_row_for_each_way(
    tiny_folder: Path, replies: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = tmp_path / "held.tsv"
    held.write_text(f"Where is it?\t{REPLY}\nThanks.\tthe cat is big\n", "utf-8")
    assert main([str(tiny_folder), str(replies), str(held)]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [(known, float(share)) for known, share, *_ in rows] == [(k, s) for k in KNOWN for s in SHARES]
    for *_, first, among in rows:
        assert 0 <= float(first.split(" ± ")[0]) <= float(among.split(" ± ")[0]) <= 1
    assert main([str(tiny_folder), str(tmp_path), str(held)]) == 2
    assert "error: " in capsys.readouterr().err
