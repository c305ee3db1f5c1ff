"""An update loses nothing: whatever Git's configuration says, and wherever the update ends.

The template is a small one, made here: what is tested is how its changes get into a project.
"""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree, rmtree, which
from typing import Any

import pytest
from copier import run_copy

from tests.history import commit
from tests.projects import ENVIRONMENT, ROOT, run

SCRIPT = ROOT / "template/scripts/update.py"
LINES = [f"line {number}" for number in range(1, 21)]
UPDATER = {f"updater/{path.name}": path.read_text() for path in (ROOT / "updater").glob("*.py")}
V1 = {
    **UPDATER,
    "copier.yml": "_exclude: [copier.yml, updater, .git]\n_skip_if_exists: [own.txt]\nkind:\n  type: str\n  choices: [plain, fancy]\n  default: plain\n",
    "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_nice_yaml }}",
    "Makefile": "lock check test:\n\t@:\n",
    ".gitignore": "*.log\nown.txt\ncache/\n",
    "merged.py": "\n".join(LINES) + "\n",
    "both.txt": "theirs\n",
    "old/gone.txt": "of the template\n",
    "old/edited.txt": "of the template\n",
    "tool.sh": "#!/bin/sh\n",
    "own.txt": "of the template\n",
}
V2 = {
    "merged.py": V1["merged.py"].replace("line 2\n", "line two\n"),
    "both.txt": "theirs, changed\n",
    "old/gone.txt": None,
    "old/edited.txt": None,
    "tool.sh": "#!/bin/sh\nexit 0\n",
    "new/fresh.txt": "new\n",
    "new/tool.sh": "#!/bin/sh\n",
    "own.txt": "of the template, changed\n",
}
EDITED = V1["merged.py"].replace("line 19\n", "line 19, ours \n")
# Nothing that Git tracks, so that nobody gets it back.
PRECIOUS = {
    "notes.log": "mine\n",
    "own.txt": "mine\r\n",
    "cache/deep/result": "mine\0",
    "old/run.log": "mine\n",
    "new.log": "mine\n",
}
# `make update` tells the index of new files when all files are written.
WRITTEN = "--intent-to-add"


