"""The query plans of a marketplace's lists with a million rows a table."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.environments import SERVICES
from tests.projects import Renderer, run
from tests.test_generated import addresses_of

PLANS = Path(__file__).with_name("plans.py")
# A page has 25 rows, and a look at the one after them; each with what it shows of other tables.
# PostgreSQL counts the rows that each step reads, MariaDB each time that a row is asked for.
PAGE = {"usual": 150, "other": 250}
# Rare things among a million: reading on until a page is full, or sorting all that match.
SEARCHES = ("amenity=", "q=")
# Where half of a table or more may be beyond the cursor, it reads what is published from its end.
# Its successors do not, nor does MySQL: see the handbook's page on pagination.
READS_ON = "MariaDB 10."


@pytest.mark.parametrize("services", SERVICES)
def test_no_list_reads_a_large_table_from_end_to_end(
    render: Renderer, environment_for: Any, record_property: Any, services: str
) -> None:
    environment, addresses = environment_for("5.2", services), addresses_of(services)
    output = run(
        str(environment.python),
        str(PLANS),
        cwd=render(preset="full", **SERVICES[services]),
        PYTHONPATH=".",
        DJANGO_SETTINGS_MODULE="config.settings.test",
        DATABASE_URL=f"{addresses['DATABASE_URL']}_plans",
    )
    document = json.loads(output.splitlines()[-1])
    assert sorted(document["asked"]) == document["lists"] != []
    assert all(f"{path} page 2" in document["questions"] for path in document["asked"])
    # Page 10,000 reads what page 1 reads, in every order.
    for order in ("newest", "price", "-price"):
        assert any(f"?ordering={order}&cursor=" in question for question in document["questions"])
    for question, queries in document["questions"].items():
        # Numbered pages count all users; see the handbook's page on indexes.
        plans = [plan for plan in queries if "COUNT(*)" not in plan["sql"]]
        assert plans, question
        for plan in plans:
            assert plan["whole"] == [], (question, plan)
        assert any(plan["indexes"] for plan in plans), question
        reads_on = "cursor=" in question and document["server"].startswith(READS_ON)
        if not reads_on and not any(search in question for search in SEARCHES):
            assert sum(plan["read"] for plan in plans) <= PAGE[services], (question, plans)
    record_property("note", f"plans read with 1,024,000 rows a table: {len(document['questions'])}")
