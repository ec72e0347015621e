"""What goes out: records as the platform's JSON, envelopes, errors, exports."""
