"""The proxy to the web server in a run's container."""
