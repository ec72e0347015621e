"""What runs and builds share: logs, waiting for the end, limits, the memory quota, statistics."""
