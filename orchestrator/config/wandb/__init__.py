"""Convert W&B sweep files to our configurations: the meaning of each key, and what is refused.

May import the modules of `config` that read and validate files, and what `config` may import.
"""
