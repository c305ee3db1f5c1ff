"""Draws the diagrams of the handbook: an SVG file from each Mermaid file in docs/diagrams.

Only what the handbook uses: sequence diagrams, and flowcharts that are one chain of steps with
exits. Forges draw Mermaid themselves; the site would need megabytes of JavaScript for it.
"""

import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parents[1]
DIAGRAMS = ROOT / "docs" / "diagrams"
WIDTH, MARGIN, LINE, LETTER = 520, 12, 17, 7.2
# In flowcharts: the middle of the chain, the widths of steps and exits, and the labels that go on.
CHAIN, STEP, EXIT, ON = 150.0, 250.0, 150.0, {None, "yes"}
# The colours of Furo. A picture cannot see which mode a reader has chosen on the page, only which
# one the system has, so it has a background of its own.
STYLE = """
  svg { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
  .back { fill: #f8f9fb; } .box { fill: #fff; stroke: #9ca0a5; } .note { fill: #e6eeff; }
  .step { fill: #fff; stroke: #0a4bff; } .exit { fill: #fbe9e7; stroke: #b3261e; }
  .line { stroke: #5a5c63; fill: none; } .life { stroke: #9ca0a5; stroke-dasharray: 2 4; }
  .back-arrow { stroke-dasharray: 6 4; } .head { fill: #5a5c63; } text { fill: #1b1c1e; }
  .label { paint-order: stroke; stroke: #f8f9fb; stroke-width: 4px; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #1a1c1e; } .box { fill: #131416; stroke: #81868d; } .note { fill: #1d2f55; }
    .step { fill: #131416; stroke: #3d94ff; } .exit { fill: #3a1d1b; stroke: #f2b8b5; }
    .line { stroke: #9ca0a5; } .life { stroke: #5a5c63; } .head { fill: #9ca0a5; }
    text { fill: #e3e5e8; } .label { stroke: #1a1c1e; }
  }
"""
MESSAGE = re.compile(r"(\w+)(--?)>>(\w+): (.+)")
NOTE = re.compile(r"Note over (\w+)(?:,(\w+))?: (.+)")
NODE = re.compile(r"(\w+)(?:\[\"(.+)\"\]|\{\"(.+)\"\})$")
EDGE = re.compile(r"(\w+) --(?: (.+) --)?> (\w+)$")


def draw(source: str) -> str:
    """Return the SVG of a diagram. Raises ValueError for what this script cannot draw."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    kind = flowchart if lines[0] == "flowchart TD" else sequence
    *shapes, height = kind(lines[1:])
    head = '<path d="M0 0 L8 4 L0 8 z" class="head"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}">\n<style>{STYLE}</style>\n'
        '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="8" refY="4" '
        f'orient="auto">{head}</marker></defs>\n'
        f'<rect class="back" width="{WIDTH}" height="{height}" rx="6"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def sequence(lines: list[str]) -> Iterator[str]:
    """Yield the shapes of a sequence diagram, and at last its height."""
    names = dict(re.findall(r"^participant (\w+) as (.+)$", "\n".join(lines), re.MULTILINE))
    lane = WIDTH / len(names)
    at = {name: lane * (index + 0.5) for index, name in enumerate(names)}
    shapes, y = [], MARGIN + 2 * LINE + 18
    for line in lines[len(names) :]:
        if match := NOTE.fullmatch(line):
            shape, height = note(at[match[1]], at[match[2] or match[1]], y, lane, match[3])
        elif match := MESSAGE.fullmatch(line):
            kind = "line back-arrow" if match[2] == "--" else "line"
            shape, height = message(at[match[1]], at[match[3]], y, kind, match[4])
        else:
            raise ValueError(line)
        shapes.append(shape)
        y += height
    for name, x in at.items():
        yield f'<line class="life" x1="{x:.0f}" y1="{MARGIN}" x2="{x:.0f}" y2="{y}"/>'
        yield box("box", x, MARGIN, lane - MARGIN, rows_of(names[name], lane - 2 * MARGIN))
    yield from shapes
    yield str(y + MARGIN)


def note(first: float, last: float, y: float, lane: float, text: str) -> tuple[str, int]:
    """Return a note over the lanes from the first to the last, and its height."""
    width = last - first + lane - 2 * MARGIN
    rows = rows_of(text, width - MARGIN)
    return box("note", (first + last) / 2, y, width, rows), len(rows) * LINE + 26


def message(start: float, end: float, y: float, kind: str, text: str) -> tuple[str, int]:
    """Return an arrow with a text above it, and the height of both."""
    rows = rows_of(text, abs(end - start) - 6)
    below = y + len(rows) * LINE
    label = words((start + end) / 2, y + 6, rows, "label")
    return f"{label}\n{arrow(start, below, end, below, kind)}", len(rows) * LINE + 18


def flowchart(lines: list[str]) -> Iterator[str]:
    """Yield the shapes of a chain of steps, each with an exit to its right, and at last the height."""
    nodes = {match[1]: match for line in lines if (match := NODE.fullmatch(line))}
    edges = [match.groups() for line in lines if (match := EDGE.fullmatch(line))]
    if len(nodes) + len(edges) != len(lines):
        raise ValueError(lines)
    step, y = next(iter(nodes)), float(MARGIN)
    while step:
        rows = rows_of(nodes[step][2] or nodes[step][3], STEP - MARGIN)
        height = len(rows) * LINE + 14
        yield box("step" if nodes[step][3] else "box", CHAIN, y, STEP, rows)
        for _, label, end in (edge for edge in edges if edge[0] == step and edge[1] not in ON):
            yield way_out(y + height / 2, str(label), nodes[end][2])
        step = next((end for start, label, end in edges if start == step and label in ON), "")
        if step:
            yield arrow(CHAIN, y + height, CHAIN, y + height + 24)
        y += height + 24
    yield str(y - 24 + MARGIN)


def way_out(y: float, label: str, text: str) -> str:
    """Return an arrow from a step to the right, whose middle is at y, and the box that it leads to."""
    start, end = CHAIN + STEP / 2, WIDTH - MARGIN - EXIT
    rows = rows_of(text, EXIT - MARGIN)
    top = y - (len(rows) * LINE + 14) / 2
    return (
        f"{arrow(start, y, end, y)}\n{words((start + end) / 2, y - 8, [label])}\n"
        f"{box('exit', end + EXIT / 2, top, EXIT, rows)}"
    )


def rows_of(text: str, width: float) -> list[str]:
    return wrap(text, max(8, int(width / LETTER)), break_long_words=False)


def box(kind: str, x: float, y: float, width: float, rows: list[str]) -> str:
    """Return a box with text, whose top is at y and whose middle is at x."""
    return (
        f'<rect class="{kind}" x="{x - width / 2:.0f}" y="{y:.0f}" width="{width:.0f}" '
        f'height="{len(rows) * LINE + 14}" rx="4"/>\n{words(x, y + LINE + 3, rows)}'
    )


def words(x: float, y: float, rows: list[str], kind: str = "") -> str:
    spans = (
        f'<tspan x="{x:.0f}" y="{y + index * LINE:.0f}">{escape(row, quote=False)}</tspan>'
        for index, row in enumerate(rows)
    )
    return f'<text class="{kind}" text-anchor="middle">{"".join(spans)}</text>'


def arrow(x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> str:
    ends = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
    return f'<line class="{kind}" {ends} marker-end="url(#head)"/>'


def main() -> None:
    for source in sorted(DIAGRAMS.glob("*.mmd")):
        target = source.with_suffix(".svg")
        target.write_text(draw(source.read_text()))
        sys.stdout.write(f"{target.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
