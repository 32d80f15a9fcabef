"""The generated pages of docs/reference, written from the code that they describe.

`scripts/write-reference` writes them; tests/project/test_reference_pages.py compares them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.orchestrator.reports.events import events_schema

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
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
    """The text of every generated page, by its file name."""
    return {"events.md": events_page()}


# --- events ------------------------------------------------------------------------------------


def events_page() -> str:
    """The events of the journal and of `--json`."""
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
        notes = ["" if field in required else "optional", about.get("description", "")]
        text = "; ".join(filter(None, notes))
        lines.append(f"| `{field}` | {_type(schema, about)} | {text} |".replace("  ", " "))
    return "\n".join(lines) + "\n"


def _type(schema: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """A type in words."""
    about = _resolved(schema, about)
    if "anyOf" in about:
        found = [_type(schema, one) for one in about["anyOf"]]
        return " or ".join(one for one in found if one != _NOT_FINITE)
    if "enum" in about:
        return ", ".join(f'`"{one}"`' for one in about["enum"])
    if "const" in about:
        return f'`"{about["const"]}"`'
    if about["type"] == "array":
        return f"list of {_type(schema, about['items'])}s"
    return str(about["type"])


def _resolved(schema: Mapping[str, Any], about: Mapping[str, Any]) -> Mapping[str, Any]:
    ref = about.get("$ref")
    return about if ref is None else schema["$defs"][ref.rpartition("/")[2]]


def _main() -> Iterator[Path]:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = FOLDER / name
        path.write_text(text, encoding="utf-8")
        yield path


if __name__ == "__main__":
    for written in _main():
        print(written)