def write(folder: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(text.encode())


@dataclass
class Updated:
    """A project of the small template, under Git, with what somebody has made of it."""

    top: Path
    template: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def git(self, *arguments: str) -> str:
        return run("git", *arguments, cwd=self.folder)

    def begin(self, name: str) -> None:
        for configure in CONFIGURATIONS[name]:
            configure(self)

    def configure(self, **values: str) -> None:
        for name, value in values.items():
            self.git("config", name.replace("__", "."), value)

    def commit(self) -> None:
        commit(self.folder, "Make it ours")

    def check_out_again(self) -> None:
        """Let Git write the files as its configuration says now."""
        for name in self.git("ls-files").split():
            (self.folder / name).unlink()
        self.git("checkout", "--quiet", "--", ".")

    def release(self, edits: dict[str, str | None]) -> None:
        write(self.template, edits)
        commit(self.template, "Release")
        run("git", "tag", "v3.0.0", cwd=self.template)

    def intercept(self, command: str, script: str) -> None:
        """Run a script before a command of Git, by what stands before Git on PATH."""
        fake = self.top / "bin" / "git"
        fake.parent.mkdir()
        lines = ["#!/bin/sh", f'case "$*" in *{command}*) {script};; esac']
        fake.write_text("\n".join([*lines, f'exec {which("git")} "$@"\n']))
        fake.chmod(0o755)
        self.environment["PATH"] = f"{fake.parent}:{ENVIRONMENT['PATH']}"

    def update(self, *arguments: str) -> tuple[int, str]:
        process = subprocess.run(
            [sys.executable, SCRIPT, *arguments],
            cwd=self.folder,
            env={**ENVIRONMENT, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=120,
        )
        return process.returncode, process.stdout

    def state(self) -> dict[str, Any]:
        """Return all that there is in and around the project, and what Git has noted of it."""
        found: dict[str, Any] = {}
        for path in sorted(self.top.joinpath("place").rglob("*")):
            name = str(path.relative_to(self.top))
            if path.is_symlink():
                found[name] = path.readlink()
            elif path.is_dir() and ".git" not in path.parts:
                found[name] = "folder"
            elif path.is_file() and ".git" not in path.parts:
                found[name] = (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        entries = self.git("ls-files", "--stage", "-v", "-t", "--full-name", ":/")
        return found | {"index": entries, "head": self.git("rev-parse", "HEAD")}

    def read(self, name: str) -> str:
        """Return a file's text, whatever its line ends are, and without the filter's quotes."""
        return re.sub("^> ", "", (self.folder / name).read_text(), flags=re.MULTILINE)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a template of two versions, and a project of the first. Only to read."""
    top = tmp_path_factory.mktemp("safety")
    template = top / "template"
    write(template, V1)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=template)
    commit(template, "Release")
    run("git", "tag", "v1.0.0", cwd=template)
    write(template, V2)
    (template / "new/tool.sh").chmod(0o755)
    (template / "tool.sh").chmod(0o755)
    commit(template, "Release")
    run("git", "tag", "v2.0.0", cwd=template)
    project = top / "place" / "project"
    run_copy(str(template), project, defaults=True, vcs_ref="v1.0.0", quiet=True)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=project)
    commit(project, "Start from the template")
    return top


@pytest.fixture
def project(first: Path, tmp_path: Path) -> Updated:
    """Return a project that somebody has worked in, and that has files that Git ignores."""
    top = Path(copytree(first, tmp_path / "top", symlinks=True))
    project = Updated(top, top / "template", top / "place" / "project")
    answers = project.folder / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(first), str(top)))
    write(project.folder, {"merged.py": EDITED, "both.txt": "ours\n", "old/edited.txt": "ours\n"})
    project.commit()
    write(project.folder, PRECIOUS)
    (project.folder / "merged.py").chmod(0o640)
    return project


@pytest.mark.parametrize("version", ["2.31.9", "2.9.0.windows.1", "1.8.3.1"])
def test_an_old_git_is_refused(project: Updated, version: str) -> None:
    """It would ignore GIT_CONFIG_GLOBAL, and so commit with the user's configuration."""
    project.intercept("version", f"echo git version {version}; exit")
    before = project.state()
    status, output = project.update()
    assert status
    assert f"make update needs Git 2.32 or newer, and this is git version {version}." in output
    assert project.state() == before


# ------------------------------------------------------------------ how Git may be configured
def nothing(_: Updated) -> None:
    """Leave Git as it is on a machine where nobody has configured it."""


def untracked_files_hidden(project: Updated) -> None:
    project.configure(status__showUntrackedFiles="no")


def windows_line_ends(project: Updated) -> None:
    project.configure(core__autocrlf="true", core__safecrlf="true")
    project.check_out_again()


def line_ends_by_attribute(project: Updated) -> None:
    write(project.folder, {".gitattributes": "* text eol=crlf\n*.sh eol=lf\n"})
    project.commit()
    project.check_out_again()


def no_modes(project: Updated) -> None:
    project.configure(core__fileMode="false")


def whitespace_refused(project: Updated) -> None:
    write(project.folder, {".gitattributes": "* whitespace=trailing-space,tab-in-indent\n"})
    project.commit()
    project.configure(apply__whitespace="error-all", apply__ignoreWhitespace="change")


def filtered(project: Updated) -> None:
    """Show files otherwise than they are committed, as programs that encrypt or store them do."""
    write(project.folder, {".gitattributes": "merged.py filter=quote\nnew/* filter=quote ident\n"})
    project.configure(filter__quote__clean="sed 's/^> //'", filter__quote__required="true")
    project.configure(filter__quote__smudge="sed 's/^/> /'")
    project.commit()
    project.check_out_again()


def nothing_is_a_text(project: Updated) -> None:
    write(project.folder, {".gitattributes": "* binary\n"})
    project.commit()
    attributes = project.top / "attributes"
    attributes.write_text("* -diff -merge -text\n")
    project.configure(core__attributesFile=str(attributes))


def dirty_submodule(project: Updated) -> None:
    library = project.top / "library"
    write(library, {"code.py": "code\n"})
    run("git", "init", "--quiet", cwd=library)
    commit(library, "Library")
    project.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "library"
    )
    project.commit()
    write(project.folder, {"library/code.py": "mine\n", "library/notes.txt": "mine\n"})


def overlooked_files(project: Updated) -> None:
    write(project.folder, {"local.txt": "theirs\n", "sparse.txt": "theirs\n"})
    project.commit()
    project.git("update-index", "--assume-unchanged", "local.txt", "merged.py")
    project.git("update-index", "--skip-worktree", "sparse.txt", "both.txt")
    write(project.folder, {"local.txt": "mine\n", "sparse.txt": None})


def another_repository_in_the_environment(project: Updated) -> None:
    other = project.top / "place" / "other"
    write(other, {"file.txt": "mine\n"})
    run("git", "init", "--quiet", cwd=other)
    commit(other, "Mine")
    write(other, {"file.txt": "mine, and not committed\n", "notes.txt": "mine\n"})
    project.environment |= {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
    }


def hooks_and_signatures(project: Updated) -> None:
    hooks = project.top / "hooks"
    for name in ("pre-commit", "commit-msg", "post-checkout", "post-index-change", "post-commit"):
        write(hooks, {name: "#!/bin/sh\necho overwritten > notes.log\nexit 1\n"})
        (hooks / name).chmod(0o755)
    configuration = project.top / "gitconfig"
    lines = (
        f"[core]\nhooksPath = {hooks}\n[commit]\ngpgSign = true\n[gpg]\nprogram = false\n"
        f"[init]\ntemplateDir = {hooks}\ndefaultObjectFormat = sha256\n"
    )
    configuration.write_text(lines)
    project.environment["GIT_CONFIG_GLOBAL"] = str(configuration)


def ways_to_show_things(project: Updated) -> None:
    project.configure(color__ui="always", diff__noprefix="true", diff__external="false")
    project.configure(core__quotePath="false", status__short="true", status__branch="true")
    project.configure(diff__relative="true", diff__ignoreSubmodules="all", core__pager="false")
    project.configure(merge__conflictStyle="diff3", status__relativePaths="false")
    write(project.folder, {'odd "name" ü\\.txt': "mine\n"})
    project.commit()


def everything_is_ignored(project: Updated) -> None:
    ignored = project.top / "ignored"
    ignored.write_text("*\n")
    project.configure(core__excludesFile=str(ignored))


def an_index_of_its_own_kind(project: Updated) -> None:
    monitor = project.top / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    monitor.chmod(0o755)
    project.configure(core__fsmonitor=str(monitor), core__untrackedCache="true")
    project.configure(core__splitIndex="true", core__ignoreStat="true")
    project.git("update-index", "--split-index", "--refresh")
    project.git("status")


def links_and_foreign_texts(project: Updated) -> None:
    write(project.top / "place", {"outside.txt": "mine\n"})
    (project.folder / "outside").symlink_to("../outside.txt")
    (project.folder / "folder").symlink_to(project.top / "place")
    (project.folder / "latin.txt").write_bytes("Zoë\n".encode("latin-1"))
    (project.folder / os.fsdecode(b"Zo\xeb.txt")).write_text("mine\n")
    write(project.folder, {"picture.png": "\0\1\2"})
    project.commit()


def a_part_of_a_larger_repository(project: Updated) -> None:
    place = project.folder.parent
    (project.folder / ".git").rename(place / ".git")
    write(
        place,
        {"other/code.py": "theirs\n", "new/fresh.txt": "theirs\n", "old/gone.txt": "theirs\n"},
    )
    commit(place, "One of many")
    write(
        place,
        {"other/notes.log": "mine\n", ".git/info/exclude": "*.log\nhidden\n", "hidden": "mine\n"},
    )


def changes_in_the_rest_of_it(project: Updated) -> None:
    """Work on the rest of the repository: staged, not staged, both, untracked, and a conflict."""
    place = project.folder.parent
    names = ("staged", "unstaged", "both", "deleted", "renamed", "conflict")
    write(place, {f"other/{name}.txt": "theirs\n" for name in names})
    commit(place, "More of it")
    blob = project.git("rev-parse", "HEAD:other/conflict.txt").strip()
    stages = "".join(f"100644 {blob} {stage}\tother/conflict.txt\n" for stage in (1, 2, 3))
    script = (
        f"git rm --quiet --cached conflict.txt; printf '{stages}' | git update-index --index-info"
    )
    run("bash", "-c", script, cwd=place / "other")
    write(place, {"other/staged.txt": "mine\n", "other/both.txt": "mine\n"})
    project.git("add", "../other/staged.txt", "../other/both.txt")
    write(place, {"other/both.txt": "mine, later\n", "other/unstaged.txt": "mine\n"})
    write(place, {"other/deleted.txt": None, "other/untracked.txt": "mine\n", "new.txt": "mine\n"})
    project.git("mv", "../other/renamed.txt", "../other/new.txt")
    project.git("add", "--intent-to-add", "../new.txt")


# Those of one line have nothing to do with each other, so that they are tried at once.
CONFIGURATIONS: dict[str, list[Callable[[Updated], None]]] = {
    "none": [nothing],
    "preferences": [untracked_files_hidden, ways_to_show_things, whitespace_refused, no_modes],
    "line-ends": [windows_line_ends],
    "line-ends-by-attribute": [line_ends_by_attribute, hooks_and_signatures],
    "filter": [filtered],
    "no-texts": [nothing_is_a_text, everything_is_ignored],
    "submodule-and-links": [dirty_submodule, links_and_foreign_texts],
    "overlooked": [overlooked_files],
    "index": [an_index_of_its_own_kind],
    "environment": [another_repository_in_the_environment],
    "subfolder": [a_part_of_a_larger_repository, changes_in_the_rest_of_it],
}


# ------------------------------------------------------------------ how an update may end
def by_a_bad_answer(_: Updated) -> list[str]:
    return ["--data", "kind=none"]


def by_an_unknown_question(_: Updated) -> list[str]:
    return ["--data", "no_such_question=1"]


def by_a_template_that_does_not_render(project: Updated) -> list[str]:
    project.release({"zebra.txt.jinja": "{{ nothing.of.that_name }}\n", "early.txt": "new\n"})
    return []


def by_git_in_its_midst(project: Updated) -> list[str]:
    project.intercept(WRITTEN, "echo No space left >&2; exit 1")
    return []


def by_a_signal_while_copier_works(project: Updated) -> list[str]:
    project.intercept("hash-object", "kill -TERM $PPID; sleep 0.1")
    return []


def by_a_signal_in_its_midst(project: Updated) -> list[str]:
    project.intercept(WRITTEN, "kill -TERM $PPID; sleep 0.1")
    return []


FAILURES = [
    by_a_bad_answer,
    by_an_unknown_question,
    by_a_template_that_does_not_render,
    by_git_in_its_midst,
    by_a_signal_while_copier_works,
    by_a_signal_in_its_midst,
]
# Each configuration with one end, and the usual one with all of them.
FAILING = [
    *(("none", failure) for failure in FAILURES),
    ("preferences", by_an_unknown_question),
    *((name, by_a_signal_in_its_midst) for name in ("line-ends", "overlooked", "subfolder")),
    *((name, by_git_in_its_midst) for name in ("filter", "index", "environment")),
]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_an_update_keeps_what_is_not_in_git(project: Updated, name: str) -> None:
    project.begin(name)
    before = project.state()
    status, output = project.update()
    assert status == 1, output
    assert "the same lines of these files:\n       both.txt\n" in output
    assert "old/edited.txt is gone, and you had changed it" in output
    assert "old/gone.txt is gone" not in output
    after = project.state()
    inside = project.folder.relative_to(project.top)
    own = {path for path in before if path not in {"index", "head"}}
    own -= {f"{inside}/{path}" for path in (*V2, ".copier-answers.yml")} - {f"{inside}/own.txt"}
    assert {path: after.get(path) for path in own} == {path: before[path] for path in own}
    come = {f"{inside}/{path}" for path in ("new", "new/fresh.txt", "new/tool.sh")}
    assert after.keys() - before.keys() == come
    is_merged(project)


def is_merged(project: Updated) -> None:
    """Fail unless the changes of both sides are in the files, and Git shows them all."""
    text = project.read("merged.py")
    assert text == EDITED.replace("line 2\n", "line two\n")
    both = project.read("both.txt")
    assert both.startswith("<<<<<<< before updating\nours\n")
    assert both.endswith("=======\ntheirs, changed\n>>>>>>> after updating\n")
    assert not (project.folder / "old/gone.txt").exists()
    modes = {name: (project.folder / name).stat().st_mode & 0o777 for name in V2 if V2[name]}
    assert modes["merged.py"] in {0o640, 0o644}
    assert modes["tool.sh"] & modes["new/tool.sh"] & stat.S_IXUSR
    assert not modes["new/fresh.txt"] & stat.S_IXUSR
    diff = ("diff", "--relative", "--name-only", "--ignore-submodules=all", "HEAD")
    changed = project.git(*diff)
    expected = {*V2, ".copier-answers.yml"} - {"own.txt"}
    assert {*changed.splitlines()} == expected
    assert project.git("ls-files", "--unmerged").count("both.txt") == 3
    project.git("add", "--update", ".")
    staged = project.git("ls-files", "--stage", "tool.sh", "new/tool.sh", "new/fresh.txt")
    assert [line[:6] for line in staged.splitlines()] == ["100644", "100755", "100755"]


@pytest.mark.parametrize(("name", "fail"), FAILING)
def test_an_update_that_comes_to_nothing_leaves_everything_as_it_was(
    project: Updated, name: str, fail: Callable[[Updated], list[str]]
) -> None:
    project.begin(name)
    arguments = fail(project)
    before = project.state()
    status, output = project.update(*arguments)
    assert status == 1, output
    assert output.endswith("\nNothing has been changed.\n")
    assert "Traceback" not in output
    assert project.state() == before


# ------------------------------------------------------------------ what is refused, and what is left
@pytest.mark.parametrize(
    ("hide", "arguments"),
    [
        (untracked_files_hidden, ["--data", "no_such_question=1"]),
        (untracked_files_hidden, []),
        (an_index_of_its_own_kind, []),
    ],
)
def test_a_new_file_that_git_was_told_not_to_show_is_named_and_kept(
    project: Updated, hide: Callable[[Updated], None], arguments: list[str]
) -> None:
    hide(project)
    write(project.folder, {"notes.txt": "precious\n", "own/notes.txt": "precious\n"})
    before = project.state()
    status, output = project.update(*arguments)
    assert status
    assert "Commit or stash these changes first:\n?? notes.txt\n?? own/\n" in output
    assert project.state() == before


@pytest.mark.parametrize("place", ["new/fresh.txt", "new"])
def test_a_file_that_git_ignores_is_not_overwritten_but_named(project: Updated, place: str) -> None:
    write(project.folder, {".git/info/exclude": "new\n", place: "mine\n"})
    before = project.state()
    status, output = project.update()
    assert status
    assert f"Move yours first:\n{place}\nNothing has been changed.\n" in output
    assert project.state() == before


def test_nothing_is_written_through_a_link(project: Updated) -> None:
    write(
        project.top / "place", {"elsewhere/own.txt": "mine\n", "project/.git/info/exclude": "new\n"}
    )
    (project.folder / "new").symlink_to("../elsewhere")
    before = project.state()
    status, output = project.update()
    assert status
    assert "Move yours first:\nnew\nNothing has been changed.\n" in output
    assert project.state() == before


@pytest.mark.parametrize("bit", ["--assume-unchanged", "--skip-worktree"])
def test_an_edit_that_git_was_told_to_overlook_is_not_overwritten_but_named(
    project: Updated, bit: str
) -> None:
    project.git("update-index", bit, "merged.py")
    write(project.folder, {"merged.py": "mine\n"})
    before = project.state()
    status, output = project.update()
    assert status
    assert "These files differ from the last commit:\nmerged.py\n" in output
    assert project.state() == before


def test_an_update_waits_for_no_other_git(project: Updated) -> None:
    (project.folder / ".git/index.lock").touch()
    before = project.state()
    status, output = project.update()
    assert status
    assert "Another Git command is running here, or was killed" in output
    assert project.state() == before
    assert (project.folder / ".git/index.lock").exists()


def owned_by_somebody_else(project: Updated) -> None:
    """Let Git trust the template only: the project is, say, on a mount of another user."""
    trust_only(project, project.template)


def a_template_of_somebody_else(project: Updated) -> None:
    trust_only(project, project.folder)


def trust_only(project: Updated, folder: Path) -> None:
    lines = f"[safe]\ndirectory = {folder}\ndirectory = {folder / '.git'}\n"
    (project.top / "gitconfig").write_text(lines)
    project.environment |= {
        "GIT_CONFIG_GLOBAL": str(project.top / "gitconfig"),
        "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1",
    }


def a_worktree_whose_repository_was_moved(project: Updated) -> None:
    rmtree(project.folder / ".git")
    write(project.folder, {".git": "gitdir: /nowhere/.git/worktrees/project\n"})


def an_invalid_configuration(project: Updated) -> None:
    write(project.folder, {".git/config": "[core\n"})


def an_invalid_configuration_of_the_user(project: Updated) -> None:
    (project.top / "gitconfig").write_text("[core\n")
    project.environment["GIT_CONFIG_GLOBAL"] = str(project.top / "gitconfig")


def a_newer_format(project: Updated) -> None:
    project.configure(core__repositoryFormatVersion="1", extensions__fromTheFuture="true")


def a_broken_index(project: Updated) -> None:
    write(project.folder, {".git/index": "broken"})


def no_commit(project: Updated) -> None:
    rmtree(project.folder / ".git")
    project.git("init", "--quiet")
    write(project.folder, {".git/info/exclude": "*\n"})


def no_git(project: Updated) -> None:
    project.environment["PATH"] = str(project.top)


def a_version_that_the_template_has_lost(project: Updated) -> None:
    for tag in ("v1.0.0", "v2.0.0"):
        run("git", "tag", "--delete", tag, cwd=project.template)


def a_filter_that_fails(project: Updated) -> None:
    write(project.folder, {".gitattributes": "new/* filter=broken\n"})
    project.commit()
    project.configure(filter__broken__smudge="echo no key >&2; false")
    project.configure(filter__broken__required="true")


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (owned_by_somebody_else, r"fatal: detected dubious ownership in repository at '.*/project"),
        (owned_by_somebody_else, "git config --global --add safe.directory .*/project"),
        (a_template_of_somebody_else, r"dubious ownership in repository at '.*/template"),
        (a_worktree_whose_repository_was_moved, "fatal: not a git repository: /nowhere/.git"),
        (an_invalid_configuration, "fatal: bad config line 1 in file .*config"),
        (an_invalid_configuration_of_the_user, "fatal: bad config line 1 in file .*gitconfig"),
        (a_newer_format, "(?s)fatal: unknown repository extension.*fromthefuture"),
        (a_broken_index, "fatal: .*index file"),
        (no_commit, "fatal: .*HEAD"),
        (no_git, "No such file or directory: 'git'"),
        (a_version_that_the_template_has_lost, "v1.0.0.*:\nfatal: .*v1.0.0"),
        (a_filter_that_fails, "(?s)no key.*fatal: new/fresh.txt: smudge filter broken failed"),
    ],
)
def test_errors_of_git_are_passed_on(
    project: Updated, break_it: Callable[[Updated], None], message: str
) -> None:
    break_it(project)
    status, output = project.update()
    assert status == 1
    assert re.search(message, output), output
    assert output.endswith("\nNothing has been changed.\n")
    assert "Traceback" not in output
    assert "git init" not in output


