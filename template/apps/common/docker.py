"""The liveness probe of the service in this container: `python -m apps.common.docker`."""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT = 2  # seconds


def is_alive(address: str = "127.0.0.1:8000") -> bool:
    """Tell whether /health/live responds with 200 under the first allowed host name."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".")
    connection = HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request("GET", "/health/live", headers={"Host": host})
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_alive(*sys.argv[1:]) else 1)
