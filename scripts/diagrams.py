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
    kinds = {"sequenceDiagram": sequence, "flowchart TD": flowchart}
    *shapes, height = kinds[lines[0]](lines[1:])
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
            first, last, text = at[match[1]], at[match[2] or match[1]], match[3]
            width = last - first + lane - 2 * MARGIN
            rows = rows_of(text, width - MARGIN)
            shapes.append(box("note", (first + last) / 2, y, width, rows))
            y += len(rows) * LINE + 26
        elif match := MESSAGE.fullmatch(line):
            start, dashes, end, text = at[match[1]], match[2], at[match[3]], match[4]
            rows = rows_of(text, abs(end - start) - 6)
            y += len(rows) * LINE
            shapes += [words((start + end) / 2, y - len(rows) * LINE + 6, rows, "label")]
            shapes += [arrow(start, y, end, y, "line back-arrow" if dashes == "--" else "line")]
            y += 18
        else:
            raise ValueError(line)
    for x in at.values():
        yield f'<line class="life" x1="{x:.0f}" y1="{MARGIN}" x2="{x:.0f}" y2="{y}"/>'
    for name, x in at.items():
        rows = rows_of(names[name], lane - 2 * MARGIN)
        yield box("box", x, MARGIN, lane - MARGIN, rows)
    yield from shapes
    yield str(y + MARGIN)


def flowchart(lines: list[str]) -> Iterator[str]:
    """Yield the shapes of a chain of steps, each with an exit to its right, and at last the height."""
    nodes = {match[1]: match for line in lines if (match := NODE.fullmatch(line))}
    edges = [match.groups() for line in lines if (match := EDGE.fullmatch(line))]
    if len(nodes) + len(edges) != len(lines):
        raise ValueError(lines)
    step, width, x, y = next(iter(nodes)), 250.0, 150.0, float(MARGIN)
    while step:
        rows = rows_of(nodes[step][2] or nodes[step][3], width - MARGIN)
        height = len(rows) * LINE + 14
        yield box("step" if nodes[step][3] else "box", x, y, width, rows)
        following = ""
        for start, label, end in edges:
            if start != step:
                continue
            if label in {None, "yes"}:
                following = end
                yield arrow(x, y + height, x, y + height + 24)
                continue
            exit_rows = rows_of(nodes[end][2], 150 - MARGIN)
            middle = y + height / 2
            yield arrow(x + width / 2, middle, WIDTH - MARGIN - 150, middle)
            yield words((x + width / 2 + WIDTH - MARGIN - 150) / 2, middle - 8, [str(label)])
            top = middle - (len(exit_rows) * LINE + 14) / 2
            yield box("exit", WIDTH - MARGIN - 75, top, 150, exit_rows)
        y += height + 24
        step = following
    yield str(y - 24 + MARGIN)


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
