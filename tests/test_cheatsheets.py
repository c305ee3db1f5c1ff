"""The cheat-sheets of docs/learn: their commands do what they show."""

from tests.pages import Shell, follow
from tests.projects import ROOT

SHEETS = sorted((ROOT / "docs/learn/cheatsheets").glob("*.md"))


def test_the_commands_of_the_cheat_sheets_do_what_they_show(project_shell: Shell) -> None:
    project_shell.run("make seed")
    counts = {sheet.stem: follow(sheet, project_shell) for sheet in SHEETS}
    # There is no engine here, so that one has none to follow.
    assert {name for name, count in counts.items() if not count} == {"docker", "index"}
