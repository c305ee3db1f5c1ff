"""Draws the diagrams of the handbook: an SVG file from each Mermaid file in docs/diagrams.

Mermaid itself draws them, in a browser of this machine; npm brings both tools. Only the diagrams
whose source has changed are drawn, so that without npm nothing but a new diagram is missing.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIAGRAMS = ROOT / "docs" / "diagrams"
TOOLS = ("@mermaid-js/mermaid-cli@11.17.0", "svgo@4.1.0")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Narrow, so that a phone shows letters of ten pixels. Text is text: with `htmlLabels`, it would be
# HTML, which no picture shows.
LAYOUT = {
    "theme": "base",
    "htmlLabels": False,
    "deterministicIds": True,
    "fontFamily": 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif',
    "fontSize": 13,
    "themeVariables": {"fontSize": "14px"},
    "flowchart": {"nodeSpacing": 28, "rankSpacing": 36, "padding": 10, "wrappingWidth": 170},
    "sequence": {
        "wrap": True,
        "diagramMarginX": 12,
        "width": 118,
        "height": 40,
        "actorMargin": 16,
        "noteMargin": 8,
        "messageMargin": 26,
        "mirrorActors": False,
    },
    "er": {"entityPadding": 8, "nodeSpacing": 30, "rankSpacing": 45},
}
# The colours of Furo. The background is the picture's own: forges have other ones.
STYLE = """
svg { --back: #f8f9fb; --box: #fff; --edge: #9ca0a5; --line: #5a5c63; --text: #1b1c1e;
  --note: #e6eeff; --area: #eef1f6; --good: #0a4bff; --bad: #b3261e; --bad-box: #fbe9e7; }
@media (prefers-color-scheme: dark) {
  svg { --back: #1a1c1e; --box: #131416; --edge: #81868d; --line: #9ca0a5; --text: #e3e5e8;
    --note: #1d2f55; --area: #23272d; --good: #3d94ff; --bad: #f2b8b5; --bad-box: #3a1d1b; }
}
text, tspan { fill: var(--text) !important; stroke: none !important; }
.back, .background, .edgeLabel rect, marker circle { fill: var(--back) !important; }
.node .background { fill: none !important; }
.edgeLabel rect, .background { opacity: 1 !important; }
.node rect, .node path, .node polygon, .node circle, .actor {
  fill: var(--box) !important; stroke: var(--edge) !important; }
.node.step .label-container { stroke: var(--good) !important; }
.node.exit .label-container { fill: var(--bad-box) !important; stroke: var(--bad) !important; }
.node.text .label-container { fill: none !important; stroke: none !important; }
.cluster, .cluster rect { fill: var(--area) !important; stroke: var(--edge) !important; }
.note { fill: var(--note) !important; stroke: var(--note) !important; }
.flowchart-link, .relationshipLine, .transition, .messageLine0, .messageLine1 {
  stroke: var(--line) !important; fill: none !important; }
.actor-line { stroke: var(--edge) !important; }
marker path, marker circle { stroke: var(--line) !important; }
.arrowMarkerPath, [id$=arrowhead] path, [id$=barbEnd] { fill: var(--line) !important; }
.node .state-start { fill: var(--line) !important; }
"""
SMALLER = """export default { multipass: true, floatPrecision: 1, plugins: [{
  name: "preset-default",
  params: { overrides: { cleanupIds: false, inlineStyles: false, minifyStyles: false,
    removeHiddenElems: false } },
}] };
"""


def fingerprint(source: str) -> str:
    """Return a line for the SVG that tells what it was drawn from."""
    drawn_from = "\n".join((source, json.dumps(LAYOUT), STYLE, SMALLER, *TOOLS))
    return f"<!-- {hashlib.sha256(drawn_from.encode()).hexdigest()[:16]} -->"


def outdated() -> list[Path]:
    """Return the sources whose SVG is missing, or was drawn from something else."""
    return [
        source
        for source in sorted(DIAGRAMS.glob("*.mmd"))
        if not (drawn := source.with_suffix(".svg")).exists()
        or fingerprint(source.read_text()) not in drawn.read_text()
    ]


def draw(sources: list[Path], folder: Path) -> None:
    """Draw the diagrams, in one browser. The folder is for files that nobody needs afterwards."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    options = {"args": ["--no-sandbox"]} | ({"executablePath": browser} if browser else {})
    (folder / "browser.json").write_text(json.dumps(options))
    (folder / "layout.json").write_text(json.dumps(LAYOUT))
    (folder / "svgo.config.mjs").write_text(SMALLER)
    (folder / "all.md").write_text(
        "\n".join(f"```mermaid\n{source.read_text()}```\n" for source in sources)
    )
    npx = ["npx", "--yes", *(f"--package={tool}" for tool in TOOLS), "--"]
    files = "--input all.md --output drawn.md --configFile layout.json"
    for command in (
        f"mmdc --quiet --puppeteerConfigFile browser.json {files}",
        "svgo --quiet --config svgo.config.mjs --folder . --output .",
    ):
        environment = {"PUPPETEER_SKIP_DOWNLOAD": "1"} if browser else {}
        subprocess.run(
            [*npx, *command.split()], cwd=folder, env=os.environ | environment, check=True
        )
    for number, source in enumerate(sources, 1):
        drawn = (folder / f"drawn-{number}.svg").read_text()
        source.with_suffix(".svg").write_text(finish(drawn, source.read_text()))


def finish(drawn: str, source: str) -> str:
    """Return an SVG with its size, its background and its colours in light and dark mode."""
    x, y, width, height = (
        float(number) for number in re.findall(r'viewBox="(.+?)"', drawn)[0].split()
    )
    size = f'width="{width:.0f}" height="{height:.0f}"'
    drawn = re.sub(r'width="100%"(.*?) style=".*?"', rf"{size}\1", drawn, count=1)
    back = f'<rect class="back" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    drawn = re.sub(r"^(<svg.+?>)", rf"\1{back}", drawn.strip(), count=1)
    drawn = drawn.replace("</style>", f"</style><style>{STYLE}</style>", 1)
    return f"{drawn}\n{fingerprint(source)}\n"


def main() -> None:
    sources = outdated()
    names = ", ".join(source.name for source in sources)
    if sources and not shutil.which("npx"):
        sys.stderr.write(f"Not drawn, because this machine has no npm: {names}\n")
    elif sources:
        with tempfile.TemporaryDirectory() as folder:
            draw(sources, Path(folder))
        sys.stdout.write(f"Drawn: {names}\n")


if __name__ == "__main__":
    main()
