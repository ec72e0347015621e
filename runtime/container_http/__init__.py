"""The door to the web servers in containers: pooled connections, and the HTTP responses that arrive on them.

A web server belongs to an Actor, so nothing that it sends may occupy the event loop or the memory: bytes are parsed in
slices, and heads, interim responses, trailers and chunk extensions have limits.
"""
