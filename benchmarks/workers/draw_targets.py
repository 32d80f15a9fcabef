"""Draw how much of its target each figure uses. Usage: draw_targets.py FILE < bars.json"""

import json
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

matplotlib.rcParams.update({"font.size": 8, "svg.hashsalt": "benchmarks"})
bars = json.load(sys.stdin)[::-1]
figure, axes = plt.subplots(figsize=(9, 0.6 + 0.2 * len(bars)), layout="constrained")
colors = ["#2a7f62" if is_met else "#c0392b" for *_, is_met in bars]
axes.barh(range(len(bars)), [used for _, used, _ in bars], color=colors, left=0.001)
axes.set_yticks(range(len(bars)), [title for title, *_ in bars])
axes.axvline(1, color="black", linewidth=1)
axes.set_xscale("log")
axes.set_xlim(0.01, None)
axes.set_ylim(-0.6, len(bars) - 0.4)
axes.set_xlabel("part of the target that is used (left of the line: met)")
axes.spines[["top", "right"]].set_visible(False)
figure.savefig(sys.argv[1], metadata={"Date": None})
