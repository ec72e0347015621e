"""The server's side of its connections: uvicorn's protocols, with limits that no client can exceed."""
