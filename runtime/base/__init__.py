"""The ground that every room stands on: records, clock, errors, settings, text formats."""
