"""Parsers of what clients send, one module for each kind of record. All raise Invalid, and name the field."""
