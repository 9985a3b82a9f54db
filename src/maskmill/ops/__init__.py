"""The public functions: signature, docstring, checks, one call to a backend; no arithmetic."""
