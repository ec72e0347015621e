"""Fits: how much memory an Actor needs, found out by running it at several sizes.

`search.py` decides which runs to make next, from what `measurements.py` concludes from those before. `sweep.py` makes
them. `recommendation.py` and `expression.py` conclude what to set. `fits.py` is the interface of the room.
"""
