"""What `list`, `show`, `export` and `replay` say, as data. Imports `store` and `stopping`."""
