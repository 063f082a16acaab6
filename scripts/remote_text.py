"""Carry prepared text to another machine in small files: ``python -m scripts.remote_text pack|unpack CORPUS BUNDLES``.

A machine with a GPU that is lent for minutes may take some 60 MB at a time. ``pack`` cuts the prepared text of a
training (``DIR/corpus``) into bundles of at most ``--megabytes``, folders of compressed pieces, the sources of the
largest weights in the first ones; ``unpack`` puts together what has arrived, in any number of bundles. Train there by

    python -m model.train --out DIR --device cuda --minutes 9 --epochs 1000
"""

import argparse
import json
import lzma
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from model.arrays import IntArray

# Tokens of a piece; each is compressed and read by a process of its own.
PIECE_TOKENS = 3_000_000
# What every bundle holds beside its pieces.
SMALL = ("words.txt", "corpus.json", "validation.bin")
DOCUMENTS, PIECES = "documents.xz", "pieces"


class Piece(NamedTuple):
    """Whole documents of one source, and their tokens."""

    source: int
    documents: range
    tokens: range


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.remote_text", description=__doc__.splitlines()[0])
    p.add_argument("do", choices=("pack", "unpack"))
    p.add_argument("corpus", type=Path, help="the folder of the prepared text: DIR/corpus")
    p.add_argument("bundles", type=Path, help="the folder of the bundles")
    p.add_argument("--megabytes", type=float, default=56.0, help="of a bundle, at most")
    p.add_argument("--processes", type=int, default=2)
    options = p.parse_args(arguments)
    with ProcessPoolExecutor(options.processes) as pool:
        if options.do == "pack":
            pack(options.corpus, options.bundles, options.megabytes * 1e6, pool)
        else:
            unpack(options.corpus, options.bundles, pool)
    return 0


def pack(corpus: Path, out: Path, size: float, pool: ProcessPoolExecutor) -> None:
    """Write the bundles ``out``/0, ``out``/1 …"""
    ids = np.memmap(corpus / "ids.bin", dtype=np.uint16, mode="r")
    bounds, source = np.load(corpus / "documents.npy")
    weights = json.loads((corpus / "corpus.json").read_text("utf-8"))["weights"]
    pieces = sorted(cut(bounds, source[:-1]), key=lambda piece: (-weights[piece.source], piece.documents.start))
    number, room = -1, 0.0
    packed = pool.map(compressed, (np.array(ids[piece.tokens.start : piece.tokens.stop]) for piece in pieces))
    for piece, content in zip(pieces, packed, strict=True):
        if len(content) > room:
            number += 1
            folder = out / str(number)
            shutil.rmtree(folder, ignore_errors=True)
            (folder / PIECES).mkdir(parents=True)
            for name in SMALL:
                shutil.copy(corpus / name, folder)
            (folder / DOCUMENTS).write_bytes(
                lzma.compress(np.diff(bounds).astype(np.uint32).tobytes() + source.tobytes())
            )
            room = size - sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        (folder / PIECES / f"{piece.documents.start}-{piece.documents.stop}.xz").write_bytes(content)
        room -= len(content)
        print(f"bundle {number}: source {piece.source}, {len(piece.tokens)} tokens, {len(content)} bytes", flush=True)


def cut(bounds: IntArray, source: IntArray) -> list[Piece]:
    """Cut the documents into pieces of one source each."""
    pieces = []
    begin = 0
    for document in range(1, len(source) + 1):
        is_full = bounds[document] - bounds[begin] >= PIECE_TOKENS
        if document == len(source) or source[document] != source[begin] or is_full:
            tokens = range(int(bounds[begin]), int(bounds[document]))
            pieces.append(Piece(int(source[begin]), range(begin, document), tokens))
            begin = document
    return pieces


def compressed(ids: Any) -> bytes:
    return lzma.compress(ids.tobytes(), preset=6)


def unpack(corpus: Path, bundles: Path, pool: ProcessPoolExecutor) -> None:
    """Put the pieces of all bundles together, in the order of the text; documents that did not arrive are left out."""
    folders = sorted(folder for folder in bundles.iterdir() if folder.is_dir())
    files = {
        tuple(map(int, file.stem.split("-"))): file for folder in folders for file in (folder / PIECES).glob("*.xz")
    }
    corpus.mkdir(parents=True, exist_ok=True)
    for name in SMALL:
        shutil.copy(folders[0] / name, corpus)
    content = lzma.decompress((folders[0] / DOCUMENTS).read_bytes())
    # N lengths of 4 bytes, then N + 1 sources of 8.
    n = (len(content) - 8) // 12
    lengths, source = np.frombuffer(content[: 4 * n], np.uint32), np.frombuffer(content[4 * n :], np.int64)
    order = sorted(files)
    with (corpus / "ids.bin").open("wb") as out:
        for part in pool.map(decompressed, (files[place] for place in order)):
            out.write(part)
    here = np.concatenate([np.arange(*place) for place in order])
    bounds = np.concatenate([[0], np.cumsum(lengths[here].astype(np.int64))])
    np.save(corpus / "documents.npy", np.stack([bounds, np.append(source[here], -1)]))
    print(f"{len(here)} of {n} documents, {bounds[-1]} tokens")


def decompressed(file: Path) -> bytes:
    return lzma.decompress(file.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
