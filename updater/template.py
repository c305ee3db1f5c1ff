"""The template of the project, its versions, and its changelog."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from packaging.version import InvalidVersion, Version

ANSWERS = Path(".copier-answers.yml")


@dataclass
class Template:
    """A bare clone of the template, and the versions to update from and to."""

    clone: Path
    url: str
    current: str
    target: str

    @property
    def is_newer(self) -> bool:
        compare = ["merge-base", "--is-ancestor", self.target, self.current]
        command = ["git", git_dir(self.clone), *compare]
        return bool(subprocess.run(command, check=False).returncode)

    def news(self) -> list[str]:
        """Return the sections of the changelog that are new to the project."""
        seen = sections(self.clone, self.current)
        return [text for text in sections(self.clone, self.target) if text not in seen]


def refuse(*lines: str) -> NoReturn:
    """Exit with a message, before anything has changed."""
    sys.exit("\n".join([*lines, "Nothing has been changed."]))


def git(
    *arguments: str,
    cwd: Path | None = None,
    stdin: str = "",
    environment: dict[str, str] | None = None,
) -> str:
    """Return the output of Git, which may be any bytes. Raises CalledProcessError when it fails."""
    command = ["git", *arguments]
    given = stdin.encode(errors="surrogateescape")
    process = subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, check=True, env=environment
    )
    return process.stdout.decode(errors="surrogateescape")


def git_dir(clone: Path) -> str:
    """Name the clone: Git may be configured to find no bare repository (safe.bareRepository)."""
    return f"--git-dir={clone}"


def read_answers(folder: Path = Path()) -> dict[str, Any]:
    """Return the project's answers, with the URL and the version of its template."""
    answers: dict[str, Any] = yaml.safe_load((folder / ANSWERS).read_text(encoding="utf-8"))
    return answers


def compare_answers(
    before: dict[str, Any], after: dict[str, Any], data: dict[str, str], template: Template
) -> None:
    """Stop if Copier has silently dropped or replaced an answer."""
    if unknown := sorted(data.keys() - after.keys()):
        refuse(f"Unknown question in {template.target}: {', '.join(unknown)}.")
    for name in before.keys() & after.keys() - data.keys():
        if name[0] != "_" and before[name] != after[name]:
            refuse(
                f"{name}: {before[name]} is not valid in {template.target}. Choose another, such as:"
                f" make update TO={template.target} DATA={shlex.quote(f'{name}={after[name]}')}"
            )


def find(clone: Path, url: str, to: str, *, stay: bool) -> Template:
    """Return the cloned template with the given version, or with the newest one."""
    current = str(read_answers()["_commit"])
    target = to or (current if stay else newest(clone))
    if not has(clone, target):
        refuse(f"The template at {url} has no version {target}.")
    return Template(clone, url, current, target)


def has(clone: Path, version: str) -> bool:
    command = ["git", git_dir(clone), "rev-parse", "--verify", "--quiet", f"{version}^0"]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def newest(clone: Path) -> str:
    """Return the tag of the newest release, or the newest commit if there is no release."""
    released = {}
    for tag in git(git_dir(clone), "tag").split():
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            released[version] = tag
    return released[max(released)] if released else git(git_dir(clone), "rev-parse", "HEAD").strip()


def sections(clone: Path, version: str) -> list[str]:
    """Return the sections of a version's changelog, one for each release."""
    try:
        text = git(git_dir(clone), "show", f"{version}:CHANGELOG.md")
    except subprocess.CalledProcessError:
        return []
    return [part.strip() for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]]
