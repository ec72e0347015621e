"""The proxy from a run's public address to the web server in its container.

It does not change what it forwards: bodies stream both ways untouched, and Authorization and Cookie belong to the
container's server. Anyone who knows the key may send requests (platform documentation, "Container web server"), so
Greenroom's token is not needed and not read here. A client that sends it anyway reveals it to the Actor.

What was received is never passed on as it is, but written anew from what the parser understood: heads, chunks and
trailers. After a WebSocket's handshake, all bytes are forwarded without being parsed.
"""
