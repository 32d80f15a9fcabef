"""Compiled templates, stored beside them as Python stores its own modules: `__pycache__`.

Compiling them takes longer than rendering the first page. If the folder cannot be written to, or
Python is set to write no bytecode (`PYTHONDONTWRITEBYTECODE`), they are compiled each time.
"""

import contextlib
import pickle
import sys
from pathlib import Path

from jinja2 import BytecodeCache, FileSystemBytecodeCache
from jinja2.bccache import Bucket


class TemplateCache(FileSystemBytecodeCache):
    """A cache whose failures break no page: what cannot be read is compiled again, what cannot be
    written is not kept."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, ValueError, TypeError, AttributeError, pickle.UnpicklingError):
            bucket.reset()  # cut short or damaged: Jinja itself raises unless its head is whole

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def template_cache(templates: Path) -> BytecodeCache | None:
    """Return a cache for the templates in this folder, or None if nothing can be kept.

    Each file in it contains the sources' digests and the version of the bytecode: what was compiled
    from an older template, or by another Python, is not used.
    """
    folder = templates / "__pycache__"
    if sys.dont_write_bytecode:
        return None
    try:
        folder.mkdir(0o755, exist_ok=True)  # its content is run: nobody else may write it
    except OSError:
        return None
    return TemplateCache(str(folder), f"{sys.implementation.cache_tag}-%s.jinja")
