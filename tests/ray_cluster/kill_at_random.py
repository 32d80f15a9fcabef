"""Kills a sweep on Ray, its driver, actors, a node and the head at random moments, by seed.

scripts/with-ray tests/ray_cluster/kill_at_random.py SEED…
"""

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "support" / "clusters"))

from conftest import RaySweep
from random_kills import survive
from ray_cluster import RayCluster


def main(seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as top:
        cluster = RayCluster(Path(top))
        cluster.up()
        project = Path(top) / "project"
        project.mkdir()
        sweep = RaySweep(cluster, project)

        def kill_node(rng: random.Random) -> None:
            cluster.kill_node("node2")
            time.sleep(rng.choice([0.1, 2, 14]))
            cluster.start_node("node2")

        def kill_head(rng: random.Random) -> None:
            cluster.kill_head_server()
            time.sleep(rng.uniform(0, 3))
            cluster.down()
            cluster.up()

        def kill_driver(rng: random.Random) -> None:
            for pid in sweep.drivers():
                os.kill(pid, signal.SIGKILL)

        def kill_actor(rng: random.Random) -> None:
            actors = cluster.slots()
            if actors:
                os.kill(rng.choice(actors), signal.SIGKILL)

        faults = {
            "node": kill_node,
            "head": kill_head,
            "driver": kill_driver,
            "actor": kill_actor,
        }
        try:
            print(seed, *survive(sweep, faults, seed), sep=" | ", flush=True)
            sweep.check_nothing_is_left(has_lost_node=True)
        finally:
            sweep.close()
            cluster.down()


if __name__ == "__main__":
    for one in sys.argv[1:]:
        main(int(one))
