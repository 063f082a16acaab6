"""nginx with ``deploy/nginx.conf``, before servers of this machine."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CONFIGURATION = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"


def missing() -> str | None:
    """Say that nginx is missing, where it is."""
    return "nginx is not installed" if shutil.which("nginx") is None else None


@contextmanager
def nginx(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Run it in a folder, before the servers on these ports; gives its address. It must log no error."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    replica = "server replica:8000"
    text = CONFIGURATION.read_text("utf-8")
    (line,) = (line for line in text.splitlines() if line.strip().startswith(replica))
    servers = "\n".join(line.replace(replica, f"server 127.0.0.1:{each}") for each in ports)
    changed = text.replace(line, servers).replace("8080", f"127.0.0.1:{port}").replace("/tmp/", f"{folder}/")
    (folder / "nginx.conf").write_text(changed, "utf-8")
    only_one = "daemon off; master_process off;"
    command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", only_one]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                continue
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            errors = process.stderr.read() if process.stderr else b""
    if errors:
        raise RuntimeError(f"nginx: {errors.decode()}")
