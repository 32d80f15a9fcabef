"""The descriptions of environment variables and HTTP routes in the reference.

Tests compare the names with those in the code.
"""

ENVIRONMENT = {
    "ML_TRACKING_OPS_RUN_FILE": (
        "set for runs",
        "The `.dat` file of this attempt. `ExperimentLogger` writes to it and ignores `logdir`.",
    ),
    "ML_TRACKING_OPS_RUN_NAME": (
        "set for runs",
        "The name of the run, for folders of its own. `${run_name}` in `command` is the same.",
    ),
    "ML_TRACKING_OPS_RUN_DIR": (
        "set for runs",
        "The folder for the run's own files, such as checkpoints. All attempts at a run share it.",
    ),
    "ML_TRACKING_OPS_HYPERPARAMETERS": (
        "set for runs",
        "The hyperparameters as a JSON object. `hyperparameters()` reads it.",
    ),
    "ML_TRACKING_OPS_ATTEMPT": (
        "set for runs",
        "The number of this attempt at the run: `1`, `2`, …",
    ),
    "ML_TRACKING_OPS_PREVIOUS_RUN_FILES": (
        "set for runs",
        "The `.dat` files of the earlier attempts, oldest first, as a JSON list.",
    ),
    "ML_TRACKING_OPS_RERUN": (
        "set by a rerun command",
        "The run of a sweep that this one is a rerun of, as JSON. Commands on the pages set it.",
    ),
    "ML_TRACKING_OPS_FUNCTION": (
        "set for runs",
        "The function that the run calls, if the sweep runs a function.",
    ),
    "ML_TRACKING_OPS_CACHE_MB": (
        "read by the dashboard",
        "The size limit of the cache in megabytes. `0` turns the cache off.",
    ),
    "ML_TRACKING_OPS_RUNTIME_DIR": (
        "read by sweeps",
        "The folder for leases of GPUs. Default: your folder in `/run/user`, or "
        "`XDG_RUNTIME_DIR`, or a folder in the directory for temporary files.",
    ),
    "CUDA_VISIBLE_DEVICES": (
        "set for runs",
        "The GPUs that the run may use, if the sweep assigns GPUs. An orchestrator that has it set "
        "uses only these GPUs.",
    ),
    "OMP_NUM_THREADS": (
        "set for runs",
        "The run's share of the CPU threads, also for MKL, OpenBLAS and numexpr. A value that you "
        "set is kept.",
    ),
    "RANK": (
        "read by the logger",
        "In distributed training only rank 0 logs. The other ranks log nothing.",
    ),
}
"""Name → who uses it, and what for."""

ROUTES = {
    "/": "Redirects to the default view, or else to `/experiments`.",
    "/experiments": "The page of the experiments.",
    "/sweeps": "The list of sweeps.",
    "/sweeps/": "Redirects to `/sweeps`.",
    "/runs/": "Redirects like `/`.",
    "/sweeps/{sweep_id:path}": "The page of a sweep.",
    "/runs/{run_id:path}": "The page of a run or an experiment.",
    "/rows/experiments": "Rows of the table of experiments, as HTML.",
    "/rows/sweeps/{sweep_id:path}": "Rows of the table of a sweep's runs, as HTML.",
    "/insight/importance": "The importance of each setting of experiments, as HTML.",
    "/insight/importance/{sweep_id:path}": "The importance of each hyperparameter, as HTML.",
    "/static/{path:path}": "Scripts and styles of the pages.",
    "/assets/{place:path}": "Third-party files of the pages, with `--assets`.",
    "/events": "Server-sent events: news of the runs and sweeps that the query names.",
    "/api/metrics": "The names of the metrics of each `run`.",
    "/api/series": "The points of each `run`, of all metrics or of each `metric`, as JSON. "
    "Thinned to what a chart can show.",
    "/api/points": "The same as `/api/series`, in the binary form that the pages read.",
    "/api/groups": "Mean and spread of metrics over groups of a sweep's runs.",
    "/api/groups/progress": "How many logs have been read for such a query so far.",
    "/api/insight": "Experiments as columns, compared by the metric `objective`.",
    "/api/insight/{sweep_id:path}": "The runs of a sweep as columns. With `since`, only changes.",
    "/api/workers/{sweep_id:path}": "Which run each slot ran, and when.",
    "/api/output": "A part of the output of `run`, before or after a byte position.",
    "/api/output/search": "Lines of the output of `run` that contain `q`.",
    "/output/{run_id:path}": "The whole output of a run, as a download.",
    "/files/{run_id:path}": "A file in a run's own folder: `path` names it, `show=1` displays it.",
    "/export/series": "The points of each `run` as CSV or JSON.",
    "/export/experiments": "The table of the experiments as CSV or JSON.",
    "/export/sweep/{sweep_id:path}": "The table of a sweep's runs as CSV or JSON.",
    "/api/resume": "Resume a sweep in the background of the dashboard's machine.",
    "/api/control": "Stop, pause, continue, requeue, or change the workers of a sweep.",
    "GET /api/views": "The named views, and which one is the default.",
    "POST /api/views": "Save, rename or delete a named view, or make it the default.",
    "/views/{name:path}": "Redirects to the page of a named view.",
    "/compare": "The page Compare.",
    "/snapshot/{path:path}": "A page as one file, as `snapshot` writes it.",
    "/api/derived": "Whether a derived metric is valid, and how many of the runs have it.",
    "/api/media": "The names and steps of the media of `run`.",
    "/api/media/step": "The media of `run` with one `kind` and `name` at a `step`.",
    "/api/media/table": "Rows of a logged table, sorted and filtered.",
    "/api/media/histogram": "One histogram of a step, whose bins cover `low` to `high` too.",
    "/api/media/histograms": "All histograms of one `name`, in the same bins.",
    "/media": "The bytes of an image or a sound.",
    "/api/run-values": "The values of the runs that the address names, in this order.",
    "/code/{sweep_id:path}": "The code state of a sweep: `name` is `changes.diff` or "
    "`packages.txt`.",
    "/git/{run_id:path}": "Whether the code of an experiment had uncommitted changes, as HTML.",
    "/api/tag": "Add a tag to runs of any kind, or remove it.",
    "/api/annotate": "Set the name, note or tags of an experiment, sweep or run.",
    "/api/goal": "Choose whether high or low values of a metric are good.",
    "/api/archive": "Archive experiments and sweeps, or bring them back.",
    "/api/delete": "Delete experiments and sweeps permanently.",
    "/api/deletion": "What a deletion would delete, without deleting it.",
}
"""Path → its answer or effect."""
