"""Keys of a configuration that only the engine `local` reads. On a cluster they have no effect."""

from collections.abc import Iterator, Mapping

_ASKS_FOR_NOTHING: Mapping[str, object] = {"gpus_per_run": 0, "runs_per_gpu": 1}


def local_key_conflicts(
    config: Mapping[str, object], engine: str, advice: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the keys that the engine of a configuration would ignore, each with a sentence.

    Args:
        config: as given.
        advice: what to do about each of these keys.
    """
    for key, text in advice.items():
        value = config.get(key)
        if value is not None and value != _ASKS_FOR_NOTHING.get(key):
            yield key, f"has no effect on {engine}, got {value!r}. {text}"
