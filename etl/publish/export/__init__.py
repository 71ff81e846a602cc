"""Research downloads: a release written out as files that need nothing of this software.

    python -m etl export [--release R] --out DIR

`tables` picks what may leave and streams it, `write_*` make one format each, `package` puts the
data package together. The same release gives the same bytes.
"""

from etl.publish.export.command import add_parser, main
from etl.publish.export.errors import ExportError
from etl.publish.export.package import export_release

__all__ = ["ExportError", "add_parser", "export_release", "main"]
