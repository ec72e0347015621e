"""The routes: a module for each word after /v2/, greenroom.py for the local controls, and what several share."""
