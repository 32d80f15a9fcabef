"""What the reference says of environment variables and HTTP routes, in words.

Tests compare the names with those in the code.
"""

ENVIRONMENT = {
    "ML_TRACKING_OPS_RUN_FILE": (
        "set for runs",
        "The `.dat` file of this attempt. `ExperimentLogger` writes to it, whatever `logdir` says.",
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
        "Which attempt at this combination of hyperparameters it is: `1`, `2`, …",
    ),
    "ML_TRACKING_OPS_PREVIOUS_RUN_FILES": (
        "set for runs",
        "The `.dat` files of the earlier attempts, oldest first, as a JSON list.",
    ),
    "ML_TRACKING_OPS_RERUN": (
        "set by a rerun command",
        "Which run of which sweep a run by hand repeats, as JSON. Commands on the pages set it.",
    ),
    "ML_TRACKING_OPS_FUNCTION": (
        "set for runs",
        "The function that the run calls, in a sweep of a function.",
    ),
    "ML_TRACKING_OPS_CACHE_MB": (
        "read by the dashboard",
        "How many megabytes of digests of logs the user's cache folder holds; `0` keeps none.",
    ),
    "ML_TRACKING_OPS_RUNTIME_DIR": (
        "read by sweeps",
        "Where sweeps note which GPUs their runs hold. By default the user's folder in "
        "`/run/user`, else `XDG_RUNTIME_DIR`, else one in the folder for temporary files.",
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
    "/": "The page of the experiments, or of the sweeps where there are no experiments.",
    "/experiments": "The page of the experiments.",
    "/sweeps": "The list of sweeps.",
    "/sweeps/{sweep_id:path}": "The page of a sweep.",
    "/runs/{run_id:path}": "The page of a run or an experiment.",
    "/rows/experiments": "Rows of the table of experiments, as HTML.",
    "/rows/sweeps/{sweep_id:path}": "Rows of the table of a sweep's runs, as HTML.",
    "/insight/importance": "The importance of each setting of experiments, as HTML.",
    "/insight/importance/{sweep_id:path}": "The importance of each hyperparameter, as HTML.",
    "/static/{path:path}": "Scripts and styles of the pages.",
    "/assets/{place:path}": "Third-party files of the pages, with `--assets`.",
    "/events": "Server-sent events: what is new of the runs and sweeps that the query names.",
    "/api/metrics": "The names of the metrics of each `run`.",
    "/api/series": "The points of each `run`, of all metrics or of each `metric`, as JSON. "
    "Thinned to what a chart can show.",
    "/api/points": "The same as `/api/series`, in the binary form that the pages read.",
    "/api/groups": "Mean and spread of metrics over groups of a sweep's runs.",
    "/api/groups/progress": "How many logs have been read for such a query so far.",
    "/api/insight": "Experiments as columns, compared by the metric `objective`.",
    "/api/insight/{sweep_id:path}": "The runs of a sweep as columns; with `since`, what changed.",
    "/api/workers/{sweep_id:path}": "Which run each slot ran, and when.",
    "/api/output": "A part of the output of `run`, before or after a byte.",
    "/api/output/search": "Lines of the output of `run` that contain `q`.",
    "/output/{run_id:path}": "The whole output of a run, as a download.",
    "/files/{run_id:path}": "A file in a run's own folder: `path` names it, `show=1` displays it.",
    "/export/series": "The points of each `run` as CSV or JSON.",
    "/export/experiments": "The table of the experiments as CSV or JSON.",
    "/export/sweep/{sweep_id:path}": "The table of a sweep's runs as CSV or JSON.",
    "/api/resume": "Resume a sweep in the background of the dashboard's machine.",
    "/api/control": "Stop, pause, continue, requeue, or change the workers of a sweep.",
    "/api/views": "The named views; POST saves, renames or deletes one, or makes it the default.",
    "/views/name": "Leads to the page that a named view keeps.",
    "/api/tag": "Add a tag to runs of any kind, or remove it.",
    "/api/annotate": "Set the name, note or tags of an experiment, sweep or run.",
    "/api/goal": "Choose whether high or low values of a metric are good.",
    "/api/archive": "Archive experiments and sweeps, or bring them back.",
    "/api/delete": "Delete experiments and sweeps for good.",
    "/api/deletion": "What a deletion would delete. It deletes nothing.",
}
"""Path → what it answers or does."""
