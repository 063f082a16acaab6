"""``python -m app``: load the models and serve."""

import argparse
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app import log
from app.http.protocol import bounded_protocol
from app.http.server import Server
from app.inference.model_set import load_models
from app.main import create_app
from app.settings import Settings, option, read_settings, variable
from app.signals import end
from model.errors import UserError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes. Returns the exit status; 2 is for bad settings and unusable models."""
    options = vars(_parser().parse_args(arguments))
    try:
        settings = read_settings(options)
        models = load_models(settings)
        app = create_app(settings, models)
        if settings.database is not None:
            # Only here: a service that learns nothing is to start without waiting for the library.
            from app.database.engine import check_at_start

            check_at_start(settings)
    except UserError as error:
        print(f"tsuzuki: {error}", file=sys.stderr)
        return 2
    log.configure(settings.log_level)
    if not settings.api_keys and settings.host not in _LOOPBACK:
        # Everybody who can reach the machine can use it, and the operator may not have meant that.
        logging.getLogger("tsuzuki").warning(
            "anybody who reaches this address may use the service, see what its people have taught and change its "
            "vocabularies: set TSUZUKI_API_KEYS, or listen on 127.0.0.1 only (TSUZUKI_HOST)",
            extra={"fields": {"host": settings.host}},
        )
    signal.signal(signal.SIGTERM, end)
    server: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "http": bounded_protocol(settings),
        "proxy_headers": settings.trusted_proxies != "none",
        "forwarded_allow_ips": settings.trusted_proxies,
        "lifespan": "on",
        "ws": "none",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": 5,
    }
    if settings.workers > 1:
        # Only here: one process needs nobody to supervise it.
        from app.workers.supervisor import Supervisor

        supervisor = Supervisor(settings, models, server)
        del models, app  # it alone has them, and can let go of them once there are newer ones
        return supervisor.run()
    serving = Server(uvicorn.Config(app, **server))
    with contextlib.suppress(KeyboardInterrupt):  # it has ended cleanly by then
        serving.run()
    return 0 if serving.started else STARTUP_FAILURE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Serve suggestions over HTTP. Each option has an environment variable; the option goes first.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    defaults = Settings.model_construct()
    for name, field in Settings.model_fields.items():
        default = getattr(defaults, name)
        shown = ",".join(f"{k}={v}" for k, v in default.items()) if isinstance(default, dict) else default or "none"
        text = f"{field.description} ({variable(name)}, default {shown})"
        parser.add_argument(option(name), dest=name, metavar="VALUE", help=text.replace("%", "%%"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
