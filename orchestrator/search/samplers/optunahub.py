"""Samplers of OptunaHub, loaded by Optuna's own package `optunahub`."""

import inspect
import warnings
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...errors import UsageError, did_you_mean
from ..sampler_settings import OptunaHubSampling
from ..space import Space
from .extras import import_extra
from .optuna_study import distributions_of

if TYPE_CHECKING:
    import optuna


def open_hub_sampler(
    settings: OptunaHubSampling, space: Space, seed: int, folder: Path
) -> "optuna.samplers.BaseSampler":
    """Return the sampler of a package of OptunaHub.

    It gets the seed of the sweep, and the search space if it wants one: its hyperparameters that
    depend on no other, as Optuna has them.

    Args:
        folder: that of the configuration, which a registry in a local folder is relative to.

    Raises:
        UsageError: it cannot be loaded, or made with these settings.
    """
    import optuna

    what = f"the sampler {settings.package} of OptunaHub"
    module = _load(settings, folder, what)
    kind = _class_of(module, settings, what)
    given = settings.settings
    arguments: dict[str, Any] = dict(given)
    parameters = inspect.signature(kind).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    if "seed" not in given and ("seed" in parameters or takes_any):
        arguments["seed"] = seed % 2**32
    if "search_space" in parameters and "search_space" not in given:
        arguments["search_space"] = distributions_of(space)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler: optuna.samplers.BaseSampler = kind(**arguments)
    except Exception as error:  # code of others
        raise UsageError(f"{what} cannot be made: {type(error).__name__}: {error}") from error
    return sampler


def _load(settings: OptunaHubSampling, folder: Path, what: str) -> ModuleType:
    """Load its module: from a local folder, or from OptunaHub's cache or the network."""
    import_extra("optuna", "optunahub", what)
    hub = import_extra("optunahub", "optunahub", what)
    try:
        if settings.registry is not None:
            root = _registry_root(folder / settings.registry, settings.package)
            module: ModuleType = hub.load_local_module(settings.package, registry_root=str(root))
        else:
            module = hub.load_module(settings.package, ref=settings.ref or "main")
    except Exception as error:  # of git, of GitHub, and of the package itself
        hint = "" if settings.registry else ". Offline, name a folder with the packages: registry"
        raise UsageError(
            f"{what} cannot be loaded: {type(error).__name__}: {error}{hint}"
        ) from error
    return module


def _registry_root(registry: Path, package: str) -> Path:
    """Return the folder that contains packages: the registry itself, or `package/` in a clone of
    it.

    Raises:
        FileNotFoundError: the package is in neither.
    """
    for root in (registry / "package", registry):
        if (root / package / "__init__.py").is_file():
            return root.resolve()
    raise FileNotFoundError(f"there is no {package}/__init__.py in {registry}")


def _class_of(module: ModuleType, settings: OptunaHubSampling, what: str) -> Any:
    """Return the class of its sampler: the named one, or the only one."""
    from optuna.samplers import BaseSampler

    public = getattr(module, "__all__", None) or [n for n in vars(module) if n[:1] != "_"]
    found = {
        name: kind
        for name in public
        if inspect.isclass(kind := getattr(module, name, None)) and issubclass(kind, BaseSampler)
    }
    name = settings.class_name
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name in found:
        return found[name]
    known = ", ".join(sorted(found)) or "none"
    if name is None:
        raise UsageError(f'{what} has several classes. Name one with "class": {known}')
    raise UsageError(f"{what} has no class {name}{did_you_mean(name, found)} (known: {known})")
