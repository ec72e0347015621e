"""Who may do what: users and their tokens, permissions of runs, signed addresses."""
