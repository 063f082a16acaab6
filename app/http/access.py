"""The middleware of access: checks API keys and the rate limit before the body of a request is read."""

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import (
    AdminKeyError,
    MissingKeyError,
    NoAdministratorError,
    RateLimitError,
    ServiceError,
    UnknownKeyError,
)
from app.keys import Caller, Keyring, key_of
from app.paths import UNCOUNTED_PATHS, is_administration, is_open, route_path
from app.problems import answer

if TYPE_CHECKING:
    from app.http.rate_limit import Allowance, RateLimiter


# A client that has one IPv6 address has all of its network.
_IPV6_NETWORK_BITS = 64


# The place in a request's scope of who owns the people that it is about.
OWNER = "tsuzuki.owner"
LIMIT, POLICY = "RateLimit", "RateLimit-Policy"


class AccessMiddleware:
    """Lets a request through where its key and its caller's rate allow it."""

    def __init__(self, app: ASGIApp, keyring: Keyring, rate_limiter: "RateLimiter | None") -> None:
        self.app, self.keyring, self.rate_limiter = app, keyring, rate_limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that may be answered, refuse any other."""
        if scope["type"] != "http" or is_open(route_path(scope)):
            await self.app(scope, receive, send)
            return
        key = key_of(scope)
        caller = self.keyring.caller(key) if key else None
        refusal = self._refusal(scope, key, caller)
        limiter = self.rate_limiter
        # Wrong keys are counted wherever they are tried, so that nobody can go through many.
        if limiter is not None and (refusal is not None or route_path(scope) not in UNCOUNTED_PATHS):
            allowance = await limiter.hit(f"key:{caller.name}" if caller else f"address:{_address(scope)}")
            if allowance is not None:
                send = _with_allowance(send, limiter.policy, allowance)
                if not allowance.allowed:
                    refusal = RateLimitError(limiter.item.amount, limiter.item.get_expiry(), allowance.seconds)
        # Without keys, people belong to everybody.
        scope[OWNER] = caller.name if caller is not None and self.keyring.needs_key else ""
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await answer(refusal)(scope, receive, send)

    def _refusal(self, scope: Scope, key: bytes | None, caller: Caller | None) -> ServiceError | None:
        if is_administration(scope["method"], route_path(scope), self.keyring.has_keys):
            if not self.keyring.has_administrators:
                return NoAdministratorError()
            if caller is not None and caller.role != "admin":
                return AdminKeyError()
        elif not self.keyring.needs_key:
            return None
        if caller is not None:
            return None
        return UnknownKeyError() if key else MissingKeyError()


def _address(scope: Scope) -> str:
    client: Any = scope.get("client")
    if not client:
        return "unknown"
    try:
        address = ip_address(client[0].partition("%")[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or int(address) >> 128 - _IPV6_NETWORK_BITS)
    return str(address)


def _with_allowance(send: Send, policy: str, allowance: "Allowance") -> Send:
    """Make a ``send`` that tells the allowance, in the fields of draft-ietf-httpapi-ratelimit-headers-10.

    ``r`` requests are left, and after ``t`` seconds there are more.
    """

    async def send_with_fields(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers[POLICY] = policy
            headers[LIMIT] = f'"default";r={allowance.remaining};t={allowance.seconds}'
        await send(message)

    return send_with_fields
