"""The proxy to the web servers of runs, compared with nginx in front of the same container."""
