"""DuckDB, set so that the same question gets the same answer, byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection that writes the same bytes each time: one thread, rows in their order."""
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET threads = 1; SET preserve_insertion_order = true")
    return connection
