"""Inputs of runs: from a request's body to the stored, validated and encrypted INPUT."""
