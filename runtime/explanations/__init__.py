"""Explains why a run or build ended: the causes for which there is evidence, the strongest first.

`causes.py` is the table of everything that is recognized. To add a cause, write a function that takes a Case and
returns a Finding or None, and add a row to the table. A cause that shows only in the log is a row of
`log_patterns.py`. `docs/explain.md` is generated from both.
"""
