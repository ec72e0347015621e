"""`greenroom storage`: copies storages between a server and the local folders of the Apify SDKs."""
