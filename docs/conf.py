"""Builds the handbook. Its excerpts come from a project that is rendered for this build."""

import shutil
from pathlib import Path

from copier import run_copy

HERE = Path(__file__).parent
PROJECT = HERE / "_build" / "project"


def render_project() -> None:
    """Copy the template with everything that it has, as it stands in the working tree."""
    source = HERE / "_build" / "template"
    for folder in (source, PROJECT):
        shutil.rmtree(folder, ignore_errors=True)
    for part in ("questions", "includes", "template"):
        shutil.copytree(HERE.parent / part, source / part)
    shutil.copy(HERE.parent / "copier.yml", source)
    run_copy(str(source), PROJECT, data={"preset": "full"}, defaults=True, quiet=True)


render_project()

project = "Nexus"
copyright = "2026, the Nexus developers"  # noqa: A001  # Sphinx's name
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
nitpicky = True

html_theme = "furo"
html_title = "Nexus"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["tables.css"]
