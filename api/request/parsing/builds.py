"""Parsers of the query of a build."""

from __future__ import annotations

from api.request.params import Params
from runtime.base.records import BuildOptions, Version


def parse_build_options(params: Params, version: Version) -> BuildOptions:
    """The query of a request that builds this version."""
    use_cache = params.flag("useCache")
    return BuildOptions(
        tag=params.text("tag") or version.build_tag,
        use_cache=True if use_cache is None else use_cache,
        beta_packages=params.flag("betaPackages") or False,
    )
