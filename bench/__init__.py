"""How fast the product is beside others that do the same work: `python -m bench --help`, or `make bench`."""
