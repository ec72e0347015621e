"""The lowest room, which every other room uses: records, clock, errors, settings, text formats."""
