"""The template through time: its releases, the working tree as the newest one, and what may follow."""

import os
import re
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from copier import run_copy, run_update

from tests.environments import path_with_uv
from tests.projects import ROOT, Copies, copy_working_tree, files_of_repository, run

RELEASES: dict[str, str] = tomllib.loads((ROOT / "tests/releases.toml").read_text())
CURRENT = "v999.0.0"
NEXT = "v1000.0.0"
VERSIONS = [f"v{version}" for version in RELEASES]
# Most tests of updates begin from the first release and the last two, and from the working tree.
STARTS = sorted({VERSIONS[0], *VERSIONS[-2:]}, key=VERSIONS.index)
# The versions whose renderings tests share: they are the same in every copy of the history.
SHARED = {CURRENT, *VERSIONS}
Edit = Callable[[str], str]


def rebuild_history(target: Path) -> Path:
    """Return `target` as a clone with a tag for each release, and one for the working tree."""
    run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target), cwd=ROOT)
    for tag in run("git", "tag", cwd=target).split():
        run("git", "tag", "--delete", tag, cwd=target)
    for version, made_in in RELEASES.items():
        run("git", "tag", f"v{version}", made_in, cwd=target)
    run("git", "rm", "-r", "--quiet", ".", cwd=target)
    copy_working_tree(target, tuple({path.parts[0] for path in files_of_repository()}))
    commit(target, "The working tree")
    run("git", "tag", CURRENT, cwd=target)
    return target


def commit(repository: Path, message: str) -> None:
    run("git", "add", "--all", cwd=repository)
    run("git", "commit", "--quiet", "--no-verify", "--allow-empty", "-m", message, cwd=repository)


def instead(old: str, new: str) -> Edit:
    """Return an edit that replaces the first `old` of a file."""
    return lambda text: text.replace(old, new, 1)


def release_next(template: Path, edits: dict[str, Edit | None], version: str = NEXT) -> None:
    """Release a version of the template with some files edited, made anew, or deleted.

    A file may have got conditions since, and so another suffix.
    """
    for name, edit in edits.items():
        path = template / f"{name}.jinja"
        path = path if path.exists() else template / name
        if edit is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if path.exists() else ""
        path.write_text(edit(before))
        assert path.read_text() != before, f"{name}: the edit found nothing to change"
    commit(template, f"Release {version}")
    run("git", "tag", version, cwd=template)


@dataclass
class Project:
    """A project under Git that was copied from a version of the template."""

    template: Path
    folder: Path
    # Those that tests of one run share.
    copies: ClassVar[Copies | None] = None

    @classmethod
    def copy(
        cls, template: Path, folder: Path, version: str = CURRENT, **answers: Any
    ) -> "Project":
        shared = cls.copies if version in SHARED else None
        key = shared and shared.key(
            run("git", "rev-parse", version, cwd=template), version, answers
        )
        if shared and key and shared.take(key, folder):
            # What it is a copy of has another address than this template.
            record = folder / ".copier-answers.yml"
            text = re.sub(r"(?m)^_src_path: .*$", f"_src_path: {template}", record.read_text())
            record.write_text(text)
        else:
            # `unsafe` is not given: a template that wants to run code is refused, here and later.
            run_copy(
                str(template), folder, data=answers, defaults=True, vcs_ref=version, quiet=True
            )
            if shared and key:
                shared.keep(key, folder)
        run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
        commit(folder, "Start from the template")
        return cls(template, folder)

    def update(self, version: str = CURRENT, *, trust: bool = False, **answers: Any) -> None:
        """Update as Copier does it by itself. Raises what it raises."""
        run_update(
            self.folder,
            data=answers,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=trust,
            vcs_ref=version,
        )

    def conflicts(self) -> list[str]:
        """Return the files with conflicts, and the files of hunks that did not fit."""
        unmerged = self.git("diff", "--name-only", "--diff-filter=U").split()
        return unmerged + [path.name for path in self.folder.rglob("*.rej")]

    def changes(self) -> str:
        return self.git("status", "--porcelain")

    def git(self, *arguments: str) -> str:
        return run("git", *arguments, cwd=self.folder)

    def make(self, target: str, *variables: str) -> str:
        """Return what a make target prints. Fails the test when the target fails."""
        return run("make", target, *variables, cwd=self.folder, PATH=path_with_uv())

    def commit(self, message: str) -> None:
        commit(self.folder, message)

    def files(self) -> dict[str, bytes]:
        """Return the project's files by their paths, without Git's and those of its environment."""
        found = {}
        for folder, folders, names in os.walk(self.folder):
            folders[:] = sorted({*folders} - {".git", ".venv", "__pycache__"})
            for path in (Path(folder, name) for name in sorted(names)):
                found[str(path.relative_to(self.folder))] = path.read_bytes()
        return found

    def remove(self) -> None:
        shutil.rmtree(self.folder)