def test_bare_repositories_that_git_does_not_look_for_are_found(project: Updated) -> None:
    (project.top / "gitconfig").write_text("[safe]\nbareRepository = explicit\n")
    project.environment["GIT_CONFIG_GLOBAL"] = str(project.top / "gitconfig")
    _, output = project.update()
    assert "the same lines of these files" in output


def test_files_that_no_merge_can_be_made_of_are_left_and_named(project: Updated) -> None:
    texts = {
        "both.txt": "Zo\xeb\n".encode("latin-1"),
        "old/edited.txt": "Zo\xeb\n".encode("utf-16"),
    }
    for name, content in texts.items():
        (project.folder / name).write_bytes(content)
    write(project.folder, {"merged.py": "\0mine", "tool.sh": None})
    (project.folder / "tool.sh").symlink_to("own.txt")
    project.commit()
    status, output = project.update()
    assert status == 0, output
    for name in ("both.txt", "merged.py", "tool.sh"):
        assert f"{name} is unchanged: an update does not change links, submodules or" in output
    assert (project.folder / "both.txt").read_bytes() == texts["both.txt"]
    assert (project.folder / "merged.py").read_bytes() == b"\0mine"
    assert (project.folder / "own.txt").read_text() == PRECIOUS["own.txt"].replace("\r\n", "\n")
    assert "old/edited.txt is gone, and you had changed it" in output


