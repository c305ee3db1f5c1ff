"""The Git hook that `make setup` installs: at the top of a repository, in its folders, and when it cannot."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.history import commit
from tests.projects import ENVIRONMENT, ROOT, run

# The real one is tested with the generated projects: this one rejects a line `broken`.
MAKEFILE = "lint:\n\t@! git grep -q ^broken -- . && echo linted >> linted.log\n"


@dataclass
class Repository:
    """A repository with projects in some of its folders."""

    top: Path
    environment: dict[str, str] = field(default_factory=dict)

    def git(self, *arguments: str) -> str:
        return run("git", *arguments, cwd=self.top, **self.environment)

    def add(self, folder: str) -> Path:
        """Add a project. Return its folder."""
        project = self.top / folder
        (project / "scripts").mkdir(parents=True)
        for name in (".pre-commit-config.yaml", "scripts/git_hook.py"):
            shutil.copy(ROOT / "template" / name, project / name)
        (project / "Makefile").write_text(MAKEFILE)
        (project / ".gitignore").write_text("linted.log\n")
        commit(self.top, "Add a project")
        return project

    def install(self, project: Path, **environment: str) -> tuple[int, str]:
        process = subprocess.run(
            [sys.executable, "scripts/git_hook.py"],
            cwd=project,
            env={**ENVIRONMENT, **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert "Traceback" not in process.stdout
        return process.returncode, process.stdout

    def commit(self, name: str, text: str = "new\n", *options: str) -> bool:
        """Commit a new file. Return whether the hooks let it."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", name)
        return self.try_to("commit", "--message", name, *options)

    def try_to(self, *command: str) -> bool:
        process = subprocess.run(
            ["git", *command],
            cwd=self.top,
            env={**ENVIRONMENT, **self.environment},
            capture_output=True,
            check=False,
        )
        return not process.returncode

    @property
    def hook(self) -> Path:
        return self.top / ".git/hooks/pre-commit"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository", {"PRE_COMMIT_HOME": str(tmp_path / "cache")})
    repository.top.mkdir()
    repository.git("init", "--quiet", "--initial-branch=main")
    return repository


def times_linted(project: Path) -> int:
    log = project / "linted.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


FOLDERS = ["services/shop", "the shop's $HOME", "services/[a]*", "ü"]


@pytest.mark.parametrize("folder", [".", *FOLDERS])
def test_a_commit_is_checked_if_it_changes_the_project(repository: Repository, folder: str) -> None:
    project = repository.add(folder)
    status, output = repository.install(project)
    assert status == 0, output
    assert repository.commit(f"{folder}/fine.txt")
    assert times_linted(project) == 1
    assert not repository.commit(f"{folder}/wrong.txt", "broken\n")
    assert repository.git("log", "-1", "--format=%s") == f"{folder}/fine.txt\n"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_commit_elsewhere_in_a_larger_repository_is_not_checked(
    repository: Repository, folder: str
) -> None:
    project = repository.add(folder)
    repository.install(project)
    (project / "not-added.txt").write_text("broken\n")
    for name in ("elsewhere.txt", "services/other/file.txt", f"{folder}-2/file.txt", "s/h.txt"):
        assert repository.commit(name, "broken\n")
    assert repository.commit("lint", "not a folder\n")
    repository.git("rm", "-r", "--quiet", "elsewhere.txt")
    assert repository.try_to("commit", "--message", "Delete")
    assert repository.try_to("commit", "--allow-empty", "--message", "Empty")
    assert times_linted(project) == 0


@pytest.mark.parametrize("arguments", [["--all"], ["services/shop/fine.txt"], ["--only", "."]])
def test_every_way_to_commit_is_checked(repository: Repository, arguments: list[str]) -> None:
    project = repository.add("services/shop")
    repository.install(project)
    assert repository.commit("services/shop/fine.txt")
    (project / "fine.txt").write_text("broken\n")
    assert not repository.try_to("commit", "--message", "Wrong", *arguments)
    (project / "fine.txt").write_text("fine again\n")
    assert repository.try_to("commit", "--message", "Fine", *arguments)


def test_each_project_of_a_repository_is_checked_for_itself(repository: Repository) -> None:
    shop, desk = repository.add("shop"), repository.add("desk")
    for project in (shop, desk, shop):
        repository.install(project)
    assert repository.commit("shop/fine.txt")
    assert (times_linted(shop), times_linted(desk)) == (1, 0)
    assert not repository.commit("desk/wrong.txt", "broken\n")


def test_a_branch_without_the_project_can_be_committed_to(repository: Repository) -> None:
    assert repository.commit("first.txt")
    repository.git("branch", "before")
    for folder in (".", "shop"):
        repository.install(repository.add(folder))
    repository.git("switch", "--quiet", "before")
    assert repository.commit("second.txt", "broken\n")
    repository.git("switch", "--quiet", "main")
    repository.git("rm", "-r", "--quiet", "shop")
    (repository.top / "shop").mkdir(exist_ok=True)
    (repository.top / "shop/left.log").touch()
    assert repository.try_to("commit", "--message", "Delete the project")


