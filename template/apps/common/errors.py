"""Domain errors: a service refuses something. They know no HTTP, `problems` maps them to statuses."""

from typing import Any


class DomainError(Exception):
    """A rule refuses it. Subclass this or one of the kinds below, with a `code` and a `detail`.

    `members` are facts that a client can act on, such as the current price.
    """

    code = "refused"
    detail = "A rule does not allow this."

    def __init__(self, detail: str = "", **members: Any) -> None:
        self.detail = detail or self.detail
        self.members = members
        super().__init__(self.detail)


class Conflict(DomainError):
    """The current state does not allow it."""

    code = "conflict"
    detail = "The current state does not allow this."


class VersionMismatch(DomainError):
    """It has changed since the caller read it (optimistic locking)."""

    code = "version_mismatch"
    detail = "It has changed since you read it. Read it again."
