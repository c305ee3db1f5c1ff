"""The liveness probe of a web container: `python -m apps.common.docker`."""

import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT = 2  # seconds


def is_alive(address: str = "127.0.0.1:8000") -> bool:
    """Tell whether /health/live responds with 200."""
    connection = HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_alive(*sys.argv[1:]) else 1)
