from apps.live.tests.servers import hasty, narrow, server, started, strict  # noqa: F401  # fixtures
