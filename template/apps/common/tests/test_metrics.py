import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common import metrics

TOKEN = "prometheus-alone"
COUNT = """
import django; django.setup()
from apps.common.metrics import anomalies
anomalies.labels("burst").inc(2)
"""
READ = """
import django; django.setup()
from django.conf import settings; settings.METRICS_TOKEN = "x"
from django.test import Client
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
    assert 'anomalous_traffic_total{kind="burst"}' in text
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
    for code in (COUNT, COUNT, READ):
        printed = subprocess.run(  # noqa: S603  # our own interpreter
            [sys.executable, "-c", code],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    assert 'anomalous_traffic_total{kind="burst"} 4.0' in printed
