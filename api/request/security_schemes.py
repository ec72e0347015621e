"""The kinds of tokens in the OpenAPI document of the local controls. `callers.py` checks them."""

from __future__ import annotations

from fastapi.security import HTTPBearer

control_token = HTTPBearer(auto_error=False, scheme_name="controlToken", description="The token in server.json.")
user_token = HTTPBearer(auto_error=False, scheme_name="userToken", description="The token of the run's user.")
