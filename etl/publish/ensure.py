"""A release to serve: build the default one when there is none that this code can read."""

from __future__ import annotations

from collections.abc import Callable

from etl import warehouse
from etl.publish.build import Options, build
from etl.warehouse import ReleaseError


def ensure(progress: Callable[[str], None]) -> str:
    """Id of the release in use, built from the data that ship with the project if there is none.

    Raises what `build` raises. A release that cannot be read is left where it is; a new one goes beside it.
    """
    try:
        release = warehouse.open_release()
        release.query("release")
    except ReleaseError as error:
        progress(f"{error} Building one from the data that ship with the project.")
        build(Options(), progress)
        release = warehouse.open_release()
    progress(f"Release {release.id} is in use.")
    return release.id
