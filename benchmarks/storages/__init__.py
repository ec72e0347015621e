"""Storages: Greenroom, its storages behind plain FastAPI handlers, Crawlee's behind Express, and bare SQLite."""
