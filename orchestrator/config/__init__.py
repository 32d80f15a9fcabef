"""`experiment_cfg.json` and W&B sweep files → validated settings, with every mistake explained.
Imports `search`, `stopping`, `commands` and `store`."""
