"""ES modules → one script. Pure.

A page that was opened from a file may load no module from another. Our modules keep to a small part
of the language, which a test checks: imports in one line, by relative address, of names. Exports
only of functions, classes and constants, at the beginning of a line.
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping

_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.{1,2}/[\w./-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(async function\*?|function\*?|class|const|let)\s+(\w+))", re.MULTILINE
)
_LATER = re.compile(r"\bimport\((?=[\"`])")
_ADDRESS = "import.meta.url"
_BEGIN = """(() => {
"use strict";
const makers = new Map(), made = new Map();
const need = (name) => {
  if (!made.has(name)) {
    const exported = {};
    made.set(name, exported);
    makers.get(name)(exported);
  }
  return made.get(name);
};
const placed = (from, address) => new URL(address, `file:///${from}`).pathname.slice(1);
const later = (from) => async (address) => need(placed(from, address));
"""
_END = "})();\n"


class BundlingError(ValueError):
    """A module holds something that cannot be bundled."""


def bundle(modules: Mapping[str, str], first: str) -> str:
    """One script that does what importing the module `first` does.

    Args:
        modules: name → source of all modules that may be asked for, at once or later.

    Raises:
        BundlingError: a module imports or exports in a way that is not known here.
    """
    parts = [_made(name, source) for name, source in sorted(modules.items())]
    return "".join([_BEGIN, *parts, f"need({json.dumps(first)});\n", _END])


def _made(name: str, source: str) -> str:
    """The module as a function, which is given the object of what it exports."""
    exported = [(match[2]) for match in _EXPORT.finditer(source)]
    body = _IMPORT.sub(lambda match: _needed(name, match[1], match[2]), source)
    body = _EXPORT.sub("", body)
    body = _LATER.sub(f"later({json.dumps(name)})(", body)
    body = body.replace(_ADDRESS, '"file:///static/"')
    for line in body.splitlines():
        if line.startswith(("import ", "export ")):
            raise BundlingError(f"{name}: {line}")
    getters = ", ".join(f"{one}: {{ get: () => {one} }}" for one in exported)
    return (
        f"makers.set({json.dumps(name)}, (exported) => {{\n"
        f"Object.defineProperties(exported, {{ {getters} }});\n{body}\n}});\n"
    )


def _needed(name: str, names: str | None, address: str) -> str:
    module = json.dumps(posixpath.normpath(posixpath.join(posixpath.dirname(name), address)))
    if names is None:
        return f"need({module});"
    return f"const {{ {', '.join(_renamed(names))} }} = need({module});"


def _renamed(names: str) -> Iterator[str]:
    """`a as b` of an import is `a: b` when an object is taken apart."""
    for one in filter(None, (part.strip() for part in names.split(","))):
        own, _, here = one.partition(" as ")
        yield f"{own}: {here}" if here else own
