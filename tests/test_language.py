"""The language of all prose: the words that CONTRIBUTING.md advises against do not come back."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.projects import ROOT, files_of_repository

# Each wording of the table in CONTRIBUTING.md, as a regular expression that finds it in prose.
AVOIDED = {
    "belongs into": r"\bbelong(?:s|ed)? into\b",
    "away": r"(?<!throw )(?<!throws )(?<!thrown )(?<!right )\baway\b",
    "mend": r"\bmend(?:s|ed|ing)?\b",
    "anew": r"\banew\b",
    "whoever": r"\bwhoever\b",
    "Who …, What is … as a subject": r"(?:^|[-.:;|] )\**(?:Who|What (?:is|are|was|were))\b(?![^.?]*\?)",
    "bears": r"\b(?:bears?|bore)\b",
    "answer (HTTP)": r"\banswer(?:s|ed|ing)?\b",
    "leaf through": r"\bleaf(?:s|ed|ing)? through\b",
    "parked": r"\bpark(?:s|ed)?\b",
    "noted": r"\bnoted\b",
    "in its hands": r"\bin (?:his|its|their) hands\b",
    "tried again": r"\b(?:tried|tries) (?:\w+ )?again\b",
    "well again": r"\bwell again\b",
    "by itself": r"\bby (?:itself|themselves)\b",
    "void": r"\bvoid(?:s|ed)?\b",
    "stamp": r"\bstamps?\b",
    "by the clock": r"\bby the clock\b",
    "way to the cache": r"\bways? to the (?:cache|database|server)\b",
    "believed": r"\b(?:is|are|be) believed\b|\bbelieves? (?:a|the|its) token",
    "ends TLS": r"\bends? TLS\b",
    "dear": r"\bdear(?:er|est)?\b",
    "for want of": r"\bfor want of\b",
    "good for 5 minutes": r"\bgood for \w+ (?:second|minute|hour|day)s?\b",
    "taken back": r"\b(?:take|takes|taken|took) (?:\w+ )?back\b",
    "that there is not": r"\bthat there (?:is|are) not\b",
    "is there already": r"\b(?:is|are|was|were) there already\b",
    "laptop": r"\blaptops?\b",
    "door": r"\bdoors?\b",
    "tested day": r"\btested day\b",
}
ANSWER = "answer (HTTP)"
PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in AVOIDED.items()}
SUBJECT = "Who …, What is … as a subject"
PATTERNS[SUBJECT] = re.compile(AVOIDED[SUBJECT])
# "Answer" is Copier's term. Where a text is about Copier, only what speaks of HTTP is found.
HTTP_ANSWER = re.compile(
    r"\banswer(?:s|ed|ing)? (?:with |by )?`?[1-5]\d\d\b"
    r"|\b(?:server|service|API|process|broker|database|cache|worker|container|proxy|view|endpoint)"
    r"s? (?:\w+ ){0,2}answer(?:s|ed|ing)?\b"
    r"|\brequests? (?:is|are|was|were) answered\b"
    r"|\b(?:cached|empty|JSON|HTTP|slow|slowest|small) answers?\b"
    r"|\banswers? (?:that counts|to (?:a|the|each|every) request)\b",
    re.IGNORECASE,
)
ABOUT_COPIER = re.compile(
    r"docs/(?:index|start|get-started/|updating/|reference/|decisions/)|[\w.]+\.md$|copier\.yml|questions/|includes/\w"
    r"|hooks/|updater/|template/(?:\{\{|Makefile|scripts/update\.py|\.github/)"
)
SENTENCE = re.compile(r"[A-Z`].* .*[.!:]", re.DOTALL)


class Prose(NamedTuple):
    line: int
    text: str


def markdown(text: str) -> Iterator[Prose]:
    """Yield the paragraphs of a page, without code."""
    in_code = False
    lines: list[Prose] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code and "mermaid" not in line
        elif not in_code and not line.startswith("    "):
            lines.append(Prose(number, without_code(line)))
    yield from joined(lines)


def joined(lines: list[Prose]) -> Iterator[Prose]:
    """Yield lines that follow each other as one text, because a wording may span two of them."""
    block: list[Prose] = []
    for each in lines:
        if block and (each.line != block[-1].line + 1 or not each.text.strip()):
            yield Prose(block[0].line, " ".join(part.text.strip() for part in block))
            block = []
        if each.text.strip():
            block.append(each)
    if block:
        yield Prose(block[0].line, " ".join(part.text.strip() for part in block))


def python(text: str) -> Iterator[Prose]:
    """Yield the comments and docstrings of a module, and the sentences that it shows."""
    comments = [
        Prose(token.start[0], without_code(token.string.lstrip("# ")))
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and not token.string.startswith("# copier:")
    ]
    yield from joined(comments)
    constants = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    for constant in constants:
        if isinstance(constant.value, str) and SENTENCE.match(constant.value):
            yield Prose(constant.lineno, " ".join(without_code(constant.value).split()))


def without_code(text: str) -> str:
    return re.sub(r"`[^`]*`", "`code`", text)


def comments(text: str) -> Iterator[Prose]:
    """Yield the comments of a file in a language that has them behind # or //."""
    found = (
        (number, re.search(r"(?:^|\s)(?:#+|//|/?\*+) (?!copier:)(.+)", line))
        for number, line in enumerate(text.splitlines(), 1)
    )
    yield from joined([Prose(number, without_code(match[1])) for number, match in found if match])


