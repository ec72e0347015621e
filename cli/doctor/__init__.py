"""The checks of `greenroom doctor` that concern this host."""