def test_the_hook_that_earlier_versions_installed_is_replaced(repository: Repository) -> None:
    project = repository.add("services/the shop")
    pre_commit = [sys.executable, "-m", "pre_commit", "install"]
    run(*pre_commit, cwd=project, **repository.environment)
    assert not repository.commit("elsewhere.txt")
    repository.install(project)
    assert repository.try_to("commit", "--message", "Elsewhere")
    assert not repository.commit("services/the shop/wrong.txt", "broken\n")


@pytest.mark.parametrize("by", ["hand", "pre-commit"])
def test_the_hook_of_a_larger_repository_is_kept(repository: Repository, by: str) -> None:
    project = repository.add("services/shop")
    if by == "hand":
        repository.hook.parent.mkdir(exist_ok=True)
        repository.hook.write_text("#!/bin/sh\ntouch theirs\n")
    else:
        config = (ROOT / "template/.pre-commit-config.yaml").read_text()
        (repository.top / ".pre-commit-config.yaml").write_text(config)
        pre_commit = [sys.executable, "-m", "pre_commit", "install"]
        run(*pre_commit, cwd=repository.top, **repository.environment)
    before = repository.hook.read_bytes()
    status, output = repository.install(project)
    assert status == 1
    assert "make --directory=services/shop lint" in output
    assert len(output.strip().splitlines()) == 1
    assert repository.hook.read_bytes() == before


def test_a_worktree_keeps_the_hook_that_it_shares(repository: Repository, tmp_path: Path) -> None:
    project = repository.add(".")
    repository.install(project)
    repository.git("worktree", "add", "--quiet", str(tmp_path / "worktree"))
    before = repository.hook.read_bytes()
    worktree = Repository(tmp_path / "worktree", repository.environment)
    assert repository.install(worktree.top)[0] == 0
    assert repository.hook.read_bytes() == before
    assert not worktree.commit("wrong.txt", "broken\n")


@pytest.mark.parametrize("folder", [".", "shop"])
def test_the_first_hook_of_a_worktree_or_submodule_works(
    repository: Repository, tmp_path: Path, folder: str
) -> None:
    repository.add(folder)
    repository.git("worktree", "add", "--quiet", str(tmp_path / "worktree"))
    outer = Repository(tmp_path / "outer", repository.environment)
    run("git", "init", "--quiet", str(outer.top), cwd=tmp_path)
    allow = ("-c", "protocol.file.allow=always")
    outer.git(*allow, "submodule", "--quiet", "add", str(repository.top), "inner")
    for top in (tmp_path / "worktree", outer.top / "inner"):
        inner = Repository(top, repository.environment)
        status, output = inner.install(top / folder)
        assert status == 0, output
        assert inner.commit(f"{folder}/fine.txt")
        assert not inner.commit(f"{folder}/wrong.txt", "broken\n")


def hooks_elsewhere(repository: Repository) -> str:
    repository.git("config", "core.hooksPath", "tools/hooks")
    return "core.hooksPath is tools/hooks: "


def hooks_off(repository: Repository) -> str:
    repository.git("config", "core.hooksPath", "/dev/null")
    return "core.hooksPath is /dev/null: "


def hooks_of_the_user(repository: Repository) -> str:
    config = repository.top.parent / "gitconfig"
    config.write_text("[core]\nhooksPath = ~/hooks\n")
    repository.environment["GIT_CONFIG_GLOBAL"] = str(config)
    return "core.hooksPath is ~/hooks: "


def no_folder_for_hooks(repository: Repository) -> str:
    shutil.rmtree(repository.hook.parent)
    repository.hook.parent.touch()
    return str(repository.hook.parent.relative_to(repository.top))


def no_repository(repository: Repository) -> str:
    shutil.rmtree(repository.top / ".git")
    return "fatal: not a git repository (or any of the parent directories): .git\n"


def owned_by_somebody_else(repository: Repository) -> str:
    repository.environment["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1"
    return "fatal: detected dubious ownership in repository at"


def a_repository_that_was_moved(repository: Repository) -> str:
    shutil.rmtree(repository.top / ".git")
    (repository.top / ".git").write_text("gitdir: /nowhere\n")
    return "fatal: not a git repository: /nowhere\n"


def an_invalid_configuration(repository: Repository) -> str:
    (repository.top / ".git/config").write_text("[core\n")
    return "fatal: bad config line 1 in file"


def no_git(repository: Repository) -> str:
    repository.environment["PATH"] = str(repository.top)
    return "No such file or directory: 'git'"


@pytest.mark.parametrize("folder", [".", "services/shop"])
@pytest.mark.parametrize(
    "prevent",
    [
        hooks_elsewhere,
        hooks_off,
        hooks_of_the_user,
        no_folder_for_hooks,
        no_repository,
        owned_by_somebody_else,
        a_repository_that_was_moved,
        an_invalid_configuration,
        no_git,
    ],
)
def test_it_says_why_there_is_no_hook(repository: Repository, folder: str, prevent: object) -> None:
    project = repository.add(folder)
    assert callable(prevent)
    reason = prevent(repository)
    status, output = repository.install(project)
    assert status
    assert reason in output
