"""The parts of `search_quality.py`: tasks, virtual workers, contenders, tables, a picture.

`tasks` and `simulation` need only numpy and onnxruntime, so they work in the environments of peers.
"""
