"""How Sphinx builds the documentation: `scripts/docs`."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
with (ROOT / "pyproject.toml").open("rb") as file:
    release = tomllib.load(file)["project"]["version"]

project = "ML Tracking Ops"
copyright = "the ML Tracking Ops developers, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["examples/*/README.md"]
html_theme = "furo"
html_title = f"ML Tracking Ops {release}"
html_theme_options = {"navigation_with_keys": True}
html_copy_source = True
html_show_sourcelink = False

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
nitpicky = False
suppress_warnings = ["config.cache"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_mock_imports: list[str] = []
napoleon_google_docstring = True
napoleon_numpy_docstring = False
