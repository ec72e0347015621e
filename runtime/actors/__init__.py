"""Actors, their versions and their tasks."""
