"""What a proof is, and what came of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from justpaid.proofs.instance import Instance


@dataclass(frozen=True, slots=True)
class Finding:
    """What was done, what was seen, and whether the guarantee held."""

    tried: str
    seen: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """One guarantee and how it is tried; `name` is what the command line calls it."""

    name: str
    claim: str
    prove: Callable[[Instance], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Result:
    """A proof with its finding."""

    proof: Proof
    finding: Finding
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was tried in one go."""

    results: Sequence[Result]
    versions: dict[str, str]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether every guarantee held."""
        return all(result.finding.holds for result in self.results)
