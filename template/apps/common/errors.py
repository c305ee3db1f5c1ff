"""Domain errors, which a service raises when a rule forbids an operation.

They know nothing of HTTP: `apps.common.problems` maps them to statuses.
"""

from typing import Any


class DomainError(Exception):
    """A rule forbids the operation. Subclass this class or one below, with a `code` and a `detail`.

    `members` are facts that a client can act on, such as the current price. They become members of
    the problem.
    """

    code = "refused"
    detail = "A rule does not allow this."

    def __init__(self, detail: str = "", **members: Any) -> None:
        self.detail = detail or self.detail
        self.members = members
        super().__init__(self.detail)


class Conflict(DomainError):
    """The current state of a resource does not allow the operation."""

    code = "conflict"
    detail = "The current state does not allow this."


class VersionMismatch(DomainError):
    """The resource has changed since the caller read it (optimistic locking)."""

    code = "version_mismatch"
    detail = "The resource has changed since you read it. Read it again."
