"""Cookiecutter's door: `cookiecutter NEXUS` gives what `copier copy` gives, and can be updated."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.environment import StrictEnvironment
from cookiecutter.prompt import render_variable

from scripts import cookiecutter_json, reference
from tests.environments import path_with_uv
from tests.history import CURRENT, NEXT, Project, commit
from tests.projects import ENVIRONMENT, ROOT, Renderer, run
from tests.test_update_command import make, release_news

HERE = [sys.executable, "-m", "cookiecutter"]
ANSWERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "full": {"preset": "full"},
    "minimal": {"preset": "minimal", "license": "proprietary", "timezone": "Africa/Addis_Ababa"},
    "custom": {"preset": "custom", "django_version": "6.1", "use_celery": "no"},
    "quotes": {"project_name": 'Zoë\'s "Q" \\ 日本 😀', "author_name": 'O\'Hara "& Co" \\ 李'},
}


class Door:
    """Runs Cookiecutter with its folders out of the way, and shows what it has left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.output.mkdir()
        self.config = folder / "config.yaml"
        places = {"cookiecutters_dir": "clones", "replay_dir": "replay"}
        self.config.write_text(json.dumps({key: str(folder / places[key]) for key in places}))

    def __call__(
        self,
        template: str,
        answers: dict[str, Any],
        *options: str,
        cookiecutter: list[str] = HERE,
        cwd: Path | None = None,
        **environment: str,
    ) -> "subprocess.CompletedProcess[str]":
        given = [f"{name}={value}" for name, value in answers.items()]
        places = ["--config-file", str(self.config), "--output-dir", str(self.output)]
        command = [*cookiecutter, "--no-input", *places, *options, template, *given]
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={
                **ENVIRONMENT,
                "PATH": path_with_uv(),
                "PWD": str(cwd or self.folder),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def project(self, template: Path) -> Project:
        """Return the only project there is, under Git."""
        [folder] = self.output.iterdir()
        run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
        commit(folder, "Start from the template")
        return Project(template, folder)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_cookiecutter_json_is_what_the_questions_say() -> None:
    assert (ROOT / "cookiecutter.json").read_text() == cookiecutter_json.document(), "make format"


def test_the_same_questions_are_asked() -> None:
    asked = {
        name
        for name, question in reference.recorded_questions().items()
        if question.get("ask") is not False
    }
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    assert questions.keys() - {"__prompts__"} == asked == questions["__prompts__"].keys()


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_both_doors_lead_to_the_same_project(
    history: Path, door: Door, tmp_path: Path, answers: dict[str, Any]
) -> None:
    process = door(str(history), answers)
    assert process.returncode == 0, process.stderr
    fresh = Project.copy(history, tmp_path / "fresh", **answers)
    assert door.project(history).files() == fresh.files()


@pytest.mark.parametrize(
    "name",
    ["My Service", "Zoë's 2 Shops", "  42 -- things ", "日本", "a" * 60, "x" * 39 + " yz", "A_B.c"],
)
def test_both_compute_the_same_short_name(render: Renderer, name: str) -> None:
    default = json.loads((ROOT / "cookiecutter.json").read_text())["project_slug"]
    context = {"project_name": name.strip()}
    environment = StrictEnvironment(context={"cookiecutter": context})
    answers = yaml.safe_load((render(**context) / ".copier-answers.yml").read_text())
    assert render_variable(environment, default, context) == answers["project_slug"]


def test_a_project_from_cookiecutter_updates_like_any_other(own_history: Path, door: Door) -> None:
    assert door(str(own_history), {}).returncode == 0
    project = door.project(own_history)
    release_news(own_history)
    project.update(NEXT)
    assert project.conflicts() == []
    assert "default=4)" in (project.folder / "config/settings/api.py").read_text()


def test_an_address_is_recorded_with_the_version_whose_questions_were_asked(
    own_history: Path, door: Door
) -> None:
    address = f"git+file://{own_history}"
    release_news(own_history)
    assert door(address, {}, "--checkout", CURRENT).returncode == 0
    answers = yaml.safe_load((door.output / "my-service/.copier-answers.yml").read_text())
    assert (answers["_src_path"], answers["_commit"]) == (address, CURRENT)
    assert not list(door.output.rglob(".cookiecutter*"))
    status, output = make(door.project(own_history), "update-check")
    assert status == 0
    assert f"From {CURRENT} to {NEXT}." in output


def test_a_relative_path_is_recorded_in_full(history: Path, door: Door) -> None:
    process = door(os.path.relpath(history, history.parent), {}, cwd=history.parent)
    assert process.returncode == 0, process.stderr
    answers = yaml.safe_load((door.output / "my-service/.copier-answers.yml").read_text())
    assert answers["_src_path"] == str(history)


def test_a_bad_answer_is_refused_with_copiers_words_and_leaves_nothing(
    history: Path, door: Door
) -> None:
    process = door(str(history), {"timezone": "Mars/Base"})
    assert process.returncode
    assert "Must be a name from the IANA time zone database" in process.stderr
    assert "Traceback" not in process.stderr
    assert list(door.output.iterdir()) == []


def test_a_cookiecutter_without_copier_finds_one_through_uv(history: Path, door: Door) -> None:
    cookiecutter = ["uvx", "--from", "cookiecutter>=2.7", "cookiecutter"]
    process = door(str(history), {}, cookiecutter=cookiecutter)
    assert process.returncode == 0, process.stderr
    assert (door.output / "my-service/manage.py").exists()


def test_a_module_among_the_temporary_files_is_not_imported(
    history: Path, door: Door, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("importlib", "json", "pathlib", "selectors", "shutil", "subprocess", "typing"):
        (temporary / f"{name}.py").write_text("raise SystemExit('This came from anybody.')\n")
    process = door(str(history), {"preset": "minimal"}, TMPDIR=str(temporary))
    assert process.returncode == 0, process.stderr
    assert (door.output / "my-service/manage.py").exists()


def test_without_copier_and_uv_it_says_what_to_install() -> None:
    python = Path(sys.executable).resolve()
    command = [str(python), "-I", str(ROOT / "hooks/pre_gen_project.py")]
    process = subprocess.run(
        command, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False
    )
    assert process.returncode
    assert "Install uv, or Copier 9.19 or newer" in " ".join(process.stderr.split())


def test_a_zip_file_is_refused_for_it_has_no_history(tmp_path: Path) -> None:
    (tmp_path / ".cookiecutter-answers.json").write_text(
        json.dumps({"_template": "nexus.zip", "_output_dir": str(tmp_path), "_repo_dir": "."})
    )
    process = subprocess.run(
        [sys.executable, str(ROOT / "hooks/post_gen_project.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode
    assert "A zip file has no history" in process.stderr
