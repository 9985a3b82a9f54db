"""Benchmarks: maskmill beside its peers, every result checked before it is timed.

``python -m benchmarks run`` measures and writes JSON under ``benchmarks/results``;
``python -m benchmarks report`` turns that into ``docs/benchmarks.md``.

- ``workloads.py``: the named inputs; ``bench_<operation>.py``: the rows, each with its reference,
  its goal and the limit that the machine sets
- ``baselines/``: one file a peer, all behind the signature of ``baselines/base.py``
- ``timing.py`` (pytest-benchmark), ``memory.py`` and ``instructions.py``: the three measurements
- ``page.py`` and ``plots.py``: the page
"""
