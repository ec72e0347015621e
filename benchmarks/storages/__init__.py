"""Storages: Greenroom, its storages with plain FastAPI handlers, Crawlee's storages with Express, and bare SQLite."""
