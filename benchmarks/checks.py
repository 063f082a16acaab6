"""Checks: the limits for the service beside the measurements."""

from collections.abc import Iterable
from typing import NamedTuple


class Check(NamedTuple):
    """A limit that the service should keep to, and the measurement."""

    what: str
    measured: float
    limit: float
    at_least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        """True where the measurement keeps to the limit."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def print_checks(checks: Iterable[Check]) -> None:
    """Print a table with a line for each check."""
    print("| | asked | measured | met |\n|---|---|---|---|")
    for check in checks:
        asked = f"{'at least' if check.at_least else 'at most'} {check.limit:g}{check.unit}"
        print(f"| {check.what} | {asked} | {check.measured:.2f}{check.unit} | {'yes' if check.met else 'no'} |")
