"""What comes in: callers, aliases, query parameters, bodies, and the records that paths name."""
