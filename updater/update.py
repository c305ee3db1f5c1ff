"""`make update` in a project: updates it to a new version of the template, or changes an answer.

The project's `scripts/update.py` fetches the template, and runs this in the project's folder. Copier
works on a copy of the last commit. All of its changes are then written to the project, or none, and
nothing is committed. Files that Git does not track are neither changed nor deleted.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory
from textwrap import indent
from typing import Any, NamedTuple

from copier import run_copy, run_update
from copier.errors import UnsafeTemplateError

from updater.scratch import Change, Scratch, create
from updater.template import (
    ANSWERS,
    Template,
    compare_answers,
    find,
    git,
    read_answers,
    refuse,
)
from updater.writing import write

STEPS = {
    "uv.lock and .venv: what pyproject.toml needs, your versions kept": "lock",
    "Settings, migrations, schema": "check",
    "Tests": "test",
}
KINDS = "links, submodules or text that is not UTF-8"


class Outcome(NamedTuple):
    """The files that need work after an update."""

    conflicts: list[str]
    lost: list[str]
    left: list[str]


def main(clone: Path, url: str) -> int:
    """Update the project in this folder from a bare clone of its template. Return the exit status."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) == signal.SIG_DFL:
            signal.signal(each, interrupt)
    options = parse()
    require_project(clean=not options.check)
    template = find(clone, url, options.to, stay=bool(options.data))
    if options.to and not template.is_newer and template.target != template.current:
        refuse(f"{template.target} is older than {template.current}. Use Git to go back.")
    if not template.is_newer and not options.data:
        print(f"Up to date: the newest version is {template.target}.")
        return 0
    news = template.news()
    title = f"From {template.current} to {template.target}." if template.is_newer else ""
    print(title or f"Changing answers at {template.target}.", *news, sep="\n\n", flush=True)
    if options.check:
        print("\nTo bring it in: make update")
        return 0
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        outcome = update(template, options, Path(folder))
    return report(template, news, outcome)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only show what is new")
    parser.add_argument("--to", default="", help="a version of the template")
    parser.add_argument("--data", default="", help="answers to change: 'name=value name=value'")
    parser.add_argument("--trust", action="store_true", help="run the migrations of the template")
    options = parser.parse_args()
    pairs = shlex.split(options.data)
    if wrong := [pair for pair in pairs if "=" not in pair]:
        parser.error(f"DATA takes NAME=VALUE, not: {' '.join(wrong)}")
    options.data = dict(pair.split("=", 1) for pair in pairs)
    return options


def require_project(*, clean: bool) -> None:
    """Refuse to start if an update could be neither distinguished from other changes nor undone."""
    try:
        changed = git(
            "-c",
            "core.quotePath=off",
            "-c",
            "core.fsmonitor=false",
            "--no-optional-locks",
            "status",
            "--porcelain",
            "--untracked-files=normal",
            "--ignore-submodules=dirty",
            "--",
            ".",
        ).splitlines()
    except CalledProcessError as error:
        here = Path.cwd()
        known = any(os.path.lexists(each / ".git") for each in (here, *here.parents))
        hint = [] if known else ["If there is none yet: git init && git add --all && git commit"]
        refuse(reason(error), *hint)
    if changed and clean:
        refuse("Commit or stash these changes first:", *changed)


def update(template: Template, options: argparse.Namespace, home: Path) -> Outcome:
    """Run Copier on a copy of the project, then write its changes to the project."""
    try:
        scratch = create(home, template)
        with scratch.for_copier():
            return run(scratch, template, options)
    except UnsafeTemplateError:
        refuse(
            "This version moves files, and runs a script of the template that moves your changes, too.",
            f"Read the script: hooks/migrations in {read_answers()['_src_path']}.",
            "If you trust it: make update TRUST=yes",
        )
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # every error ends the update
        refuse(reason(error))


def reason(error: BaseException) -> str:
    """Return what Git has said, or the last line of another error, which is the informative one."""
    said = error.stderr.decode(errors="replace") if isinstance(error, CalledProcessError) else ""
    return said.strip() or (str(error).strip() or type(error).__name__).splitlines()[-1]