def everything(text: str) -> Iterator[Prose]:
    """Yield the lines of a file that is prose as a whole, or messages among a little code."""
    plain = re.sub(r"<[^>]*>", " ", text)
    yield from joined([Prose(number, line) for number, line in enumerate(plain.splitlines(), 1)])


READERS: dict[str, Callable[[str], Iterator[Prose]]] = {
    ".md": markdown,
    ".py": python,
    ".html": everything,
    ".txt": everything,
    ".yml": everything,
    ".jinja": everything,
}
NO_PROSE = re.compile(r"includes/(?:licenses/|timezones)|template/LICENSE|\.(?:svg|css)$")


def prose_of(path: Path) -> Iterator[Prose]:
    """Yield what people read in a file of the repository."""
    text = (ROOT / path).read_text()
    name = path.name if path.parts[0] == "includes" else path.name.removesuffix(".jinja")
    if path == Path("CHANGELOG.md"):
        text = "\n## ".join(text.split("\n## ")[:2])
    yield from READERS.get(Path(name).suffix, comments)(text)


AREAS = {
    "the repository": r"[\w.]+\.(?:md|yml)|(?:questions|includes|hooks|exercises)/.+",
    "the handbook": r"docs/(?!practices/).+",
    "the practices": r"docs/practices/.+",
    "the pages in a project": r"template/(?:docs/.+|README.+)",
    "a project's own files": r"template/[^/]+|template/(?:compose|scripts|clients|\.github)/.+",
    "a project's code": r"template/(?:apps|config)/.+",
}


def findings(path: Path) -> Iterator[str]:
    """Yield each wording in a file that the table advises against."""
    for line, text in prose_of(path):
        for name, pattern in PATTERNS.items():
            wanted = HTTP_ANSWER if name == ANSWER and ABOUT_COPIER.match(str(path)) else pattern
            for match in wanted.finditer(text):
                yield f"{path}:{line}: {name}: … {text[max(0, match.start() - 30) : match.end() + 20]} …"


def files_in(area: str) -> list[Path]:
    pattern = re.compile(AREAS[area])
    return [
        path
        for path in files_of_repository()
        if pattern.fullmatch(str(path)) and not NO_PROSE.search(str(path))
    ]


@pytest.mark.parametrize("area", AREAS)
def test_the_prose_has_no_wording_that_the_house_style_advises_against(area: str) -> None:
    files = files_in(area)
    assert files
    found = [finding for path in files for finding in findings(path)]
    assert not found, "\n".join([f"{len(found)} in {area}:", *found])


def test_contributing_lists_the_same_wordings_as_this_test() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.partition("| avoid | write |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(.+?)` \| .+ \|$", table, re.MULTILINE)
    assert rows
    assert sorted(rows) == sorted(AVOIDED)


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("docs/practices/a.md", "The cache is away, and is\ntried again later.", ["away", "tried"]),
        ("docs/practices/a.md", "Every answer has an id.", ["answer"]),
        ("docs/practices/a.md", "`away` is a name, a timestamp is not a stamped letter.", []),
        ("docs/practices/a.md", "```console\n$ echo away\n```", []),
        ("docs/practices/a.md", "Who asks twice, gets one.\n\nWho asks? What is next?", ["Who"]),
        ("docs/updating/a.md", "Change an answer: every answer is recorded.", []),
        (
            "docs/updating/a.md",
            "The API answers 503 while the broker does not answer.",
            2 * ["ans"],
        ),
        ("template/apps/a.py", '"""Read it."""\n\naway = 1  # while it is away\n', ["away"]),
        ("template/apps/a.py.jinja", '# copier: if away\ndef f():\n    """Mend it."""\n', ["mend"]),
        ("template/apps/a.py", 'raise E("It is away.")\nname = "away"\n', ["away"]),
        ("template/compose.yaml.jinja", "away: 1  # ends TLS\n# copier: if away\n", ["ends TLS"]),
        ("template/.env.example.jinja", "# Belongs\n# into a file.\nAWAY=", ["belongs"]),
        ("template/clients/a.ts", "// As whoever asks.\nlet away: void", ["whoever"]),
        ("template/apps/a.py", '"""`f`: reads\nall of it anew."""\n', ["anew"]),
        ("questions/a.yml", "help: Which door?\n", ["door"]),
        ("includes/a.jinja", "{#- It is anew. -#}", ["anew"]),
        ("CHANGELOG.md", "# News\n\n## Unreleased\n\nIt bears.\n\n## 0.1.0\n\nAway.\n", ["bears"]),
    ],
)
def test_a_wording_is_found_in_prose_and_not_in_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, found: list[str]
) -> None:
    monkeypatch.setattr("tests.test_language.ROOT", tmp_path)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    names = [finding.split(": ")[1] for finding in findings(Path(path))]
    assert len(names) == len(found)
    assert all(name.startswith(start) for name, start in zip(names, found, strict=True))
