"""Cookiecutter's door, before anything is written: looks for a Copier that can do the work."""

import os
import sys

# Cookiecutter runs this from the folder for temporary files, where everybody may leave a module.
sys.path = [folder for folder in sys.path if folder != os.path.dirname(__file__)]

import importlib.util
import shutil

if (
    not importlib.util.find_spec("copier")
    and not shutil.which("uvx")
    and not shutil.which("copier")
):
    sys.exit(
        "Nexus is a template for Copier, and Cookiecutter only asks its questions. Install uv, or\n"
        "Copier 9.19 or newer, and run this again."
    )