def run(scratch: Scratch, template: Template, options: argparse.Namespace) -> Outcome:
    if not (scratch.folder / ANSWERS).exists():
        refuse(f"Commit {ANSWERS} first: an update starts from what is committed.")
    before = read_answers(scratch.folder)
    warnings.simplefilter("ignore")
    worker = run_update(
        scratch.folder,
        data=options.data,
        defaults=not sys.stdin.isatty(),
        overwrite=True,
        quiet=True,
        skip_answered=True,
        unsafe=options.trust,
        vcs_ref=template.target,
    )
    compare_answers(before, read_answers(scratch.folder), options.data, template)
    return bring_in(scratch, worker.match_skip, before, template)


def bring_in(
    scratch: Scratch, is_own: Callable[[Path], bool], before: dict[str, Any], template: Template
) -> Outcome:
    """Write the changes, except in files that Copier cannot merge or that belong to the project."""
    unmerged, found = scratch.unmerged(), scratch.changes()
    changes = [change for change in found if not stays_as_it_is(change, scratch, is_own)]
    unmerged = [stage for stage in unmerged if stage.partition("\t")[2] in {*names(changes)}]
    conflicts = sorted(change.path for change in changes if scratch.has_conflict(change))
    deleted = [change for change in changes if not change.stays]
    lost, left = [], sorted({*scratch.left_out} & {*names(found)})
    if deleted or scratch.left_out:
        original = scratch.folder.parent / "original"
        answers = {name: before[name] for name in before if name[0] != "_"}
        source, version = before["_src_path"], template.current
        run_copy(source, original, answers, vcs_ref=version, defaults=True, quiet=True)
        lost = [each.path for each in deleted if not scratch.is_same(original, each)]
        left = sorted({*left, *(path for path in scratch.left_out if (original / path).exists())})
    write(scratch, changes, unmerged)
    return Outcome(conflicts, lost, left)


def names(changes: list[Change]) -> list[str]:
    return [change.path for change in changes]


def stays_as_it_is(change: Change, scratch: Scratch, is_own: Callable[[Path], bool]) -> bool:
    """Tell whether an update must not write this file, or anything in its folder."""
    path = Path(change.path)
    if not change.was and os.path.lexists(path) and is_own(path):
        return True
    return not {str(each) for each in (path, *path.parents)}.isdisjoint(scratch.left_out)


def report(template: Template, news: list[str], outcome: Outcome) -> int:
    """Check the result, unless it has conflicts, and print what is left to do."""
    failed = "" if outcome.conflicts else first_that_fails()
    left = []
    if outcome.conflicts:
        files = "".join(f"\n       {path}" for path in outcome.conflicts)
        left.append(f"You and the template changed the same lines of these files:{files}")
        left.append("Find <<<<<<< in them, keep what is right, and run: make lock check test")
    if failed:
        left.append(f"`make {failed}` fails, as you see above: find out why.")
    left += [
        f"{path} is gone, and you had changed it: git show HEAD:./{path}" for path in outcome.lost
    ]
    left += [f"{path} is unchanged: an update does not change {KINDS}." for path in outcome.left]
    parts = [part.partition("\n\n") for text in news for part in text.split("\n### ")]
    asked = [text.strip() for title, _, text in parts if title == "Upgrading"]
    left += [f"Upgrading:\n{indent(text, '     ')}" for text in asked]
    here, back = way_back()
    left.append(f"Look at it: git diff HEAD{here} (to go back: git add --update . && {back})")
    commit = f"git add --all{here} && git commit --message 'Template {template.target}'{here}"
    left.append(f"Keep it: {commit}")
    print("\nLeft to do:", *(f"  {n}. {text}" for n, text in enumerate(left, 1)), sep="\n")
    return int(bool(outcome.conflicts or failed))


def way_back() -> tuple[str, str]:
    """Return what limits Git's commands to the project, and the command that undoes the update.

    A stash would also hold what is staged in the rest of a larger repository.
    """
    if not git("rev-parse", "--show-prefix").strip():
        return "", "git stash push ."
    patch = shlex.quote(git("rev-parse", "--git-path", "update.patch").rstrip("\n"))
    save = f"git diff-index --patch --binary --cached HEAD . > {patch}"
    return " .", f"{save} && git restore --staged --worktree ."


def first_that_fails() -> str:
    """Run the targets that check the project. Return the first one that fails."""
    # This script's own environment is not the project's.
    environment = {name: os.environ[name] for name in os.environ if name != "VIRTUAL_ENV"}
    for title, target in STEPS.items():
        print(f"\n→ {title} (make {target})", flush=True)
        try:
            if subprocess.run(["make", target], env=environment, check=False).returncode:
                return target
        except KeyboardInterrupt:
            # The update is complete, so the list of what is left to do is still needed.
            return target
    return ""


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt
