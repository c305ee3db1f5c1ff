"""The copy of the project in which Copier works, isolated from the user's files and settings."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from plumbum import local

from updater.template import Template, git, refuse

# Git's defaults, plus the identity that commits need.
CONFIG = f"""\
[core]
    attributesFile = {os.devnull}
    excludesFile = {os.devnull}
    hooksPath = {os.devnull}
[gc]
    auto = 0
[safe]
    directory = *
[user]
    name = make update
    email = update@localhost
"""
# Files are byte for byte as committed, regardless of the project's own .gitattributes.
ATTRIBUTES = "* -text !eol -filter -ident !working-tree-encoding !diff\n"
MARKER = b"<<<<<<< before updating"


class Change(NamedTuple):
    """A change of a file, in the format of `git diff-index --raw`."""

    old_mode: str
    mode: str
    old: str
    new: str
    status: str
    path: str

    @property
    def was(self) -> bool:
        return self.status != "A"

    @property
    def stays(self) -> bool:
        return self.status != "D"


@dataclass
class Scratch:
    """A repository with one commit: the project's folder, as of its last commit."""

    folder: Path
    environment: dict[str, str]
    tree: str
    # Links, submodules and text that is not UTF-8. Copier follows links, and fails on such text.
    left_out: list[str] = field(default_factory=list)

    def git(self, *arguments: str, stdin: str = "") -> str:
        return git(*arguments, cwd=self.folder, stdin=stdin, environment=self.environment)

    @property
    def objects(self) -> Path:
        return self.folder / ".git" / "objects"

    @contextmanager
    def for_copier(self) -> Iterator[None]:
        """Run Copier's commands in the environment of this repository."""
        with local.env():
            local.env.clear()
            local.env.update(self.environment)
            yield

    def leave_out(self, paths: list[str]) -> None:
        listed = "".join(f"{path}\0" for path in paths)
        self.git("update-index", "--force-remove", "-z", "--stdin", stdin=listed)
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)
        self.left_out += paths

    def unmerged(self) -> list[str]:
        """Return the index stages of files with conflicts, in the format of `git update-index`."""
        return listed(self.git("ls-files", "--unmerged", "-z"))

    def changes(self) -> list[Change]:
        self.git("add", "--all", "--force", ".")
        compare = ("diff-index", "--cached", "--no-renames", "-z", "HEAD")
        fields = listed(self.git(*compare, "--raw", "--no-abbrev"))
        pairs = zip(fields[::2], fields[1::2], strict=True)
        changes = [Change._make([*change[1:].split(), path]) for change, path in pairs]
        # Copier cannot merge binary files: it replaces them with the template's.
        numbers = [line.split("\t") for line in listed(self.git(*compare, "--numstat"))]
        binary = {path for added, _, path in numbers if added == "-"}
        self.left_out += [
            each.path for each in changes if each.status == "M" and each.path in binary
        ]
        return changes

    def has_conflict(self, change: Change) -> bool:
        path = self.folder / change.path
        lines = path.read_bytes().splitlines() if change.stays else []
        return MARKER in lines or path.suffix == ".rej"

    def is_same(self, original: Path, change: Change) -> bool:
        """Tell whether the project had not changed the file."""
        path = original / change.path
        before = self.git("cat-file", "blob", change.old).encode(errors="surrogateescape")
        return path.is_file() and path.read_bytes() == before


def create(home: Path, template: Template) -> Scratch:
    """Return a scratch repository of the project in this folder."""
    folder = home / "scratch"
    folder.mkdir()
    scratch = Scratch(folder, neutral(home, template), git("rev-parse", "HEAD:./").strip())
    scratch.git("init", "--quiet")
    objects = Path(git("rev-parse", "--git-path", "objects").rstrip("\n")).resolve()
    (scratch.objects / "info" / "alternates").write_bytes(os.fsencode(objects) + b"\n")
    scratch.git("read-tree", scratch.tree)
    entries = [line.split("\t", 1) for line in listed(scratch.git("ls-files", "--stage", "-z"))]
    scratch.leave_out([path for mode, path in entries if mode[:3] != "100" or not is_utf8(path)])
    scratch.git("checkout-index", "--all", "--index")
    files = listed(scratch.git("ls-files", "-z"))
    scratch.leave_out([path for path in files if is_foreign((folder / path).read_bytes())])
    scratch.git("commit", "--quiet", "--allow-empty", "--message", "The project")
    return scratch


def neutral(home: Path, template: Template) -> dict[str, str]:
    """Return an environment in which Git ignores the user's settings, and finds the template."""
    # Older ones ignore GIT_CONFIG_GLOBAL.
    version = git("version").strip()
    number = re.search(r"(\d+)\.(\d+)", version)
    if number and (int(number[1]), int(number[2])) < (2, 32):
        refuse(f"make update needs Git 2.32 or newer, and this is {version}.")
    attributes = home / "git" / "info" / "attributes"
    attributes.parent.mkdir(parents=True)
    attributes.write_text(ATTRIBUTES)
    config = home / "gitconfig"
    config.write_text(CONFIG)
    if "://" in template.url or "@" in template.url:
        # Access to the URL may need the user's settings, such as a password: use the clone instead.
        name = f"url.{template.clone.with_suffix('')}.insteadOf"
        git("config", "--file", str(config), name, template.url.removesuffix(".git"))
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("GIT_")}
    return kept | {
        "COPIER_CACHE_DIR": str(home / "copier"),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DEFAULT_HASH": git("rev-parse", "--show-object-format").strip(),
        "GIT_TEMPLATE_DIR": str(home / "git"),
    }


def listed(output: str) -> list[str]:
    return output.split("\0")[:-1]


def is_utf8(path: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in path)


def is_foreign(content: bytes) -> bool:
    """Tell whether Git treats the content as text, although it is not UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return b"\0" not in content[:8000]
    return False
