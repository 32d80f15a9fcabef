"""W&B sweep files → configurations of ours: what each key becomes, and what is refused."""
