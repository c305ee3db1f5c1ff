import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.common import traffic
from apps.common.tests.lines import LogLines
from apps.common.traffic import BURST, BURST_FACTOR, REJECTIONS, WINDOW, Client, TrafficMiddleware
from apps.users.models import User


class Service:
    """Responds with the status that a request names, and has a clock that a test sets."""

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


def reported(log: LogLines) -> list[str]:
    """Return the kinds of the anomalies so far."""
    return [line["kind"] for line in log.all() if line["event"] == "anomalous_traffic"]


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("anomalous_traffic_total", {"kind": kind}) or 0.0


def test_a_burst_is_reported_once_in_a_window(service: Service, log: LogLines) -> None:
    before = counted("burst")
    service.ask(BURST - 1)
    assert reported(log) == []
    service.ask(BURST)
    assert (reported(log), counted("burst") - before) == (["burst"], 1)
    line = log.last("anomalous_traffic")
    assert (line["client"], line["requests"], line["baseline"]) == ("192.0.2.1", BURST, 0)
    service.now += WINDOW
    service.ask(BURST * 2)
    assert reported(log) == ["burst", "burst"]


def test_traffic_near_the_baseline_is_no_burst(service: Service, log: LogLines) -> None:
    busy = BURST * 2
    for _ in range(20):
        service.ask(busy)
        service.now += WINDOW
    first = len(reported(log))
    assert first < 20
    service.ask(busy)
    assert len(reported(log)) == first
    service.ask(busy * BURST_FACTOR)
    assert len(reported(log)) == first + 1


def test_the_baseline_decays_without_requests() -> None:
    client = Client(window=0, requests=1000)
    client.move_to(1)
    assert client.baseline == pytest.approx(200)
    client.move_to(2)
    assert client.baseline == pytest.approx(160)
    client.move_to(102)
    assert client.baseline < 1


@pytest.mark.parametrize("status", sorted(traffic.REJECTED_STATUSES))
def test_a_client_whose_requests_are_rejected_is_reported(
    service: Service, log: LogLines, status: int
) -> None:
    before = counted("rejections")
    service.ask(REJECTIONS - 1, status)
    assert reported(log) == []
    service.ask(1, status)
    assert (reported(log), counted("rejections") - before) == (["rejections"], 1)


@pytest.mark.parametrize("status", [200, 304, 409, 412, 500])
def test_other_statuses_are_no_rejections(service: Service, log: LogLines, status: int) -> None:
    service.ask(REJECTIONS, status)
    assert reported(log) == []


def test_rejections_among_more_successes_are_not_reported(service: Service, log: LogLines) -> None:
    service.ask(REJECTIONS + 1, 200)
    service.ask(REJECTIONS, 404)
    assert reported(log) == []


def test_each_client_is_counted_by_itself(service: Service, log: LogLines) -> None:
    for number in range(1, 5):
        service.ask(REJECTIONS // 2, 404, f"192.0.2.{number}")
    assert reported(log) == []


def test_a_64_of_ipv6_is_one_client(service: Service, log: LogLines) -> None:
    for number in range(REJECTIONS):
        service.ask(1, 404, f"2001:db8::{number:x}:1")
        service.ask(1, 404, f"::ffff:192.0.2.{number}")
    assert log.last("anomalous_traffic")["client"] == "2001:db8::/64"
    assert reported(log) == ["rejections"]


def test_a_client_with_a_token_is_identified_by_its_account(
    user: User, log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "BURST", 1)
    client = APIClient(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})
    client.get("/api/v1/users/me/", headers={"x-request-id": "abc"})
    line = log.last("anomalous_traffic")
    assert (line["client"], line["request_id"]) == (f"user {user.pk}", "abc")


def test_the_number_of_clients_in_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "CLIENTS", 2)
    watched = TrafficMiddleware(lambda _: HttpResponse())
    for number in range(5):
        watched(RequestFactory().get("/", REMOTE_ADDR=f"192.0.2.{number}"))
    assert len(watched.clients) == 2
