"""What tests and benchmarks share. No wheel contains it."""
