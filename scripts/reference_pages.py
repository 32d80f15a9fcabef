"""Generate pages of the documentation and the schema from the code they describe.

`scripts/write-reference` writes them, and tests/project/test_reference_pages.py compares them.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from reference_tables import ENVIRONMENT, ROUTES

from ml_tracking_ops.orchestrator.cli.arguments.parser import command_parsers
from ml_tracking_ops.orchestrator.cli.process import EXIT_CODES
from ml_tracking_ops.orchestrator.config.model import json_schema
from ml_tracking_ops.orchestrator.config.reference import reference_page
from ml_tracking_ops.orchestrator.reports.events import events_schema
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.serving.late_routes import LateRoutes

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
SCHEMA = ROOT / "orchestrator" / "experiment_cfg.schema.json"
_WRITTEN = "<!-- Written by scripts/write-reference: change the code, not this page. -->\n"
_EVENTS = """\
A sweep's `journal.jsonl` has one event a line, as JSON, in the order in which they happened. Only
the sweep's orchestrator writes it. `ml-tracking-ops sweep --json` and `attach --json` print the
same events, and some more. `ml-tracking-ops schema --events` prints a JSON Schema of a line.

Times are seconds since the epoch. A number that JSON cannot hold is the string `"nan"`, `"inf"` or
`"-inf"`. Events and fields are added over time, never renamed.
"""
_NOT_FINITE = '`"nan"`, `"inf"`, `"-inf"`'
_PRINTED_ONLY = ("sweep", "planned", "improved", "trouble", "summary")


def pages() -> dict[str, str]:
    """Return the text of every generated page, by its file name."""
    return {
        "commands.md": commands_page(),
        "environment.md": environment_page(),
        "events.md": events_page(),
        "http.md": http_page(),
    }


# --- commands ----------------------------------------------------------------------------------

_COMMANDS = """\
`ml-tracking-ops COMMAND --help` prints the same. Options can come before or after the other
arguments. `PATH` is a folder, a `.dat` file, or a name from `ml-tracking-ops list`. `SWEEP` is the
folder or the name of a sweep. Without a command, `ml-tracking-ops --logdir=runs` is the same as
`ml-tracking-ops web`, and `ml-tracking-ops --run_sweep=True --logdir=runs` is the same as
`ml-tracking-ops sweep`.
"""


def commands_page() -> str:
    """Return every command with its arguments, from the parser, and the exit codes."""
    parsers = command_parsers()
    codes = [f"| {code} | {text} |" for code, text in EXIT_CODES.items()]
    return "\n".join(
        [
            "# Commands\n",
            _WRITTEN,
            _COMMANDS,
            *(_command(name, parser) for name, parser in parsers.items()),
            "## Exit codes\n",
            "| code | meaning |\n| --- | --- |",
            *codes,
            "\n`run` ends with the exit code of its program.\n",
        ]
    )


def _command(name: str, parser: argparse.ArgumentParser) -> str:
    text = (parser.description or "").rstrip(".")
    actions = [one for one in parser._actions if one.help != argparse.SUPPRESS]
    given = [_positional(one) for one in actions if not one.option_strings]
    usage = " ".join(["ml-tracking-ops", name, *given, "[options]"])
    if name == "run":
        usage = "ml-tracking-ops run [options] -- PROGRAM ARGUMENTS…"
    rows = [_argument(one) for one in actions if one.dest != "help"]
    table = "\n".join(["| argument | |", "| --- | --- |", *rows]) + "\n" if rows else ""
    heading = f"## {name}\n\n{text[0].upper()}{text[1:]}.\n"
    return f"{heading}\n    {usage if rows else usage.removesuffix(' [options]')}\n\n{table}"


def _positional(action: argparse.Action) -> str:
    name = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
    many = "…" if action.nargs in ("*", "+") else ""
    return f"[{name}{many}]" if action.nargs in ("?", "*") else f"{name}{many}"


def _argument(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"| `{_positional(action)}`".replace("|", "\\|").replace("\\| ", "| ", 1) + (
            f" | {action.help or ''} |".replace("  ", " ")
        )
    value = "" if action.nargs == 0 else f" {action.metavar or _choices(action)}"
    names = ", ".join(f"`{name}{value}`".replace("|", "\\|") for name in action.option_strings)
    notes = [action.help or ""]
    if isinstance(action, argparse._AppendAction) and "repeatable" not in notes[0]:
        notes.append("(repeatable)")
    text = " ".join(filter(None, notes)).replace("%%", "%").replace("|", "\\|")
    return f"| {names} | {text} |".replace("  ", " ")


def _choices(action: argparse.Action) -> str:
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


# --- environment and HTTP ----------------------------------------------------------------------


def environment_page() -> str:
    """Return the environment variables that are set for runs or read."""
    rows = [f"| `{name}` | {who} | {text} |" for name, (who, text) in ENVIRONMENT.items()]
    return "\n".join(
        [
            "# Environment variables\n",
            _WRITTEN,
            "A sweep sets these for each run. `ml-tracking-ops run` sets those that name files.\n",
            "| variable | | |\n| --- | --- | --- |",
            *rows,
            "\nVariables of your own come from the key `environment` of the configuration, see",
            "[how runs are started](../running.md).\n",
        ]
    )


_HTTP = """\
The dashboard uses these addresses, and your programs can use them too. The same protection applies
([security](../security.md)): the token, the host names of the server, and for every change a second
token that only the dashboard's own pages have. So let programs read over HTTP, and use the
[commands](commands.md) to change something.

