"""What a coding agent may see and do, offered as tools of the Model Context Protocol.

`log_folder` does it, below one log folder. `server` describes the tools to agents. May import
`logger`, `reports`, `steering`, `store` and `errors`.
"""
