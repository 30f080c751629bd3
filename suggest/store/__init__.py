"""What is remembered: three small ports (log, compare-and-set, blobs) over one DuckDB file and a folder."""
