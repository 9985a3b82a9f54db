"""One contract, several implementations, one place that chooses among them."""
