"""Who may do what: users, permissions of runs, signed URLs."""
