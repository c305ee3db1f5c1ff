from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """Sends JSON to clients that accept problems alone, instead of rejecting them with 406.

    Generated clients accept only `application/problem+json` where the document has no other body.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        return [
            token.replace("application/problem+json", "application/json")
            for token in super().get_accept_list(request)
        ]
