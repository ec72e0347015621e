"""Routes of the API: one file per word after /v2/."""
