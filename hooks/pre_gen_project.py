"""The Cookiecutter entry point: checks that Copier is available, before anything is written."""

import os
import sys

# Cookiecutter runs this from the folder for temporary files, where any user could place a module.
sys.path = [folder for folder in sys.path if folder != os.path.dirname(__file__)]

import importlib.util
import shutil

if (
    not importlib.util.find_spec("copier")
    and not shutil.which("uvx")
    and not shutil.which("copier")
):
    sys.exit(
        "Nexus is a Copier template: Cookiecutter only asks the questions. Install uv, or Copier 9.19\n"
        "or newer, and run this again."
    )
