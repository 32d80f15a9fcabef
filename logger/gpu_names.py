"""Names of GPUs, as CUDA reads them and as NVML returns them."""

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Iterator


def visible_entries(text: str) -> "Iterator[str]":
    """Yield the entries as CUDA reads them: an invalid one (-1) hides those after it."""
    for entry in map(str.strip, text.split(",")):
        if not entry or entry.startswith("-") or entry == "NoDevFiles":
            return
        yield entry


def nvml_text(found: "str | bytes") -> str:
    """Decode a text: older bindings return bytes."""
    return found.decode() if isinstance(found, bytes) else found
