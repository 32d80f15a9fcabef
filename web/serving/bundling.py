"""Bundle ES modules into scripts that a browser loads as one or two files. Pure.

Each module costs a page a request and a parse of its own, and a page that was opened from a file
cannot load a module from another. Our modules use only a small part of the language, which a test
checks: imports in one line, by relative address, of names. Exports only of functions, classes and
constants, at the beginning of a line.
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
const makers = {}, made = {};
const need = (name) => {
  if (!(name in made)) {
    const exported = {};
    made[name] = exported;
    makers[name](exported);
  }
  return made[name];
};
const placed = (from, address) => new URL(address, `file:///${from}`).pathname.slice(1);
const later = (from) => async (address) => {
  const name = placed(from, address);
  if (!(name in makers)) await fetchRest();
  return need(name);
};
"""
_END = "})();\n"


class BundlingError(ValueError):
    """A module contains something that cannot be bundled."""


def bundle(
    modules: Mapping[str, str], first: str, *, address: str = _ADDRESS, rest: str = ""
) -> str:
    """Return one script that does the same as importing the module `first`.

    Args:
        modules: name → source of all modules that `first` needs at once, and of any others.
        address: the expression that replaces `import.meta.url`. A script that is not loaded as a
            module has none.
        rest: the address of a script made by `bundle_rest`, relative to that of this one. It is
            loaded when a module is imported later that is not in `modules`.

    Raises:
        BundlingError: a module imports or exports in a form that is not supported here.
    """
    fetch_rest = (
        f"const fetchRest = async () => "
        f"(await import({json.dumps(rest)})).define(makers, need, later);\n"
    )
    parts = [_made(name, source, address) for name, source in sorted(modules.items())]
    begin = _BEGIN + (fetch_rest if rest else "")
    return "".join([begin, *parts, f"need({json.dumps(first)});\n", _END])


def bundle_rest(modules: Mapping[str, str]) -> str:
    """Return a module with the rest of a bundle.

    Raises:
        BundlingError: a module imports or exports in a form that is not supported here.
    """
    parts = [_made(name, source, _ADDRESS) for name, source in sorted(modules.items())]
    return "".join(["export function define(makers, need, later) {\n", *parts, "}\n"])


def imported_by(module: str, source: str) -> list[str]:
    """Return the names of the modules that `module` imports at once."""
    addresses = dict.fromkeys(match[2] for match in _IMPORT.finditer(source))
    return [_placed(module, address) for address in addresses]


def closure(modules: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return these modules and everything that they need at once, with their sources."""
    found = dict.fromkeys(names)
    queue = list(names)
    while queue:
        module = queue.pop()
        new = [one for one in imported_by(module, modules[module]) if one not in found]
        found.update(dict.fromkeys(new))
        queue.extend(new)
    return {name: modules[name] for name in found}


def _made(name: str, source: str, address: str) -> str:
    """Return the module as a function of the object with its exports."""
    exported = [(match[2]) for match in _EXPORT.finditer(source)]
    body = _IMPORT.sub(lambda match: _needed(name, match[1], match[2]), source)
    body = _EXPORT.sub("", body)
    body = _LATER.sub(f"later({json.dumps(name)})(", body)
    body = body.replace(_ADDRESS, address)
    for line in body.splitlines():
        if line.startswith(("import ", "export ")):
            raise BundlingError(f"{name}: {line}")
    getters = ", ".join(f"{one}: {{ get: () => {one} }}" for one in exported)
    return (
        f"makers[{json.dumps(name)}] = (exported) => {{\n"
        f"Object.defineProperties(exported, {{ {getters} }});\n{body}\n}};\n"
    )


def _needed(name: str, names: str | None, address: str) -> str:
    module = json.dumps(_placed(name, address))
    if names is None:
        return f"need({module});"
    return f"const {{ {', '.join(_renamed(names))} }} = need({module});"


def _placed(module: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), address))


def _renamed(names: str) -> Iterator[str]:
    """Yield the names for destructuring: `a as b` of an import is `a: b`."""
    for one in filter(None, (part.strip() for part in names.split(","))):
        own, _, here = one.partition(" as ")
        yield f"{own}: {here}" if here else own
