"""GraphQL. In development, clients may also read the schema (introspection)."""

import os

# Strawberry would replace the hook of config/settings/logs.py, which masks secrets in a traceback.
os.environ["STRAWBERRY_DISABLE_RICH_ERRORS"] = "1"
# The function that returns the access rules of the root fields.
GRAPHQL_ACCESS = "config.graphql_access.rules"
# Seconds after which an operation begins no further SQL statement.
GRAPHQL_TIME_LIMIT = 5
# The only operations that clients may use, by id, if it is not None: load the file that the clients'
# build writes, in config/settings/own.py.
GRAPHQL_DOCUMENTS: dict[str, str] | None = None
