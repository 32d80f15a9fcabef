"""Configuration files → validated settings, with every mistake explained.

`experiment_cfg.json` and W&B sweep files, also the reference page of all keys. May import `logger`,
`errors`, `setting_types`, `expressions`, `store`, `stopping`, `search`, `commands` and `executors`.
"""
