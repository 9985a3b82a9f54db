"""GPU benchmarks: ``python -m benchmarks gpu``, one command on a machine with an NVIDIA GPU.

Builds, runs the whole test suite with the backend ``cuda`` required, runs compute-sanitizer on a
short list, then measures every row of `benchmarks.gpu.rows` with CUDA events.
"""
