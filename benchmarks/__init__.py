"""Benchmarks: results are checked before they are timed."""
