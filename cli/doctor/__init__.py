"""The checks of `greenroom doctor` that only a command can make."""
