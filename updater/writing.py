"""Writes the changes of an update to the project: all of them, or none."""

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from updater.scratch import Change, Scratch, listed
from updater.template import git, refuse

SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
# Turns off Git's settings for overlooking files, and hooks that run when the index changes.
SETTINGS = ("core.fsmonitor=false", "core.ignoreStat=false", f"core.hooksPath={os.devnull}")
LOOK = tuple(word for setting in SETTINGS for word in ("-c", setting))


def write(scratch: Scratch, changes: list[Change], unmerged: list[str]) -> None:
    """Write the changes to the project, and new files and conflicts to its index."""
    with (
        signals_restored(),
        locked_index() as index,
        TemporaryDirectory(prefix=".update-", dir=".", ignore_cleanup_errors=True) as folder,
    ):
        stage = Stage(Path(folder).resolve(), scratch)
        stage.fill(changes)
        refuse_if_in_the_way(stage, changes)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            stage.exchange(changes)
            record(scratch, changes, unmerged, index.with_name("index.lock"))
            stop_if_told()
            index.with_name("index.lock").replace(index)
        except BaseException:
            stage.put_back()
            raise
        for change in changes:
            if not change.stays:
                remove_empty(Path(change.path).parent)


@contextmanager
def locked_index() -> Iterator[Path]:
    """Lock the index, as Git does, with a copy of it that can replace it."""
    index = Path(git("rev-parse", "--git-path", "index").rstrip("\n")).resolve()
    lock = index.with_name("index.lock")
    try:
        lock.touch(exist_ok=False)
    except FileExistsError:
        refuse(f"Another Git command is running here, or was killed: {lock} exists.")
    try:
        shutil.copyfile(index, lock)
        yield index
    finally:
        lock.unlink(missing_ok=True)


