"""`greenroom run --watch`: runs an Actor again whenever its source changes."""
