"""Live events as the API sends them: what publishes them, and their form as a stream of server-sent events."""
