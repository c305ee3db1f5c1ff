from apps.common.tests.conftest import log  # noqa: F401  # a fixture
from apps.live.tests.servers import hasty, narrow, server, started, strict  # noqa: F401  # fixtures
