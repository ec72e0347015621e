"""Requests to the Standby addresses of Actors and tasks: who may send them, and which run answers.

A request passes to the Actor unchanged, its token included: as on the platform, Actors use the tokens of their callers.
Only tokens that exist in Greenroom alone are removed, such as the command line's.
"""
