# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.19,<10", "packaging>=25", "pyyaml>=6"]
# ///
"""`make update`: brings in what is new in the template, or changes an answer.

All of it happens or nothing: what fails half-way is taken back. Nothing is committed.
"""

import argparse
import os
import shlex
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from typing import Any

from copier import run_copy, run_update
from copier.errors import UnsafeTemplateError

from template import ANSWERS, Template, find, git, read_answers, refuse

STEPS = {
    "uv.lock and .venv: what pyproject.toml needs, your versions kept": "lock",
    "Settings, migrations, schema": "check",
    "Tests": "test",
}


def main() -> int:
    options = parse()
    require_project(clean=not options.check)
    with TemporaryDirectory() as folder:
        template = find(Path(folder, "template"), options.to, stay=bool(options.data))
        if options.to and not template.is_newer and template.target != template.current:
            refuse(f"{template.target} is older than {template.current}. There is no way back.")
        if not template.is_newer and not options.data:
            print(f"Up to date: the newest version is {template.target}.")
            return 0
        news = template.news()
        title = f"From {template.current} to {template.target}." if template.is_newer else ""
        print(title or f"Changing answers at {template.target}.", *news, sep="\n\n", flush=True)
        if options.check:
            print("\nTo bring it in: make update")
            return 0
        lost = update(template, options.data, trust=options.trust)
    return report(template, news, lost)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is new")
    parser.add_argument("--to", default="", help="a version of the template")
    parser.add_argument("--data", default="", help="answers to change: 'name=value name=value'")
    parser.add_argument("--trust", action="store_true", help="let the template run its migrations")
    options = parser.parse_args()
    pairs = shlex.split(options.data)
    if wrong := [pair for pair in pairs if "=" not in pair]:
        parser.error(f"DATA takes NAME=VALUE, and this is none: {' '.join(wrong)}")
    options.data = dict(pair.split("=", 1) for pair in pairs)
    return options


def require_project(*, clean: bool) -> None:
    """Refuse to begin where an update could not be told from other changes, or taken back."""
    try:
        changed = git("status", "--porcelain").splitlines()
    except subprocess.CalledProcessError:
        refuse("This is no Git repository. Run: git init && git add --all && git commit")
    if not ANSWERS.exists():
        refuse(f"There is no {ANSWERS} here, so that nobody knows what this was made from.")
    if changed and clean:
        refuse("Commit or stash these changes first:", *changed)


def update(template: Template, data: dict[str, str], *, trust: bool) -> list[str]:
    """Run Copier. Return the files that it deleted although the project had changed them."""
    before = read_answers()
    warnings.simplefilter("ignore")
    try:
        run_update(
            data=data,
            defaults=not sys.stdin.isatty(),
            overwrite=True,
            quiet=True,
            skip_answered=True,
            unsafe=trust,
            vcs_ref=template.target,
        )
        compare_answers(before, read_answers(), data, template)
    except UnsafeTemplateError:
        take_back()
        refuse(
            "This version moves files, and runs a script of the template for it, so that your",
            f"changes move along. Look at it: hooks/migrations in {before['_src_path']}.",
            "If you trust it: make update TRUST=yes",
        )
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # whatever it was, undo it
        take_back()
        refuse((str(error).strip() or type(error).__name__).splitlines()[-1])
    return edited_and_deleted(before, template)


def compare_answers(
    before: dict[str, Any], after: dict[str, Any], data: dict[str, str], template: Template
) -> None:
    """Raise ValueError where Copier would drop or replace an answer without a word."""
    if unknown := sorted(data.keys() - after.keys()):
        raise ValueError(f"There is no question {', '.join(unknown)} in {template.target}.")
    for name in before.keys() & after.keys() - data.keys():
        if name[0] != "_" and before[name] != after[name]:
            raise ValueError(
                f"{name}: {before[name]} is no answer in {template.target}. Choose one, such as:"
                f" make update TO={template.target} DATA={shlex.quote(f'{name}={after[name]}')}"
            )


def take_back() -> None:
    """Return to the last commit. The tree was clean, so that nothing of the project is lost."""
    git("reset", "--quiet", "--hard")
    git("clean", "--quiet", "-d", "--force")


def edited_and_deleted(before: dict[str, Any], template: Template) -> list[str]:
    """Return what is gone now, and was not as the template had made it."""
    deleted = git("diff", "--relative", "--name-only", "--diff-filter=D", "HEAD").splitlines()
    if not deleted:
        return []
    with TemporaryDirectory() as folder:
        answers = {name: before[name] for name in before if name[0] != "_"}
        source, version = before["_src_path"], template.current
        run_copy(source, folder, answers, vcs_ref=version, defaults=True, quiet=True)
        return [path for path in deleted if not is_same(Path(folder, path), path)]


def is_same(original: Path, path: str) -> bool:
    return original.exists() and original.read_text().rstrip() == git("show", f"HEAD:./{path}")


def report(template: Template, news: list[str], lost: list[str]) -> int:
    """Check what has come of it, as far as that is possible, and say what is left to do."""
    conflicts = find_conflicts()
    failed = "" if conflicts else first_that_fails()
    left = []
    if conflicts:
        files = "".join(f"\n       {path}" for path in conflicts)
        left.append(f"You and the template changed the same lines of these files:{files}")
        left.append("Find <<<<<<< in them, keep what is right, and run: make lock check test")
    if failed:
        left.append(f"`make {failed}` fails, as you see above: find out why.")
    left += [f"{path} is gone, and you had changed it: git show HEAD:./{path}" for path in lost]
    parts = [part.partition("\n\n") for text in news for part in text.split("\n### ")]
    asked = [text.strip() for title, _, text in parts if title == "Upgrading"]
    left += [f"Upgrading:\n{indent(text, '     ')}" for text in asked]
    left.append("Look at it: git diff HEAD (to go back: git reset --hard && git clean -d --force)")
    left.append(f"Keep it: git add --all && git commit --message 'Template {template.target}'")
    print("\nLeft to do:", *(f"  {n}. {text}" for n, text in enumerate(left, 1)), sep="\n")
    return int(bool(conflicts or failed))


def find_conflicts() -> list[str]:
    """Return the files with conflict markers, and the files with hunks that did not fit."""
    new = git("ls-files", "--others", "--exclude-standard").splitlines()
    if new:
        # From here on `git diff HEAD` shows them, too.
        git("add", "--intent-to-add", "--", *new)
    check = ["git", "diff", "--relative", "--check", "HEAD"]
    found = subprocess.run(check, capture_output=True, text=True, check=False).stdout
    marked = {line.split(":")[0] for line in found.splitlines() if line.endswith("conflict marker")}
    return sorted(marked) + git("ls-files", "--others", "*.rej").splitlines()


def first_that_fails() -> str:
    """Run what tells whether the project still works. Return the target that says it does not."""
    # This script's own environment is not the project's.
    environment = {name: os.environ[name] for name in os.environ if name != "VIRTUAL_ENV"}
    for title, target in STEPS.items():
        print(f"\n→ {title} (make {target})", flush=True)
        if subprocess.run(["make", target], env=environment, check=False).returncode:
            return target
    return ""


if __name__ == "__main__":
    sys.exit(main())
