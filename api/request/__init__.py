"""What comes in: callers, guards, aliases, query parameters, bodies."""
