"""Results as tables of other libraries, which read them through Arrow's C interface.

A library is imported when it is used; netgiro depends on none of them.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from netgiro._netgiro import CheckResults


def to_arrow(results: CheckResults) -> Any:
    """Return a `pyarrow.Table`."""
    return _needed("pyarrow", "to_arrow").table(results)


def to_polars(results: CheckResults) -> Any:
    """Return a `polars.DataFrame`."""
    return _needed("polars", "to_polars").DataFrame(results)


def to_pandas(results: CheckResults) -> Any:
    """Return a `pandas.DataFrame` with Arrow's types, which keep decimals exact and times in UTC."""
    pandas = _needed("pandas", "to_pandas")
    table = to_arrow(results)
    # Statuses and error codes come as the categories that pandas has itself.
    arrow = _needed("pyarrow", "to_pandas").types
    return table.to_pandas(
        types_mapper=lambda kind: None if arrow.is_dictionary(kind) else pandas.ArrowDtype(kind)
    )


def _needed(name: str, wanted_for: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(f"{wanted_for} needs {name}: pip install {name}") from None
