"""Installs the Git hook that runs `make lint` before a commit, or exits and says why not."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

HEAD = "#!/bin/sh\n# Written by `make setup`: one line for each project in a folder of this repository.\n"
# For the variables that Git sets for hooks, a project's folder would be the top of the repository.
LINE = (
    "[ ! -f {folder}/Makefile ] || git --literal-pathspecs diff --cached --quiet -- {folder}"
    " || (unset $(git rev-parse --local-env-vars); make --directory={folder} lint) || exit\n"
)


def git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.rstrip("\n")


def pre_commit(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", *arguments], check=True)


def install() -> None:
    folder = git("rev-parse", "--show-prefix").removesuffix("/")
    hook = Path(git("rev-parse", "--git-path", "hooks/pre-commit"))
    if path := git("config", "--default=", "--get", "core.hooksPath"):
        sys.exit(f"core.hooksPath is {path}: call it in the pre-commit hook there.")
    if folder:
        install_for(shlex.quote(folder), f"--config={folder}/.pre-commit-config.yaml", hook)
    elif os.path.lexists(hook) and git("rev-parse", "--git-dir") != git(
        "rev-parse", "--git-common-dir"
    ):
        print(f"{hook} is also the hook of this worktree.")
    else:
        pre_commit("install", "--allow-missing-config")


def install_for(folder: str, former: str, hook: Path) -> None:
    """Add the project to the hook of a larger repository, which pre-commit would take for its own."""
    if shlex.quote(former) in read(hook):
        pre_commit("uninstall")
    line, text = LINE.format(folder=folder), read(hook) or HEAD
    if not text.startswith(HEAD):
        sys.exit(f"{hook} is not of `make setup`. Add to the hooks of this repository: {line}")
    if line not in text:
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(text + line)
    hook.chmod(0o755)
    print(f"{hook} checks this project when a commit changes it.")


def read(hook: Path) -> str:
    return hook.read_text(errors="replace") if os.path.lexists(hook) else ""


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr or f"{shlex.join(error.cmd)} fails.")
    except OSError as error:
        sys.exit(str(error))
