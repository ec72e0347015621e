"""The only top-level name that an installation of Greenroom adds to an environment."""
