"""One format a file; `maskmill.datasets.registry` lists them."""
