"""The kinds of media, and the files that may hold them."""

IMAGE, TEXT, HISTOGRAM, TABLE, AUDIO = "image", "text", "histogram", "table", "audio"
KINDS = (IMAGE, TEXT, HISTOGRAM, TABLE, AUDIO)

FOLDER_NAME = "logged_media"
"""The folder for media, in a run's own folder. No other file there has this name."""
IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".gif", ".webp", ".svg"))
AUDIO_SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".mp3"))
SUFFIXES = {
    IMAGE: IMAGE_SUFFIXES,
    TEXT: frozenset((".txt",)),
    HISTOGRAM: frozenset[str](),
    TABLE: frozenset((".json",)),
    AUDIO: AUDIO_SUFFIXES,
}

MOST_TABLE_ROWS = 10_000
MOST_TABLE_COLUMNS = 1_000
MOST_TABLE_BYTES = 16 << 20
MOST_TEXT_BYTES = 1 << 20
MOST_BINS = 1_000
DEFAULT_BUDGET_BYTES = 1_000_000_000
"""The budget of one run: 1 GB."""
