"""A folder of replies with random weights: words alone tell its occasions apart."""

from pathlib import Path

from model.lm.pair_model import EVERYDAY, REPLIES
from model.lm.storage import save_model
from model.nn.encoder_decoder import EncoderDecoder, EncoderDecoderConfig, initial_pair_weights
from model.train.pairs.dataset import choose_pair_vocabulary

OCCASIONS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Can you come to dinner?", "Will you come to the party?"): ("Yes!|Gladly.", "Sorry, no.", "What time?"),
    ("Thanks for your help.", "Thanks, that was kind."): ("No problem.|Any time.", "Damn right."),
    ("I lost my keys.", "I lost my coat in London."): ("Oh no!", "Where?", "In London?"),
}
TEXTS = [text for groups in OCCASIONS.values() for group in groups for text in group.split("|")]


def save_tiny_replies(folder: Path) -> None:
    """Write the folder of an encoder and decoder with its replies and occasions."""
    pairs = [(message, text) for messages in OCCASIONS for message in messages for text in TEXTS]
    vocabulary = choose_pair_vocabulary(pairs, "words", 200, None)
    config = EncoderDecoderConfig("lstm", len(vocabulary), 24, 16, True)
    weights = initial_pair_weights(config, vocabulary.log_unigrams(), 1)
    save_model(folder, vocabulary, EncoderDecoder(config, weights), {"unit": "words"})
    (folder / REPLIES).write_text("".join(f"{text}\t-3.0\n" for text in TEXTS), "utf-8")
    blocks = (
        "".join(f"> {message}\n" for message in messages) + "".join(f"{group}\n" for group in groups)
        for messages, groups in OCCASIONS.items()
    )
    (folder / EVERYDAY).write_text("\n".join(blocks), "utf-8")
