"""Tools of the Model Context Protocol: what a coding agent may see and do.

`log_folder` implements them, below one log folder. `tools` describes them to agents, `answers`
describes the answers, and `server` offers the tools. May import `logger`, `reports`, `steering`,
`store` and `errors`.
"""
