"""Writes a page that shows the example's OpenAPI document in ReDoc, with nothing from elsewhere."""

import json
import shutil
from pathlib import Path

import drf_spectacular_sidecar
import yaml

from scripts.example import OPENAPI

BUNDLES = (
    Path(drf_spectacular_sidecar.__file__).parent / "static/drf_spectacular_sidecar/redoc/bundles"
)
# The only thing that ReDoc loads from elsewhere. The policy of the page would block it, too.
LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


def write(folder: Path) -> str:
    """Write the page and its scripts below a folder, for Sphinx's `html_extra_path`. Return it.

    The document is a script, because browsers load no other file into a page from a disk.
    """
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "reference"
    target.mkdir(parents=True)
    shutil.copy(OPENAPI.with_name("redoc.html"), target)
    for name in ("redoc.standalone.js", "redoc.standalone.js.LICENSE.txt"):
        (target / name).write_text((BUNDLES / name).read_text().replace(LOGO, "data:,"))
    document = yaml.safe_load(OPENAPI.read_text())
    (target / "openapi.js").write_text(f"window.openapi = {json.dumps(document)};")
    return str(folder)
