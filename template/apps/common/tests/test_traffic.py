import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.common import traffic
from apps.common.tests.lines import LogLines
from apps.common.traffic import BURST, REFUSALS, TIMES_USUAL, WINDOW, Client, TrafficMiddleware
from apps.users.models import User


class Service:
    """A service that answers with the status that a request names, with a clock to be set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.watched = TrafficMiddleware(lambda request: HttpResponse(status=int(request.path[1:])))
        self.watched.timer = lambda: self.now

    def ask(self, times: int, status: int = 200, client: str = "192.0.2.1") -> None:
        for _ in range(times):
            self.watched(RequestFactory().get(f"/{status}", REMOTE_ADDR=client))


@pytest.fixture
def service() -> Service:
    return Service()


def told(log: LogLines) -> list[str]:
    """Return the kinds of what was noticed so far."""
    return [line["kind"] for line in log.all() if line["event"] == "anomalous_traffic"]


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("anomalous_traffic_total", {"kind": kind}) or 0.0


def test_a_burst_is_told_once_in_a_window(service: Service, log: LogLines) -> None:
    before = counted("burst")
    service.ask(BURST - 1)
    assert told(log) == []
    service.ask(BURST)
    assert (told(log), counted("burst") - before) == (["burst"], 1)
    line = log.last("anomalous_traffic")
    assert (line["client"], line["requests"], line["usual"]) == ("192.0.2.1", BURST, 0)
    service.now += WINDOW
    service.ask(BURST * 2)
    assert told(log) == ["burst", "burst"]


def test_what_is_usual_for_a_client_is_no_burst(service: Service, log: LogLines) -> None:
    busy = BURST * 2
    for _ in range(20):
        service.ask(busy)
        service.now += WINDOW
    first = len(told(log))
    assert first < 20
    service.ask(busy)
    assert len(told(log)) == first
    service.ask(busy * TIMES_USUAL)
    assert len(told(log)) == first + 1


def test_what_was_usual_is_forgotten_in_quiet_times() -> None:
    client = Client(window=0, requests=1000)
    client.move_to(1)
    assert client.usual == pytest.approx(200)
    client.move_to(2)
    assert client.usual == pytest.approx(160)
    client.move_to(102)
    assert client.usual < 1


@pytest.mark.parametrize("status", sorted(traffic.REFUSED))
def test_somebody_who_is_refused_again_and_again_is_noticed(
    service: Service, log: LogLines, status: int
) -> None:
    before = counted("refusals")
    service.ask(REFUSALS - 1, status)
    assert told(log) == []
    service.ask(1, status)
    assert (told(log), counted("refusals") - before) == (["refusals"], 1)


@pytest.mark.parametrize("status", [200, 304, 409, 412, 500])
def test_other_answers_are_no_refusals(service: Service, log: LogLines, status: int) -> None:
    service.ask(REFUSALS, status)
    assert told(log) == []


def test_refusals_among_many_good_answers_are_usual(service: Service, log: LogLines) -> None:
    service.ask(REFUSALS + 1, 200)
    service.ask(REFUSALS, 404)
    assert told(log) == []


def test_each_client_is_watched_alone(service: Service, log: LogLines) -> None:
    for number in range(1, 5):
        service.ask(REFUSALS // 2, 404, f"192.0.2.{number}")
    assert told(log) == []


def test_whoever_has_a_token_is_known_by_the_account(
    user: User, log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "BURST", 1)
    client = APIClient(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})
    client.get("/api/v1/users/me/", headers={"x-request-id": "abc"})
    line = log.last("anomalous_traffic")
    assert (line["client"], line["request_id"]) == (f"user {user.pk}", "abc")


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "CLIENTS", 2)
    watched = TrafficMiddleware(lambda _: HttpResponse())
    for number in range(5):
        watched(RequestFactory().get("/", REMOTE_ADDR=f"192.0.2.{number}"))
    assert len(watched.clients) == 2
