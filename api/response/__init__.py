"""What goes out: records as the platform's JSON, pages, errors, items in all formats."""
