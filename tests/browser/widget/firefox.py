"""Debian's Firefox, driven by WebDriver BiDi over a web socket: it needs neither geckodriver nor a patched browser."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

PATH = shutil.which("firefox-esr") or shutil.which("firefox") or "/usr/bin/firefox-esr"
LONGEST = 60  # seconds until an answer
# No update, no telemetry, no page of its own at the start.
_PREFERENCES = {
    "app.update.disabledForTesting": True,
    "browser.startup.page": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
KEYS = {"Tab": "\ue004", "ArrowRight": "\ue014", "ArrowLeft": "\ue012", "Control": "\ue009", "Alt": "\ue00a"}


def missing() -> str | None:
    """Name what is missing for Firefox to run, or nothing."""
    if find_spec("websockets") is None:
        return "websockets is not installed"
    return None if os.access(PATH, os.X_OK) else f"there is no {PATH}"


class Firefox:
    """One tab."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection
        self._numbers = count(1)
        self._send("session.new", capabilities={})
        # Without a screen, the first window never gets the focus; a further one does.
        self._tab: str = self._send("browsingContext.create", type="window")["context"]

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told: dict[str, Any] = json.loads(self._connection.recv(timeout=LONGEST))
            if told.get("id") == number:
                assert told["type"] == "success", told
                result: dict[str, Any] = told["result"]
                return result

    def goto(self, url: str) -> None:
        """Load a page."""
        self._send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, script: str) -> Any:
        """Evaluate an expression, which may be a promise, to something that fits JSON."""
        found = self._send(
            "script.evaluate",
            expression=f"Promise.resolve({script}).then(JSON.stringify)",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"]) if "value" in found["result"] else None

    def wait_until(self, script: str) -> None:
        """Wait until an expression is true."""
        wait = "const wait = () => (%s) ? done() : setTimeout(wait, 20); wait()"
        self.evaluate(f"new Promise((done) => {{ {wait % script}; }})")

    def type(self, text: str) -> None:
        """Type a text."""
        self._press([key for letter in text for key in (("keyDown", letter), ("keyUp", letter))])

    def press(self, *names: str) -> None:
        """Press keys together, and let them go."""
        keys = [KEYS.get(name, name) for name in names]
        self._press([("keyDown", key) for key in keys] + [("keyUp", key) for key in reversed(keys)])

    def _press(self, strokes: list[tuple[str, str]]) -> None:
        actions = [{"type": stroke, "value": key} for stroke, key in strokes]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self._send("input.performActions", context=self._tab, actions=[keyboard])


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Run Firefox without a window, with a profile in this empty folder."""
    from websockets.sync.client import connect

    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    command = [PATH, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr
        # It announces its address, and ends without having done so where it cannot start.
        address = next((line.split()[-1] for line in process.stderr if "BiDi listening on" in line), "")
        assert address, "Firefox did not start"
        with connect(f"{address}/session", max_size=None) as connection:
            yield Firefox(connection)
    finally:
        process.terminate()
        process.wait()
        if process.stderr:
            process.stderr.close()