@contextmanager
def signals_restored() -> Iterator[None]:
    """Unblock signals at the end, but drop those that arrived: they have had their effect."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        while pending := signal.sigpending() & SIGNALS - before:
            signal.sigwait(pending)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop_if_told() -> None:
    if signal.sigpending() & SIGNALS:
        raise KeyboardInterrupt


class Stage:
    """A folder on the same file system, so that each file is moved in or out by a rename."""

    def __init__(self, folder: Path, scratch: Scratch) -> None:
        self.folder = folder
        self.scratch = scratch
        self.prefix = git("rev-parse", "--show-prefix").rstrip("\n")
        self.moves: list[tuple[Path, Path, list[Path]]] = []

    def after(self, change: Change) -> Path:
        return self.folder / "after" / self.prefix / change.path

    def index(self, name: str, entries: list[str]) -> dict[str, str]:
        """Return an environment whose Git index has only these entries, without cached file data."""
        environment = {
            **os.environ,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.scratch.objects),
            "GIT_INDEX_FILE": str(self.folder / name),
        }
        lines = "".join(f"{entry}\0" for entry in entries)
        git(*LOOK, "update-index", "-z", "--index-info", stdin=lines, environment=environment)
        return environment

    def fill(self, changes: list[Change]) -> None:
        """Let Git write the new files as this project checks them out: line endings, filters, modes."""
        coming = [change for change in changes if change.stays]
        entries = [f"{each.mode} {each.new} 0\t{self.prefix}{each.path}" for each in coming]
        git(
            "checkout-index",
            "--all",
            f"--prefix={self.folder / 'after'}/",
            environment=self.index("index-after", entries),
        )
        for change in coming:
            if change.was:
                keep_mode(change, self.after(change))

    def changed(self, changes: list[Change]) -> list[str]:
        """Return the files that differ from the last commit, also those that Git was told to overlook."""
        there = [change for change in changes if change.was]
        entries = [f"{each.old_mode} {each.old} 0\t{self.prefix}{each.path}" for each in there]
        environment = self.index("index-before", entries)
        command = (*LOOK, "ls-files", "--modified", "--deleted", "-z")
        return sorted({*listed(git(*command, environment=environment))})

    def exchange(self, changes: list[Change]) -> None:
        for change in changes:
            if change.was:
                self.move(Path(change.path), self.folder / "before" / change.path)
        for change in changes:
            if change.stays:
                self.move(self.after(change), Path(change.path))

    def move(self, source: Path, target: Path) -> None:
        self.moves.append((source, target, [each for each in target.parents if not each.exists()]))
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            self.moves.pop()
            raise FileExistsError(f"{target} has appeared during the update.")
        source.rename(target)

    def put_back(self) -> None:
        for source, target, folders in reversed(self.moves):
            if not os.path.lexists(source):
                target.rename(source)
            for folder in folders:
                with suppress(OSError):
                    folder.rmdir()


def keep_mode(change: Change, staged: Path) -> None:
    """Keep the permissions of the file, except for the executable bit if the template changes it."""
    path = Path(change.path)
    if path.is_symlink() or not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if change.mode != change.old_mode:
        mode = mode | (mode & 0o444) >> 2 if change.mode == "100755" else mode & ~0o111
    staged.chmod(mode)


def refuse_if_in_the_way(stage: Stage, changes: list[Change]) -> None:
    if git("rev-parse", "HEAD:./").strip() != stage.scratch.tree:
        refuse("HEAD has changed during the update. Run this again.")
    if changed := stage.changed(changes):
        refuse("These files differ from the last commit:", *changed)
    going = {change.path for change in changes if not change.stays}
    own = [in_the_way(change, going) for change in changes if not change.was]
    if found := sorted({path for path in own if path}):
        refuse("The template adds files where you have untracked ones. Move yours first:", *found)


def in_the_way(change: Change, going: set[str]) -> str:
    """Return the path that blocks a new file or its folders, or an empty string."""
    path = Path(change.path)
    for folder in [*path.parents][-2::-1]:
        if str(folder) not in going and (folder.is_symlink() or folder.is_file()):
            return str(folder)
    return change.path if os.path.lexists(path) else ""


def record(scratch: Scratch, changes: list[Change], unmerged: list[str], lock: Path) -> None:
    """Write the new index: conflicts, so that Git reports them, and new files, so that it shows them."""
    prefix = git("rev-parse", "--show-prefix").rstrip("\n")
    file_mode = git("config", "--type=bool", "--default=true", "--get", "core.fileMode")
    sees_no_modes = file_mode.strip() == "false"
    environment = {**os.environ, "GIT_INDEX_FILE": str(lock), "GIT_LITERAL_PATHSPECS": "1"}
    # A new entry is no longer overlooked. Where Git ignores file modes, it gets the new mode.
    lines = [
        f"{each.mode if each.stays and sees_no_modes else each.old_mode} {each.old} 0\t{prefix}{each.path}"
        for each in changes
        if each.was
    ]
    stages = [line.split("\t", 1) for line in unmerged]
    lines += [f"0 {'0' * len(scratch.tree)}\t{prefix}{path}" for _, path in stages]
    lines += [f"{entry}\t{prefix}{path}" for entry, path in stages]
    if stages:
        names = "".join(f"{entry.split()[1]}\n" for entry, _ in stages)
        pack = scratch.git("pack-objects", "--stdout", "--quiet", stdin=names)
        git("unpack-objects", "-q", stdin=pack)
    given = "".join(f"{line}\0" for line in lines)
    git(*LOOK, "update-index", "-z", "--index-info", stdin=given, environment=environment)
    for mode, bit in (("100644", "-x"), ("100755", "+x")):
        new = [change.path for change in changes if not change.was and change.mode == mode]
        if new:
            command = (*LOOK, "add", "--intent-to-add", "--force", f"--chmod={bit}", "--", *new)
            git(*command, environment=environment)


def remove_empty(folder: Path) -> None:
    """Remove a folder that the update has emptied, as Git does, and its parents if they are empty."""
    with suppress(OSError):
        while folder != Path():
            folder.rmdir()
            folder = folder.parent
