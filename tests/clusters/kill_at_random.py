"""Kills a sweep on Slurm, nodes, the controller and jobs at random moments, by seed.

python tests/clusters/kill_at_random.py SEED…
"""

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "support" / "clusters"))

from conftest import SlurmSweep
from random_kills import survive
from slurm_cluster import NODES, SlurmCluster


def main(seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="slurm-test-", ignore_cleanup_errors=True) as top:
        cluster = SlurmCluster(Path(top) / "c", SlurmdTimeout="10")
        cluster.up()
        project = Path(top) / "project"
        project.mkdir()
        sweep = SlurmSweep(cluster, project)

        def kill_node(rng: random.Random) -> None:
            node = rng.choice(NODES)
            cluster.kill_node(node)
            time.sleep(rng.choice([0.1, 2, 14]))
            cluster.start_node(node)

        def kill_controller(rng: random.Random) -> None:
            cluster.kill_controller()
            time.sleep(rng.uniform(0, 5))
            cluster.start_controller()

        def cancel_job(rng: random.Random) -> None:
            jobs = cluster.jobs()
            if jobs:
                cluster.command("scancel", rng.choice(jobs), check=False)

        def resume_nodes() -> None:
            """A controller that lost jobs drains nodes where it meets their numbers again."""
            if "drain" in cluster.command("sinfo", "-h", "-o", "%T", check=False):
                names = f"NodeName={','.join(NODES)}"
                cluster.command("scontrol", "update", names, "State=RESUME", check=False)

        faults = {"node": kill_node, "controller": kill_controller, "scancel": cancel_job}
        try:
            print(seed, *survive(sweep, faults, seed, resume_nodes), sep=" | ", flush=True)
            sweep.check_nothing_is_left()
        finally:
            sweep.close()
            cluster.down()


if __name__ == "__main__":
    for one in sys.argv[1:]:
        main(int(one))
