"""The HTTP API that Apify clients talk to."""
