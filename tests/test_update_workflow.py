"""The workflow that opens an update as a pull request: its steps, run in bash as GitHub runs them."""

import stat
import subprocess
from pathlib import Path
from shutil import which

import pytest
import yaml

from tests.environments import path_with_uv
from tests.history import NEXT, Project
from tests.projects import ENVIRONMENT, run
from tests.test_update_command import SETTINGS, release_news

WORKFLOW = ".github/workflows/update.yaml"
GH = """#!/bin/sh
printf '%s\\n' "$*" >> "$RUNNER_TEMP/gh"
# As where a pull request for the branch is open already.
[ "$2" != create ] || [ -z "$OPEN_ALREADY" ]
"""


PEOPLE = {f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Runner:
    """Runs the steps of the job, but for those that only set up the machine."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.remote = folder / "remote.git"
        self.temporary = folder / "runner"
        self.temporary.mkdir()
        gh = self.temporary / "bin" / "gh"
        gh.parent.mkdir()
        gh.write_text(GH)
        gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
        run("git", "clone", "--quiet", "--bare", str(project.folder), str(self.remote), cwd=folder)
        project.git("remote", "add", "origin", str(self.remote))
        self.job = yaml.safe_load((project.folder / WORKFLOW).read_text())["jobs"]["update"]
        self.github_env = self.temporary / "env"
        self.github_env.touch()

    def exported(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.github_env.read_text().splitlines())

    def push(self, news: str) -> bool:
        """Run the steps after an update that has written some news."""
        (self.project.folder / "news.txt").write_text(news)
        return self.run("make update")

    def run(self, skipped: str = "", **environment: str) -> bool:
        """Run each step whose condition holds. Return whether none has failed."""
        steps = [
            each for each in self.job["steps"] if each.get("run", "make setup") != "make setup"
        ]
        assert len(steps) == 3
        for step in (each for each in steps if each["name"] != skipped):
            name, _, value = step.get("if", "").removeprefix("env.").partition(" == ")
            if name and self.exported().get(name) != value.strip("'"):
                continue
            command = ["bash", "--noprofile", "--norc", "-e", "-c", step["run"]]
            variables = {
                # A runner has nobody's name in its environment: the step says who commits.
                **{name: ENVIRONMENT[name] for name in ENVIRONMENT if name not in PEOPLE},
                "PATH": f"{self.temporary / 'bin'}:{path_with_uv()}",
                "GITHUB_ENV": str(self.github_env),
                "RUNNER_TEMP": str(self.temporary),
                "BOT": self.job["env"]["BOT"],
                "BRANCH": self.job["env"]["BRANCH"],
                "REPORT": self.job["env"]["REPORT"].replace(
                    "${{ runner.temp }}", str(self.temporary)
                ),
                # A few of the project's tests stand for all.
                "ARGS": "apps/users/tests/test_tokens.py",
                **self.exported(),
                **environment,
            }
            if subprocess.run(
                command, cwd=self.project.folder, env=variables, check=False
            ).returncode:
                return False
        return True

    def again(self) -> None:
        """Begin as the next run does: with a new checkout of `main`, and nothing exported."""
        self.project.git("switch", "--quiet", "--force", "main")
        self.github_env.write_text("")

    def tip(self) -> str:
        return run("git", "rev-parse", "template-update", cwd=self.remote)

    def news(self) -> str:
        return run("git", "show", "template-update:news.txt", cwd=self.remote)

    def pushed(self) -> list[str]:
        return run("git", "branch", "--format=%(refname:short)", cwd=self.remote).split()

    def pull_request(self) -> list[str]:
        """Return the calls of GitHub's command-line client."""
        calls = self.temporary / "gh"
        return calls.read_text().splitlines() if calls.exists() else []

    def report(self) -> str:
        return (self.temporary / "report.md").read_text()


@pytest.fixture
def project(own_history: Path, tmp_path: Path) -> Project:
    return Project.copy(own_history, tmp_path / "project", preset="minimal")


def test_without_anything_new_nothing_is_pushed(project: Project, tmp_path: Path) -> None:
    runner = Runner(project, tmp_path)
    assert runner.run()
    assert runner.pushed() == ["main"]
    assert runner.pull_request() == []


def test_a_new_version_becomes_a_pull_request(project: Project, tmp_path: Path) -> None:
    release_news(project.template)
    runner = Runner(project, tmp_path)
    assert runner.run()
    assert runner.pushed() == ["main", "template-update"]
    answers = run("git", "show", "template-update:.copier-answers.yml", cwd=runner.remote)
    assert f"_commit: {NEXT}" in answers
    assert "- Shorter tokens." in runner.report()
    assert runner.report().startswith("```\n")
    assert runner.report().endswith("```\n")
    [call] = runner.pull_request()
    assert call.startswith(
        "pr create --head template-update --title Update from the template --body"
    )


def test_a_pull_request_that_is_open_is_brought_up_to_date(
    project: Project, tmp_path: Path
) -> None:
    release_news(project.template)
    runner = Runner(project, tmp_path)
    assert runner.run(OPEN_ALREADY="yes")
    assert [call.split()[1] for call in runner.pull_request()] == ["create", "edit"]


def test_a_conflict_is_pushed_and_said_in_the_title(project: Project, tmp_path: Path) -> None:
    settings = project.folder / SETTINGS
    settings.write_text(settings.read_text().replace("default=5)", "default=7)"))
    project.commit("Longer tokens")
    release_news(project.template)
    runner = Runner(project, tmp_path)
    assert runner.run()
    assert "<<<<<<< before updating" in run(
        "git", "show", f"template-update:{SETTINGS}", cwd=runner.remote
    )
    assert SETTINGS in runner.report()
    assert "Update from the template, with something left to do" in runner.pull_request()[0]


def test_an_update_takes_the_place_of_the_last_one(project: Project, tmp_path: Path) -> None:
    runner = Runner(project, tmp_path)
    assert runner.push("First.\n")
    runner.again()
    assert runner.push("Second.\n")
    assert runner.news() == "Second.\n"
    runner.again()
    # Nor is a branch in the way that was merged, with what somebody had committed to it.
    project.git("commit", "--quiet", "--allow-empty", "--message", "Somebody's")
    project.git("push", "--quiet", "--force", "origin", "HEAD:main", "HEAD:template-update")
    assert runner.push("Third.\n")
    assert runner.news() == "Third.\n"


@pytest.mark.parametrize("amend", [[], ["--amend"]], ids=["a-commit", "an-amended-commit"])
def test_what_somebody_has_committed_to_its_branch_is_not_overwritten(
    project: Project, tmp_path: Path, amend: list[str]
) -> None:
    runner = Runner(project, tmp_path)
    assert runner.push("First.\n")
    (project.folder / "news.txt").write_text("Solved.\n")
    project.git("commit", "--quiet", "--all", "--no-verify", "--message", "Solve it", *amend)
    project.git("push", "--quiet", "--force", "origin", "template-update")
    runner.again()
    assert not runner.push("Second.\n")
    assert runner.news() == "Solved.\n"
    assert len(runner.pull_request()) == 1


def test_what_is_pushed_to_its_branch_meanwhile_is_not_overwritten(
    project: Project, tmp_path: Path
) -> None:
    """Let somebody push when the workflow has looked, and does not push yet."""
    runner = Runner(project, tmp_path)
    fake = runner.temporary / "bin" / "git"
    push = f"{which('git')} push --quiet origin main:template-update"
    lines = ["#!/bin/sh", f'case "$1" in commit) {push};; esac', f'exec {which("git")} "$@"\n']
    fake.write_text("\n".join(lines))
    fake.chmod(0o755)
    assert not runner.push("First.\n")
    assert runner.tip() == run("git", "rev-parse", "main", cwd=runner.remote)


def test_an_update_that_is_refused_fails_the_job(project: Project, tmp_path: Path) -> None:
    release_news(project.template)
    answers = project.folder / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("license: MIT", "license: WTFPL"))
    project.commit("Choose a licence that there is not")
    runner = Runner(project, tmp_path)
    assert not runner.run()
    assert "Invalid choice for 'license': 'WTFPL'" in runner.report()
    assert runner.pushed() == ["main"]
    assert runner.pull_request() == []
