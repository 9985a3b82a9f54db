"""Tests of the names of other packages."""
