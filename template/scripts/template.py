"""Where this project's template is, which versions it has, and what is new in them."""

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
# What Copier understands beside the URLs and paths that Git does.
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
        """Return the sections of the changelog that the project has not seen yet."""
        seen = sections(self.clone, self.current)
        return [text for text in sections(self.clone, self.target) if text not in seen]


def refuse(*lines: str) -> NoReturn:
    """End with a message, before anything has happened."""
    sys.exit("\n".join([*lines, "Nothing has been changed."]))


def git(
    *arguments: str,
    cwd: Path | None = None,
    stdin: str = "",
    environment: dict[str, str] | None = None,
) -> str:
    """Return what Git prints, of whatever bytes. Raises CalledProcessError when it fails."""
    command = ["git", *arguments]
    given = stdin.encode(errors="surrogateescape")
    process = subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, check=True, env=environment
    )
    return process.stdout.decode(errors="surrogateescape")


def forget_repository() -> None:
    """Let Git find the repository by the folder: `git rebase --exec` and hooks name one, and its index."""
    for name in git("rev-parse", "--local-env-vars").split():
        if not name.startswith("GIT_CONFIG"):
            os.environ.pop(name, None)


def read_answers(folder: Path = Path()) -> dict[str, Any]:
    """Return the answers that the project was made from, and where it was made from."""
    answers: dict[str, Any] = yaml.safe_load((folder / ANSWERS).read_text(encoding="utf-8"))
    return answers


def compare_answers(
    before: dict[str, Any], after: dict[str, Any], data: dict[str, str], template: Template
) -> None:
    """Refuse where Copier would drop or replace an answer without a word."""
    if unknown := sorted(data.keys() - after.keys()):
        refuse(f"Unknown question in {template.target}: {', '.join(unknown)}.")
    for name in before.keys() & after.keys() - data.keys():
        if name[0] != "_" and before[name] != after[name]:
            refuse(
                f"{name}: {before[name]} is no answer in {template.target}. Choose one, such as:"
                f" make update TO={template.target} DATA={shlex.quote(f'{name}={after[name]}')}"
            )


def find(clone: Path, to: str, *, stay: bool) -> Template:
    """Return the template, cloned, with the version that is wanted: the newest if none is named."""
    address, current = (str(read_answers().get(key, "")) for key in ("_src_path", "_commit"))
    if not current:
        refuse(f"{ANSWERS} names no version (_commit): the template was copied without history.")
    url = expand(address)
    if "://" not in url and "@" not in url and not Path(url).is_absolute():
        refuse(
            f"The template's address is the relative path {address}.",
            f"Make _src_path in {ANSWERS} a full path or a URL, commit, and run this again.",
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
    """Return the address as Git understands it."""
    for short, full in SHORT_FORMS.items():
        if address.startswith(short):
            return str(Path(address).expanduser()) if full == "~/" else full + address[len(short) :]
    return address


def has(clone: Path, version: str) -> bool:
    command = ["git", "rev-parse", "--verify", "--quiet", f"{version}^0"]
    return not subprocess.run(command, cwd=clone, capture_output=True, check=False).returncode


def newest(clone: Path) -> str:
    """Return the tag of the newest release, or the newest commit where there is no release."""
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
    """Return the parts of the changelog as of a version, one for each release."""
    try:
        text = git("show", f"{version}:CHANGELOG.md", cwd=clone)
    except subprocess.CalledProcessError:
        return []
    return [part.strip() for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]]
