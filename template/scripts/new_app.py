"""Writes a new app, as in make app NAME=orders MODEL=Order FIELDS="reference:str(40):unique note:text?".

A field is name:type. After the type, ? makes it optional, and :unique lets each owner have a value once.

    str(200) text(5000) int decimal(10,2) bool date datetime email url uuid
    choice(open,paid)    one of these values
    users.User           a foreign key to this model
"""

import builtins
import keyword
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.template import Context, Engine
from django.urls import resolve

# The type in Python | code of the model's field | a value of the factory | one that tests send | an invalid one | a value
# for each number, without which a type cannot be unique. The sizes are the default ones.
TYPES = r"""
str(200) | str | one_line(models.CharField({name}, max_length={0}{more})) | "{made:.{0}}" | "{sent:.{0}}" | "a\nb" | str(number)[-{0}:]
text(5000) | str | multiline(models.TextField({name}, max_length={0}{more})) | "{made:.{0}}" | "{sent:.{0}}" | "a\x07b" |
int | int | models.IntegerField({name}{more}) | 1 | 2 | "x" | number
decimal(10,2) | Decimal | models.DecimalField({name}, max_digits={0}, decimal_places={1}{more}) | Decimal("{one:f}") | Decimal("{two:f}") | "x" |
bool | bool | models.BooleanField({name}{more}) | False | True | "x" |
date | dt.date | models.DateField({name}{more}) | dt.date(2027, 8, 1) | dt.date(2027, 8, 2) | "x" | dt.date(2027, 1, 1) + dt.timedelta(number)
datetime | dt.datetime | models.DateTimeField({name}{more}) | dt.datetime(2027, 8, 1, tzinfo=dt.UTC) | dt.datetime(2027, 8, 2, tzinfo=dt.UTC) | "x" |
email | str | models.EmailField({name}{more}) | "made@example.com" | "sent@example.com" | "x" | str(number) + "@example.com"
url | str | one_line(models.CharField({name}, max_length=500, validators=[URLValidator(["http", "https"])]{more})) | "https://example.com/made" | "https://example.com/sent" | "x" | "https://example.com/" + str(number)
uuid | UUID | models.UUIDField({name}{more}) | UUID(int=1) | UUID(int=2) | "x" | UUID(int=number)
choice | {enum} | models.CharField({name}, max_length={longest}, choices={enum}{more}) | "{first}" | "{last}" | "unknown value" |
"""
LARGEST = {"str": 255, "text": 100_000, "decimal": 30}
# What `?` means: no text, false, or else null.
OPTIONAL = dict.fromkeys(("str", "text", "email", "url", "choice"), ", blank=True")
OPTIONAL |= {"bool": ", default=False"}
TEMPLATE = Path(__file__).parent / "app_template"
OWN = SETTINGS, URLS = Path("config/settings/own.py"), Path("config/own_urls.py")
# What `make access` writes.
PAGES = sorted(
    each for each in Path("docs").glob("*.md") if "run `make access`. -->" in each.read_text()
)
CHANGED = (*OWN, *PAGES)
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
FIELD = re.compile(r"(\w+):([\w.]+)(?:\(([\w, ]*)\))?(\?)?(:unique)?")
# What the classes that are written have or use already.
TAKEN = {"id", "pk", "owner", "created_at", "objects", "models", "settings", "factory", "dt"}
TAKEN |= {"self", "str", "int", "bool"}
# Of the project's own URLs.
IMPORTS = ["from django.urls import include, path", "from config.access import OWNER, SIGNED_IN"]
LONGEST = 60  # name of a table or a constraint that fits into every database


@dataclass
class Field:
    """What the templates need to know of a field: most of it is code."""

    name: str
    type: str
    optional: bool
    unique: bool
    python: str = ""
    code: str = ""
    made: str = ""
    sent: str = ""
    bad: str = "0"
    enum: str = ""
    choices: tuple[tuple[str, str, str], ...] = ()
    is_related: bool = False
    is_owned: bool = False  # a foreign key to rows that have an owner, too


