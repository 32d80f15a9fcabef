"""The pinned third-party files: where they come from, and that nothing else may run."""

import re

import pytest

from ml_tracking_ops.web.serving.assets.asset_source import CDN_SOURCE, AssetSource
from ml_tracking_ops.web.serving.assets.pinned import ASSETS, Asset


@pytest.mark.parametrize("asset", ASSETS.values(), ids=ASSETS)
def test_asset_is_pinned_to_an_exact_version_and_hash(asset: Asset) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", asset.version)
    assert re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", asset.integrity)
    assert asset.url.startswith(f"https://cdn.jsdelivr.net/npm/{asset.package}@{asset.version}/")


def test_policy_allows_exactly_the_pinned_scripts() -> None:
    directives = dict(part.split(" ", 1) for part in CDN_SOURCE.policy.split("; "))
    scripts = {asset.url for asset in ASSETS.values() if asset.path.endswith(".js")}
    assert set(directives["script-src"].split()) == {"'self'", *scripts}
    assert "unsafe" not in CDN_SOURCE.policy


def test_policy_of_local_assets_names_no_other_server() -> None:
    policy = AssetSource(files={}).policy
    assert "script-src 'self';" in policy
    assert "://" not in policy
