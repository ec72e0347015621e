"""Datasets, key-value stores and request queues."""
