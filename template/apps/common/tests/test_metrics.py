import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common import metrics

TOKEN = "prometheus-alone"
ANOMALIES = 'anomalous_traffic_total{kind="burst"}'
COUNT_AND_READ = """
import django; django.setup()
from django.conf import settings; settings.METRICS_TOKEN = "x"
from django.test import Client
from apps.common.metrics import anomalies
anomalies.labels("burst").inc(2)
print(Client().get("/metrics", headers={"Authorization": "Bearer x"}).content.decode())
"""


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def read(api: APIClient, token: str) -> tuple[int, str]:
    response = api.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    return response.status_code, response.content.decode()


def test_the_token_gives_access_to_the_metrics(api: APIClient) -> None:
    metrics.anomalies.labels("burst").inc()
    status, text = read(api, TOKEN)
    assert status == 200
    assert ANOMALIES in text
    assert "process_cpu_seconds_total" in text


@pytest.mark.parametrize("token", ["", "wrong", "prometheus-älone"])
def test_the_metrics_need_the_token(api: APIClient, token: str) -> None:
    status, text = read(api, token)
    assert status == 401
    assert "anomalous_traffic" not in text


def test_there_are_no_metrics_without_a_token_in_the_settings(
    api: APIClient, settings: Settings
) -> None:
    settings.METRICS_TOKEN = ""
    assert read(api, "")[0] == 404


def test_the_metrics_add_up_all_processes(tmp_path: Path) -> None:
    environment = os.environ | {metrics.FOLDER: str(tmp_path / "metrics")}
    command = [sys.executable, "-c", COUNT_AND_READ]
    for total in (2.0, 4.0):
        printed = subprocess.check_output(command, env=environment, text=True)  # noqa: S603  # our own
        assert f"{ANOMALIES} {total}" in printed
