"""W&B sweep files → configurations of ours: what each key becomes, and what is refused.

May import the modules of `config` that read and validate files, and what `config` may import.
"""
