"""Datasets: their files, formats and conversion."""
