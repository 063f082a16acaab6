"""Traces for OpenTelemetry: one span for each request, with its operation, status and time, and nothing that was typed.

Needs the extra ``tsuzuki[traces]``. The framework's own spans would hold query strings and the messages of failures.
"""

from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.middleware import REQUEST_ID
from app.metrics.prometheus import Metrics
from app.settings import SettingsError, variable

try:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:
    raise SettingsError(f"{variable('traces')}: needs OpenTelemetry: install the extra tsuzuki[traces]") from None

# The field by which a caller's trace goes on here. Its companion `tracestate` may hold anything, and is left out.
_PARENT = "traceparent"
# So long a collector may take, its second tries included; the end of the service waits for the last spans.
_COLLECTOR_SECONDS = 2.0


class Tracer:
    """Sends spans to a collector, in batches from a thread of its own. It begins with ``start``, behind any fork."""

    def __init__(self, address: str, version: str) -> None:
        self._endpoint, self._version = f"{address.rstrip('/')}/v1/traces", version

    def start(self) -> None:
        """Start the thread."""
        resource = Resource.create({"service.name": "tsuzuki", "service.version": self._version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(self._endpoint, timeout=_COLLECTOR_SECONDS))
        )
        self.tracer = self._provider.get_tracer("tsuzuki", self._version)

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self._provider.shutdown()


class TracingMiddleware:
    """Makes the span of each request. It lies inside the middleware that gives requests their id."""

    def __init__(self, app: ASGIApp, tracer: Tracer, metrics: Metrics) -> None:
        self.app, self._tracer, self._metrics = app, tracer, metrics
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, within a span."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = self._propagator.extract(_carrier(Headers(scope=scope)))
        span = self._tracer.tracer.start_span("request", parent, SpanKind.SERVER)
        try:
            await self.app(scope, receive, send_noting)
        finally:
            # Of methods and paths those alone that the service has: others may hold what was typed.
            method = self._metrics.method(scope)
            route = self._metrics.route(scope)
            span.update_name(f"{method} {route}" if route else method)
            span.set_attributes({"http.request.method": method, "request.id": scope[REQUEST_ID]})
            if route:
                span.set_attribute("http.route", route)
            if status:
                span.set_attribute("http.response.status_code", status)
            if not 0 < status < 500:
                span.set_status(StatusCode.ERROR)
            span.end()


def _carrier(headers: Headers) -> Mapping[str, Iterable[str]]:
    return {_PARENT: headers.getlist(_PARENT)}