def refuse_if(condition: object, sentence: str) -> None:
    if condition:
        sys.exit(f"{sentence} Nothing was written.")


def words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()


def snake(name: str) -> str:
    return words(name).replace(" ", "_")


def url(app: str) -> str:
    return f"/api/v1/{app.replace('_', '-')}/"


def check_names(app: str, model: str) -> None:
    """Refuse names that are malformed, or that something else has."""
    good = NAME.fullmatch(app)
    refuse_if(not good, f"NAME={app} is not in lower case with underscores, as in wish_lists.")
    good = re.fullmatch(r"([A-Z][a-z0-9]+)+", model)
    refuse_if(not good, f"MODEL={model} is not in CamelCase, as in WishList.")
    files = [Path("apps", f"{app}.py"), *Path("apps", app).rglob("*")]
    exists = any(path.is_file() and path.suffix != ".pyc" for path in files)
    refuse_if(exists, f"apps/{app} exists: change it, or choose another NAME.")
    is_module = app in {*keyword.kwlist, *keyword.softkwlist} or find_spec(app)
    refuse_if(is_module, f"{app} is a word or a module of Python: choose another NAME.")
    texts = " ".join(path.read_text() for path in TEMPLATE.rglob("*.py-tpl"))
    texts = re.sub(r"\{[%{].*?[%}]\}", " ", texts)
    used = {*re.findall(r"(?<![.\w])\w+", texts), *dir(builtins), *keyword.kwlist}
    found = "/".join(sorted({model, snake(model)} & used))
    refuse_if(found, f"The code of an app uses {found} itself: choose another MODEL.")


def parse_fields(text: str, app: str, model: str) -> list[Field]:
    """Return the fields. Refuses what is malformed."""
    fields: list[Field] = []
    for part in re.findall(r"(?:\([^)]*\)|[^\s(])+|\(", text):
        match: Any = FIELD.fullmatch(part)
        example = 'FIELDS="reference:str(40) note:text?"'
        refuse_if(not match, f"{part} is not name:type, as in {example}.")
        name, kind, sizes, optional, unique = match.groups()
        field = Field(name, kind, bool(optional), bool(unique))
        is_bad = not NAME.fullmatch(name) or keyword.iskeyword(name) or name in TAKEN
        refuse_if(is_bad, f"A field cannot be called {name}: choose another name.")
        others = {snake(model), *(each.name for each in fields)}
        refuse_if(name in others, f"There is another {name}: choose another name for the field.")
        is_long = len(f"{app}_{snake(model)}_{name}_unique") > LONGEST
        refuse_if(is_long, f"The names of app, model and {name} are too long together.")
        is_both = optional and unique
        refuse_if(is_both, f"{name} cannot be optional and unique: remove ? or :unique.")
        if "." not in kind or sizes is not None:
            complete(field, [each.strip() for each in sizes.split(",")] if sizes else [], model)
        fields.append(field)
    refuse_if(not fields, 'The model needs a field, as in FIELDS="reference:str(40)".')
    return fields


