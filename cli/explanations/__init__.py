"""Prints why a run or build ended, as the server explains it."""