def test_a_template_that_only_the_users_git_finds_is_found(project: Updated) -> None:
    address = "https://git.example.invalid/nexus.git"
    answers = project.folder / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(project.template), address))
    project.commit()
    configuration = project.top / "gitconfig"
    configuration.write_text(f'[url "{project.template}"]\ninsteadOf = {address}\n')
    project.environment["GIT_CONFIG_GLOBAL"] = str(configuration)
    _, output = project.update()
    assert "the same lines of these files" in output
    assert address in answers.read_text()
    is_merged(project)


@pytest.mark.parametrize("name", ["none", "subfolder"])
def test_the_way_back_loses_nothing(project: Updated, name: str) -> None:
    """Go back as the update says, with an edit of one's own meanwhile, and take it all up again."""
    project.begin(name)
    before = project.state()
    _, output = project.update()
    write(project.folder, {"later.txt": "mine\n", "merged.py": "mine\n"})
    [command] = re.findall(r"\(to go back: (.+)\)", output)
    run("bash", "-c", command, cwd=project.folder)
    after = project.state()
    later = after.pop(f"{project.folder.relative_to(project.top)}/later.txt")
    assert later == (0o644, b"mine\n")
    # Git does not keep this one's rights.
    merged = f"{project.folder.relative_to(project.top)}/merged.py"
    assert after.pop(merged) == (0o644, before.pop(merged)[1])
    assert after == before
    again = {"none": ["stash", "pop", "--quiet"], "subfolder": ["apply", "../.git/update.patch"]}
    project.git(*again[name])
    assert project.read("merged.py") == "mine\n"
    assert project.read("new/fresh.txt") == "new\n"


def test_a_commit_of_an_update_leaves_the_rest_of_a_larger_repository(project: Updated) -> None:
    a_part_of_a_larger_repository(project)
    write(project.folder.parent, {"other/code.py": "mine\n", "other/new.txt": "mine\n"})
    project.git("add", "../other/code.py")
    _, output = project.update()
    [command] = re.findall(r"Keep it: (.+)", output)
    run("bash", "-c", command, cwd=project.folder)
    assert project.git("status", "--porcelain") == "M  other/code.py\n?? other/new.txt\n"
