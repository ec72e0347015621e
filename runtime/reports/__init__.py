"""Reports: what was measured, as text and as web pages.

The commands and the server use this room. It needs only what the API returns, so it reads no data and calls no door.
"""