def complete(field: Field, given: list[str], model: str) -> None:
    """Fill in the code of a field. Refuses an unknown type and impossible sizes or choices."""
    name, kind = field.name, field.type
    lines = [list(map(str.strip, line.split("|"))) for line in TYPES.strip().splitlines()]
    types = {line[0].partition("(")[0]: line for line in lines}
    known = ", ".join([*(line[0] for line in lines[:-1]), "choice(open,paid)", "users.User"])
    refuse_if(kind not in types, f"{name} cannot be {kind}: the types are {known}.")
    shown, python, code, made, sent, field.bad, series = types[kind]
    if kind == "choice":
        is_good = given and all(map(NAME.fullmatch, given)) and len({*given}) == len(given)
        refuse_if(
            not is_good, f"{name} needs different values in lower case, as in choice(open,paid)."
        )
        field.choices = tuple((each.upper(), each, words(each)) for each in given)
        field.enum, sizes = model + name.title().replace("_", ""), [0]
    else:
        default = re.findall(r"\d+", shown)
        sizes = [int(each) if each.isdecimal() else -1 for each in given or default]
        is_good = len(sizes) == len(default) and all(0 <= each <= sizes[0] for each in sizes)
        is_good = is_good and (not sizes or 1 <= sizes[0] <= LARGEST[kind])
        most = f", with {LARGEST[kind]} at most" if default else ""
        refuse_if(not is_good, f"{name} has an impossible size: write {shown}{most}.")
    refuse_if(field.unique and not series, f"{name} is {kind}, which cannot be unique.")
    one = Decimal(1).scaleb(-sizes[-1] if sizes else 0)
    values = {"made": "made", "sent": "sent", "one": one, "two": 2 * one, "enum": field.enum}
    values |= {"first": [*given, ""][0], "last": ["", *given][-1], "name": f'_("{words(name)}")'}
    values |= {"longest": max(20, *map(len, given), 0)}
    values |= {"more": OPTIONAL.get(kind, ", null=True, blank=True") if field.optional else ""}
    made = f"factory.Sequence(lambda number: {series})" if field.unique else made
    field.python, field.code, field.made, field.sent = (
        each.format(*sizes, **values) for each in (python, code, made, sent)
    )


def check_project(app: str, model: str, fields: list[Field]) -> list[str]:
    """Refuse what the project has already. Return the imports of the factories."""
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415  # after `django.setup`

    generator: Any = SchemaGenerator  # untyped
    schemas = generator().get_schema(public=True)["components"]["schemas"]
    is_known = app in apps.app_configs or hasattr(get_user_model(), app)
    refuse_if(is_known, f"An app or an attribute of users is called {app}: choose another NAME.")
    has_url = resolve(url(app)).route != "^api/"
    refuse_if(has_url, f"{url(app)} exists: choose another NAME.")
    known = {each.lower() for each in (*schemas, *(each.__name__ for each in apps.get_models()))}
    is_known = model.lower() in known
    refuse_if(is_known, f"A model or a schema is called {model}: choose another MODEL.")
    imports = {"from apps.users.tests.factories import UserFactory"}
    for field in fields:
        is_taken = hasattr(Model, field.name)
        refuse_if(is_taken, f"Every model has an attribute {field.name}: choose another name.")
        used = (str(each.get("properties", {}).get(field.name)) for each in schemas.values())
        is_taken = bool(field.choices) and any("Enum" in each for each in used)
        better = f"{snake(model)}_{field.name}"
        refuse_if(is_taken, f"The API has choices called {field.name}: call these {better}.")
        if not field.code:
            imports.add(relate(field))
    return sorted(imports)


def relate(field: Field) -> str:
    """Fill in the code of a foreign key. Return the import of the factory of its model."""
    known = {each._meta.label: each._meta for each in apps.get_models()}  # noqa: SLF001  # documented
    options: Any = known.get(field.type)
    sentence = f"There is no model {field.type} for {field.name}: write it as in users.User."
    refuse_if(not options, sentence)
    factory, package = f"{options.object_name}Factory", options.app_config.name
    path = Path(*package.split("."), "tests", "factories.py")
    exists = path.exists() and f"class {factory}(" in path.read_text()
    refuse_if(not exists, f"The tests of {field.name} need a {factory} in {path}: write it first.")
    field.is_related = True
    field.is_owned = "owner" in {each.name for each in options.get_fields()}
    delete = "SET_NULL, null=True, blank=True" if field.optional else "CASCADE"
    field.code = (
        f'models.ForeignKey("{options.label}", on_delete=models.{delete}, related_name="+", '
        f'verbose_name=_("{words(field.name)}"))'
    )
    same = ', owner=factory.SelfAttribute("..owner")' if field.is_owned else ""
    field.made = f"factory.SubFactory({factory}{same})"
    field.sent = f"{factory}.create({'owner=user' if field.is_owned else ''}).pk"
    return f"from {package}.tests.factories import {factory}"


