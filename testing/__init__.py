"""Code that tests and benchmarks share. It is not part of the wheel."""
