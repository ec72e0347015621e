"""Benchmarks. Each measures Greenroom and an alternative in the same run: `make bench`."""
