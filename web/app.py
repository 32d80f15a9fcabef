"""The web app as a whole: its routes, their shared state, and background tasks."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from ml_tracking_ops.logger.guarded import guard_folder
from ml_tracking_ops.logger.reading.bounded_reading import call_meanwhile, limit_files
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.orchestrator.store.media_histories import MEDIA

from .insight import run_values
from .live import events
from .live.feed import Feed
from .pages import routes as pages
from .runs.catalog_access import SharedCatalog
from .runs.links import ExperimentColors
from .series import api as series
from .series.chosen_goals import goals_file
from .series.kept_answers import KeptAnswers
from .series.read_ahead import ReadAhead
from .series.readers import LogReaders
from .series.store import SeriesStore
from .series.summaries import MetricSummaries
from .serving import guard
from .serving.access_token import TokenMiddleware
from .serving.activity import Activity, CountWaiting
from .serving.address_limits import AddressLimits
from .serving.assets import asset_source
from .serving.assets.asset_source import CDN_SOURCE, AssetSource
from .serving.departed_clients import EndWithClient, end_if_cancelled
from .serving.late_routes import LateRoutes, load_when_quiet
from .serving.limits import DEFAULTS, Limits
from .serving.reach.base_path import BasePathMiddleware, PrefixMiddleware
from .serving.reach.options import DEFAULT_REACH, ReachOptions
from .serving.security import SecurityMiddleware
from .serving.sse import encode_json
from .tables.experiment_choice import passing_experiments
from .tables.sweeps.sweep_rows import passing_runs
from .views.saved import first_address

LATE = (
    ("compare.page", "/compare"),
    ("groups.api", "/api/groups"),
    ("insight.api", "/api/insight", "/api/workers"),
    ("insight.importance.view", "/insight/importance"),
    ("media.api", "/api/media"),
    ("media.files", "/media"),
    (
        "pages.actions",
        "/api/control",
        "/api/resume",
        "/api/annotate",
        "/api/tag",
        "/api/goal",
        "/api/archive",
        "/api/delete",
        "/api/deletion",
    ),
    ("pages.exports", "/export"),
    ("pages.files.code_files", "/code"),
    ("pages.files.output_search", "/api/output/search"),
    ("pages.files.output", "/api/output", "/output"),
    ("pages.files.run_files", "/files"),
    ("pages.git_state", "/git"),
    ("pages.row_fragments", "/rows"),
    ("pages.run", "/runs"),
    ("pages.sweeps", "/sweeps"),
    ("series.derived_api", "/api/derived"),
    ("snapshot.api", "/snapshot"),
    ("views.api", "/api/views", "/views"),
)
"""Modules of routes, and the beginnings of their addresses."""

_COMPRESS_FROM_BYTES = 1_000
_COMPRESSION_LEVEL = 3
_MAX_BODY_BYTES = 64 << 10
_MOST_BYTES_A_FILE, _MOST_S_A_FILE = 4 << 30, 20.0


def create_app(
    logdir: Path | str,
    token: str | None = None,
    *,
    names: Iterable[str] = (),
    reach: ReachOptions = DEFAULT_REACH,
    knows_owner: bool = False,
    assets: AssetSource = CDN_SOURCE,
    limits: Limits = DEFAULTS,
    cache: CacheFolder | None = None,
) -> Starlette:
    """Return the dashboard of one log folder, which need not exist yet.

    Args:
        token: what a request must contain. Without one everybody gets an answer.
        names: the names of this machine, besides localhost and addresses.
        reach: the other names and the base path of the dashboard, and who may frame it.
        knows_owner: whether the user who started the server needs no token.
        assets: where the pages load their third-party files from.
        cache: where digests of logs are kept, so that no later server reads those again.
    """
    guard_folder(logdir)
    limit_files(_MOST_BYTES_A_FILE, _MOST_S_A_FILE)
    call_meanwhile(end_if_cancelled)
    catalog = SharedCatalog(Path(logdir).absolute(), limits.fresh_s, cache)
    feed = Feed(catalog, limits)
    activity = Activity()
    late = [LateRoutes(f"{__package__}.{module}", *paths) for module, *paths in LATE]
    app = Starlette(
        routes=[
            *events.routes,
            *series.routes,
            *run_values.routes,
            *asset_source.routes,
            *pages.routes,
            *late,
        ],
        middleware=_middleware(activity, token, names, reach, knows_owner),
        exception_handlers={HTTPException: _explain},
        lifespan=_run_feed,
        max_body_size=_MAX_BODY_BYTES,
    )
    _set_state(app, catalog, feed, reach, assets, limits, cache, has_token=token is not None)
    app.state.load_late = partial(load_when_quiet, late, app.state, activity)
    app.state.read_ahead = ReadAhead(catalog, app.state.series_store.digests, activity)
    return app


def _middleware(
    activity: Activity,
    token: str | None,
    names: Iterable[str],
    reach: ReachOptions,
    knows_owner: bool,
) -> list[Middleware]:
    """Return the middleware in the order in which a request passes through it."""
    return [
        Middleware(CountWaiting, activity=activity),
        Middleware(
            BasePathMiddleware,
            base_path=reach.base_path,
            trusted_proxies=reach.trusted_proxies,
        ),
        Middleware(
            SecurityMiddleware,
            allowed_hosts=(*names, *reach.allowed_hosts),
            frame_ancestors=reach.frame_ancestors,
        ),
        Middleware(TokenMiddleware, token=token, knows_owner=knows_owner),
        Middleware(AddressLimits),
        Middleware(EndWithClient),
        Middleware(
            GZipMiddleware,
            minimum_size=_COMPRESS_FROM_BYTES,
            compresslevel=_COMPRESSION_LEVEL,
        ),
        Middleware(PrefixMiddleware),
    ]


def _set_state(
    app: Starlette,
    catalog: SharedCatalog,
    feed: Feed,
    reach: ReachOptions,
    assets: AssetSource,
    limits: Limits,
    cache: CacheFolder | None,
    *,
    has_token: bool,
) -> None:
    """Keep on the application what its requests share."""
    app.state.limits = limits
    app.state.proxy_names = reach.allowed_hosts
    app.state.logdir = catalog.logdir
    app.state.catalog = catalog
    app.state.feed = feed
    app.state.assets = assets
    app.state.has_token = has_token
    app.state.csrf = guard.new_csrf_token()
    app.state.git_limiter = anyio.CapacityLimiter(limits.git_queries_at_once)
    app.state.action_limiter = anyio.CapacityLimiter(limits.actions_at_once)
    app.state.series_store = SeriesStore(limits.overview_bytes, limits.all_points_bytes, cache)
    app.state.kept_answers = KeptAnswers(cache)
    app.state.log_readers = LogReaders(
        app.state.series_store,
        MetricSummaries(
            goals_file(catalog.logdir).read,
            app.state.series_store.digests,
            app.state.series_store.derived,
        ),
    )
    app.state.experiment_colors = ExperimentColors()
    app.state.passing_runs = lambda sweep, params: passing_runs(
        app.state.log_readers.summaries, feed.live_bests(sweep.id), sweep, params
    )
    app.state.passing_experiments = lambda catalog, params: passing_experiments(
        app.state.log_readers.summaries, catalog, params
    )
    app.state.first_address = lambda: first_address(catalog.logdir)
    app.state.media_store = MEDIA
    app.state.thumbnail_cache = cache


@asynccontextmanager
async def _run_feed(app: Starlette) -> AsyncIterator[None]:
    # The one place where yielding in a task group is correct: Starlette enters and leaves the
    # lifespan in one task.
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.state.feed.run)
        tasks.start_soon(app.state.load_late)
        tasks.start_soon(app.state.read_ahead.run)
        yield
        app.state.feed.close()
        tasks.cancel_scope.cancel()
    await anyio.to_thread.run_sync(app.state.series_store.digests.close)


async def _explain(request: Request, error: Exception) -> Response:
    """Explain an error: in JSON for programs, on a page for people."""
    assert isinstance(error, HTTPException)
    if request.url.path.startswith(("/api/", "/events")):
        body = encode_json({"error": error.detail})
        return Response(body, error.status_code, error.headers, "application/json")
    if error.status_code == 404:
        return await pages.not_found(request, error)
    return Response(f"{error.detail}\n", error.status_code, error.headers, "text/plain")
