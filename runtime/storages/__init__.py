"""The three kinds of storage a run works with."""