def describe(app: str, model: str, fields: list[Field], imports: list[str]) -> dict[str, Any]:
    """Return what the templates know."""
    label = words(model)
    shown = [each.name for each in fields if each.type in {"str", "email"} and not each.optional]
    unique = [each for each in fields if each.unique]
    related = [each.name for each in fields if each.is_related]
    return {
        "app": app,
        "title": words(app),
        "url": url(app).split("/")[-2],
        "model": model,
        "var": snake(model),
        "label": label,
        "a": "an" if label[0] in "aeiou" else "a",
        "imports": imports,
        "fields": fields,
        "unique": unique,
        "same": " or ".join(words(each.name) for each in unique),
        "has_constraints": any(each.unique or each.choices for each in fields),
        "optional": [each.name for each in fields if each.optional],
        "related": related,
        "shown": f"self.{shown[0]}" if shown else 'f"' + label + ' {self.pk}"',
    }


def render(source: Path, context: dict[str, Any]) -> str:
    return Engine().from_string(source.read_text()).render(Context(context, autoescape=False))


def new_files(app: str, context: dict[str, Any]) -> dict[Path, str]:
    packages = ("", "api", "migrations", "tests")
    files = {Path("apps", app, package, "__init__.py"): "" for package in packages}
    for source in TEMPLATE.rglob("*.py-tpl"):
        name = str(source.relative_to(TEMPLATE).with_suffix(".py"))
        path = Path("apps", app, name.replace("test_app", f"test_{app}"))
        files[path] = render(source, context)
    return files


def register(app: str, context: dict[str, Any]) -> dict[Path, str]:
    """Return the project's own files, with the app at their end."""
    urls, own = [URLS.read_text()], import_module("config.own_urls")
    urls.append(f'api_v1 += [path("", include("apps.{app}.api.urls"))]')
    for source in sorted(TEMPLATE.glob("*.rows-tpl")):
        operator = "|=" if hasattr(own, source.stem) else "="
        urls += [f"{source.stem} {operator} " + "{", render(source, context) + "}"]
    return {
        SETTINGS: f'{SETTINGS.read_text().rstrip()}\nLOCAL_APPS += ["apps.{app}"]\n',
        URLS: "\n".join(urls),
    }


def write(app: str, files: dict[Path, str]) -> None:
    """Write the files, the migration and the access table. After a failure, undo everything."""
    before = {path: path.read_bytes() for path in CHANGED}
    folder, ruff = f"apps/{app}", [sys.executable, "-m", "ruff"]
    fix = [*ruff, "check", "--fix-only", "--quiet"]
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for command in (
            # The templates import whatever they may need.
            [*fix, "--select=F401,I", folder],
            [*fix, "--select=I", f"--config=lint.isort.required-imports={IMPORTS}", str(URLS)],
            [sys.executable, "manage.py", "makemigrations", app],
            [*ruff, "format", "--quiet", folder, *map(str, OWN)],
            ["make", "access"],
        ):
            subprocess.run(command, capture_output=True, text=True, check=True)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in before.items():
            path.write_bytes(content)
        said = [getattr(error, name, "") for name in ("stdout", "stderr")]
        end = f"{error!r}\nEverything is as it was before."
        raise SystemExit("".join([*said, end])) from error


def main(app: str, model: str, text: str) -> None:
    if not (app or model or text):
        print(__doc__)
        return
    check_names(app, model)
    fields = parse_fields(text, app, model)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    context = describe(app, model, fields, check_project(app, model, fields))
    write(app, new_files(app, context) | register(app, context))
    print("Written:", *sorted(Path("apps", app).rglob("*.py")), sep="\n  ")
    print("Changed:", *CHANGED, sep="\n  ")
    print(f"Next: make test ARGS=apps/{app}, then make dev and http://localhost:8000{url(app)}")
    for path, target in (("docs/api/openapi.yaml", "schema"), ("docs/models.md", "diagram")):
        if Path(path).exists():
            print(f"{path} does not know the app yet: make {target}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
