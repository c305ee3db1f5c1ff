from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """Treats `application/problem+json` as JSON, instead of responding with 406.

    Generated clients accept nothing else for an operation whose only documented body is a problem.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        return [
            token.replace("application/problem+json", "application/json")
            for token in super().get_accept_list(request)
        ]
