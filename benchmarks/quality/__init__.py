"""What `search_quality.py` is made of: tasks, virtual workers, contenders, tables, a picture.

`tasks` and `simulation` need only numpy and onnxruntime, so that peers' environments can use them.
"""
