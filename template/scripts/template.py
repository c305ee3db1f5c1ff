"""The template of this project, its versions, and its changelog."""

import os
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
# Copier's abbreviations, besides the URLs and paths that Git understands.
SHORT_FORMS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": "", "~/": "~/"}


@dataclass
class Template:
    """A bare clone of the template, and the versions to update from and to."""

    clone: Path
    url: str
    current: str
    target: str

    @property
    def is_newer(self) -> bool:
        command = ["git", "merge-base", "--is-ancestor", self.target, self.current]
        return bool(subprocess.run(command, cwd=self.clone, check=False).returncode)

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


def forget_repository() -> None:
    """Make Git find the repository from the folder: hooks and `git rebase --exec` set variables."""
    for name in git("rev-parse", "--local-env-vars").split():
        if not name.startswith("GIT_CONFIG"):
            os.environ.pop(name, None)


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


def find(clone: Path, to: str, *, stay: bool) -> Template:
    """Clone the template. Return it with the given version, or with the newest one."""
    address, current = (str(read_answers().get(key, "")) for key in ("_src_path", "_commit"))
    if not current:
        refuse(f"{ANSWERS} has no version (_commit): the template was copied without its history.")
    url = expand(address)
    if "://" not in url and "@" not in url and not Path(url).is_absolute():
        refuse(
            f"The template's URL is the relative path {address}.",
            f"Set _src_path in {ANSWERS} to a full path or a URL, commit, and run this again.",
        )
    try:
        git("clone", "--quiet", "--bare", url, str(clone))
    except subprocess.CalledProcessError as error:
        refuse(
            f"Cannot fetch the template from {address}:",
            *error.stderr.decode(errors="replace").strip().splitlines()[-1:],
            f"If it has moved: correct _src_path in {ANSWERS}, commit, and run this again.",
        )
    target = to or (current if stay else newest(clone))
    for version in (current, target):
        if not has(clone, version):
            refuse(f"The template at {address} has no version {version}.")
    return Template(clone, url, current, target)


def expand(address: str) -> str:
    """Return the URL in a form that Git understands."""
    for short, full in SHORT_FORMS.items():
        if address.startswith(short):
            return str(Path(address).expanduser()) if full == "~/" else full + address[len(short) :]
    return address


def has(clone: Path, version: str) -> bool:
    command = ["git", "rev-parse", "--verify", "--quiet", f"{version}^0"]
    return not subprocess.run(command, cwd=clone, capture_output=True, check=False).returncode


def newest(clone: Path) -> str:
    """Return the tag of the newest release, or the newest commit if there is no release."""
    released = {}
    for tag in git("tag", cwd=clone).split():
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            released[version] = tag
    return released[max(released)] if released else git("rev-parse", "HEAD", cwd=clone).strip()


def sections(clone: Path, version: str) -> list[str]:
    """Return the sections of a version's changelog, one for each release."""
    try:
        text = git("show", f"{version}:CHANGELOG.md", cwd=clone)
    except subprocess.CalledProcessError:
        return []
    return [part.strip() for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]]
