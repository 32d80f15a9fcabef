"""What `list`, `show`, `export` and `replay` say, as data.

May import `logger`, `errors`, `store`, `stopping`, `verdict`, `commands` and `config`.
"""
