"""Why a WebSocket is closed: RFC 6455, section 7.4, and codes of this service from 4400 on."""

from enum import IntEnum


class Close(IntEnum):
    """Close codes. The comments say what a client should do."""

    TOO_BIG = 1009  # fix the client
    RESTART = 1012  # connect again
    BAD_MESSAGE = 4400  # fix the client
    UNAUTHENTICATED = 4401  # connect again, with a new ticket
    SILENT = 4408  # connect again
    TOO_MANY_CONNECTIONS = 4409  # close another connection first
    TOO_SLOW = 4410  # connect again, and read faster
    TOO_MANY_MESSAGES = 4429  # fix the client


class ClosedError(Exception):
    """The connection ends. The reason is for people."""

    def __init__(self, code: Close, reason: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason or code.name.lower().replace("_", " ")
