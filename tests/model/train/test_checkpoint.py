"""Checkpoints: what was saved comes back, a damaged one is told in one line, and a run that was killed goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from model.errors import UserError
from model.lm.storage import WEIGHTS
from model.train.checkpoint import CHECKPOINT, load_checkpoint, save_checkpoint

ROOT = Path(__file__).parents[3]
PROGRESS: dict[str, Any] = {"step": 7, "seconds": 1.5, "options": {"minutes": None, "cell": "lstm"}, "name": "café"}


def some_arrays() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "weight.b": rng.normal(size=5).astype(np.float32),
        "first.W": rng.normal(size=(4, 3)).astype(np.float32),
        "state": rng.normal(size=(2, 3, 4)).astype(np.float32)[:, ::2],
    }


def test_round_trip(tmp_path: Path) -> None:
    arrays = some_arrays()
    save_checkpoint(tmp_path, arrays, PROGRESS)
    loaded, progress = load_checkpoint(tmp_path)
    assert progress == PROGRESS
    assert set(loaded) == set(arrays)
    for name, value in arrays.items():
        assert loaded[name].dtype == np.float32
        np.testing.assert_array_equal(loaded[name], value)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_a_new_checkpoint_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"a": np.zeros(1000, dtype=np.float32)}, {"step": 1})
    save_checkpoint(tmp_path, {"b": np.ones(2, dtype=np.float32)}, {"step": 2})
    arrays, progress = load_checkpoint(tmp_path)
    assert list(arrays) == ["b"] and progress == {"step": 2}


def test_a_write_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, some_arrays(), {"step": 1})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(tmp_path, some_arrays(), {"step": 2})
    assert load_checkpoint(tmp_path)[1] == {"step": 1}


def test_nothing_to_resume_from(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"checkpoint\.safetensors: no checkpoint to resume from"):
        load_checkpoint(tmp_path)
    with pytest.raises(UserError, match="no checkpoint"):
        load_checkpoint(tmp_path / "no such folder")


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "pickle", "no progress", "progress is no JSON"])
def test_damage_is_one_line(damage: str, tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    save_checkpoint(tmp_path, some_arrays(), PROGRESS)
    content = path.read_bytes()
    if damage == "no progress":
        save_file({"a": np.ones(2)}, path)
    elif damage == "progress is no JSON":
        save_file({"a": np.ones(2)}, path, {"progress": "{"})
    else:
        path.write_bytes(
            {
                "cut": content[:-10],
                "empty": b"",
                "text": b"not a checkpoint at all",
                "pickle": b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00]\x94.",
            }[damage]
        )
    with pytest.raises(UserError, match="not a readable checkpoint") as caught:
        load_checkpoint(tmp_path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def log(out: Path) -> list[dict[str, Any]]:
    """The whole lines of the log so far."""
    path = out / "log.jsonl"
    whole = path.read_text("utf-8").rpartition("\n")[0] if path.exists() else ""
    return [json.loads(line) for line in whole.splitlines()]


class Process:
    """The command as a process of its own, with one BLAS thread."""

    def __init__(self, out: Path, *arguments: Any) -> None:
        self.out, self._written = out, out.with_suffix(".stderr")
        with self._written.open("wb") as stderr:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "model.train", "--out", str(out), *map(str, arguments)],
                cwd=ROOT,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                stderr=stderr,
            )

    def end(self) -> tuple[int, str]:
        """The exit status and what was written to stderr."""
        try:
            return self.running.wait(timeout=120), self._written.read_text("utf-8")
        finally:
            self.running.kill()

    def stop_at(self, step: int, number: int) -> tuple[int, str]:
        """The same, after a signal that is sent as soon as the log tells of a step."""
        for _ in range(6000):
            if self.running.poll() is not None or any(line["step"] >= step for line in log(self.out)):
                break
            time.sleep(0.01)
        self.running.send_signal(number)
        return self.end()


def test_a_run_that_was_stopped_twice_ends_with_the_same_bytes(toy_text: str, tmp_path: Path) -> None:
    (tmp_path / "toy.txt").write_text(toy_text, "utf-8")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    sizes = ["--embedding=6", "--hidden=8", "--batch=8", "--length=10", "--negatives=16", "--validation-tokens=100"]
    arguments = [tmp_path / "toy.txt", *sizes, "--epochs=40", "--threads=1", "--dropout=0.1", "--validate-every=700"]
    assert Process(whole, *arguments).end()[0] == 0
    assert (whole / "learning-curve.png").stat().st_size > 1000
    total = load_checkpoint(whole)[1]["step"]

    status, written = Process(parts, *arguments).stop_at(50, signal.SIGTERM)
    first = load_checkpoint(parts)[1]["step"]
    assert status == 143, written
    assert f"stopped at step {first}; go on with --resume" in written
    assert 50 <= first < total - 100

    status, written = Process(parts, "--resume", "--threads=1").stop_at(first + 50, signal.SIGINT)
    second = load_checkpoint(parts)[1]["step"]
    assert status == 130, written
    assert first < second < total
    assert (parts / WEIGHTS).read_bytes() != (whole / WEIGHTS).read_bytes()

    assert Process(parts, "--resume", "--threads=1").end()[0] == 0
    assert (parts / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()
    arrays, position = load_checkpoint(parts)
    for name, value in load_checkpoint(whole)[0].items():
        np.testing.assert_array_equal(arrays[name], value, err_msg=name)
    assert position["step"] == total
    steps = [line["step"] for line in log(parts) if "loss" in line]
    assert steps == sorted(set(steps)) and steps[-1] == total // 50 * 50


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processes from /proc")
def test_stopping_the_preparation_leaves_no_process_behind(toy_text: str, tmp_path: Path) -> None:
    (tmp_path / "toy.txt").write_text(toy_text * 200, "utf-8")

    def children(parent: int) -> set[int]:
        found = set()
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent and fields[0] != "Z":
                found.add(int(path.parent.name))
        return found

    process = Process(tmp_path / "out", tmp_path / "toy.txt")
    workers: set[int] = set()
    for _ in range(3000):
        workers |= children(process.running.pid)
        # The first helps multiprocessing, the others count.
        if len(workers) > 1 or process.running.poll() is not None:
            break
        time.sleep(0.01)
    process.running.send_signal(signal.SIGTERM)
    status, written = process.end()
    left = workers
    for _ in range(300):
        left = {pid for pid in left if Path(f"/proc/{pid}").exists()}
        if not left:
            break
        time.sleep(0.02)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert status == 143 and "Traceback" not in written
    assert not left
