"""The user's uv.lock: no update touches it, and `make lock` and `make upgrade` do what they say."""

import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.environments import UV, locked_versions
from tests.history import NEXT, Project, instead, release_next
from tests.projects import ENVIRONMENT, Renderer, run
from tests.test_generated import EARLIER

OWN = "humanize"
OWN_VERSION = "4.13.0"


@pytest.fixture
def project(own_history: Path, tmp_path: Path) -> Project:
    """Return a project that was locked earlier, with a package of its own at an old version."""
    project = Project.copy(own_history, tmp_path / "project", preset="minimal")
    run(UV, "lock", "--quiet", "--exclude-newer", EARLIER, cwd=project.folder)
    run(UV, "add", "--quiet", "--no-sync", f"{OWN}=={OWN_VERSION}", cwd=project.folder)
    project.commit("Lock")
    return project


def add_a_package(template: Path) -> None:
    line = '  "django-environ>=0.14",\n'
    add = instead(line, f'{line}  "django-filter>=25.1",\n')
    release_next(template, {"template/pyproject.toml.jinja": add})


def versions(project: Project) -> dict[str, set[str]]:
    return locked_versions(project.folder / "uv.lock")


def test_an_update_leaves_the_lock_alone_and_make_lock_repairs_it(project: Project) -> None:
    before, lock = versions(project), (project.folder / "uv.lock").read_bytes()
    add_a_package(project.template)
    project.update(NEXT)
    assert project.conflicts() == []
    assert (project.folder / "uv.lock").read_bytes() == lock
    project.make("lock")
    after = versions(project)
    assert after.keys() - before.keys() == {"django-filter"}
    assert {name: after[name] for name in before} == before
    assert after[OWN] == {OWN_VERSION}
    run(UV, "lock", "--check", cwd=project.folder)


def test_make_upgrade_takes_the_versions_that_were_tested(project: Project, tmp_path: Path) -> None:
    earlier = versions(project)
    project.make("upgrade")
    fresh = Project.copy(project.template, tmp_path / "fresh", preset="minimal")
    fresh.make("uv.lock")
    upgraded = versions(project)
    assert upgraded.pop(OWN) == {OWN_VERSION}
    own_name, tested = "my-service", versions(fresh)
    assert upgraded.pop(own_name) == tested.pop(own_name)
    assert upgraded == tested
    assert tested["django"] != earlier["django"]
    assert "exclude-newer" not in (project.folder / "uv.lock").read_text()


def test_make_upgrade_can_take_the_newest_there_are(project: Project) -> None:
    """Make the tested day one before a release of Django, as it is some weeks after a release."""
    project.make("upgrade", f"TESTED_ON={EARLIER}")
    tested = versions(project)["django"]
    project.make("upgrade", f"TESTED_ON={EARLIER}", "NEWEST=yes")
    assert versions(project)["django"] != tested
    assert versions(project)[OWN] == {OWN_VERSION}


@pytest.mark.parametrize("is_locked", [False, True])
def test_setup_says_which_python_is_missing(
    render: Renderer, tmp_path: Path, *, is_locked: bool
) -> None:
    project = render(preset="custom", django_version="6.1")
    if is_locked:
        (project / "uv.lock").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("make", "cat"):
        (programs / name).symlink_to(str(which(name)))
    (programs / "uv").symlink_to(UV)
    where = {"PATH": str(programs), "UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons")}
    process = subprocess.run(
        ["make", "setup"],
        cwd=project,
        env={**ENVIRONMENT, **where, "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode
    assert "\nThis project needs Python 3.12 or newer, and uv can neither find" in process.stdout
