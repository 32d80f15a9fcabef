"""The content of `list`, `show`, `export` and `replay`, as data.

May import `logger`, `errors`, `store`, `stopping`, `verdict`, `commands` and `config`.
"""