`run` and `sweep` are ids: the path below the log folder, as in the address of a page. A wrong query
is answered with status 400 and `{"error": "…"}`, which names the parameter, its value and what is
allowed. Pass lists as repeated parameters: `?run=A&run=B`.

```console
$ curl 'http://127.0.0.1:5000/api/metrics?run=SWEEP/RUN'
{"metrics": ["loss"]}
$ curl 'http://127.0.0.1:5000/api/series?run=SWEEP/RUN&metric=loss'
{"runs": {"SWEEP/RUN": {"cursor": 736, "metrics": {"loss": {
    "step": [0, 1], "wall_time": [1795991719.7, 1795991719.8], "value": [24.7, 24.4],
    "count": 2, "is_thinned": false, "n_repeated": 0}}}}}
$ curl 'http://127.0.0.1:5000/export/series?run=SWEEP/RUN&format=csv'      # every point
$ curl 'http://127.0.0.1:5000/export/sweep/SWEEP?format=json'              # the table of the runs
```

`cursor` is the number of bytes of the log that the answer covers.
"""


def http_page() -> str:
    """Return every route of the dashboard."""
    parts = ["# HTTP\n", _WRITTEN, _HTTP, "| method | path | |\n| --- | --- | --- |"]
    for route in sorted(_all_routes(), key=lambda route: str(route.path)):
        methods = ", ".join(sorted(set(route.methods or ()) - {"HEAD"}))
        path: str = route.path
        shown = path.replace(":path}", "}")
        parts.append(f"| {methods} | `{shown}` | {_route_text(route, methods)} |")
    return "\n".join(parts) + "\n"


def _all_routes() -> Iterator[Any]:
    for route in create_app(Path("runs")).routes:
        yield from import_module(route.module).routes if isinstance(route, LateRoutes) else [route]


def _route_text(route: Any, methods: str) -> str:
    """Return the text of the table, or else the first sentence of the handler's docstring."""
    text = ROUTES.get(f"{methods} {route.path}") or ROUTES.get(route.path)
    return text or (inspect.getdoc(inspect.unwrap(route.endpoint)) or "").partition("\n\n")[0]


# --- events ------------------------------------------------------------------------------------


def events_page() -> str:
    """Return the events of the journal and of `--json`."""
    schema = events_schema()
    names = {ref: name for name, ref in schema["discriminator"]["mapping"].items()}
    in_order = [names[one["$ref"]] for one in schema["oneOf"]]
    journal = [name for name in in_order if name not in _PRINTED_ONLY]
    parts = [
        "# Events\n",
        _WRITTEN,
        _EVENTS,
        "## In the journal\n",
        *(_event(schema, name) for name in journal),
        "## Printed only\n",
        *(_event(schema, name) for name in _PRINTED_ONLY),
    ]
    return "\n".join(parts)


def _event(schema: Mapping[str, Any], name: str) -> str:
    definition = _resolved(schema, {"$ref": schema["discriminator"]["mapping"][name]})
    required = definition.get("required", ())
    lines = [f"### `{name}`\n", f"{definition['description']}\n"]
    lines.append("| field | type | |\n| --- | --- | --- |")
    for field, about in definition["properties"].items():
        if field == "event" or (field == "time" and name not in _PRINTED_ONLY):
            continue
        notes = [about.get("description", ""), "" if field in required else "(optional)"]
        text = " ".join(filter(None, notes))
        lines.append(f"| `{field}` | {_type(schema, about)} | {text} |".replace("  ", " "))
    return "\n".join(lines) + "\n"


def _type(schema: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """Return a type in words."""
    about = _resolved(schema, about)
    if "anyOf" in about:
        found = [_type(schema, one) for one in about["anyOf"]]
        return " or ".join(one for one in found if one != _NOT_FINITE)
    if "enum" in about:
        return ", ".join(f'`"{one}"`' for one in about["enum"])
    if "const" in about:
        return f'`"{about["const"]}"`'
    if about["type"] == "array":
        return f"list of {_plural(_type(schema, about['items']))}"
    return str(about["type"])


def _plural(words: str) -> str:
    """Return the plural of a type in words, such as "lists of numbers"."""
    first, of, rest = words.partition(" of ")
    return f"{first}s{of}{rest}"


def _resolved(schema: Mapping[str, Any], about: Mapping[str, Any]) -> Mapping[str, Any]:
    ref = about.get("$ref")
    return about if ref is None else schema["$defs"][ref.rpartition("/")[2]]


def files() -> dict[Path, str]:
    """Return the text of every generated file in the repository."""
    return {
        **{FOLDER / name: text for name, text in pages().items()},
        FOLDER.parent / "configuration.md": reference_page(),
        SCHEMA: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
    }


def stale(written: Mapping[Path, str]) -> list[Path]:
    """Return those that differ from the code."""
    return [
        path
        for path, text in written.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write outdated files. With `--check` only name them, and fail."""
    written = files()
    found = stale(written)
    if arguments == ["--check"]:
        for path in found:
            print(f"{path} differs from the code. Run scripts/write-reference", file=sys.stderr)
        return 1 if found else 0
    for path in found:
        path.write_text(written[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
