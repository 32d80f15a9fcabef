"""Read and validate configuration files, and explain every mistake.

`experiment_cfg.json` and W&B sweep files, and the reference page of all keys. May import `logger`,
`errors`, `setting_types`, `expressions`, `store`, `stopping`, `search`, `commands` and `executors`.
"""
