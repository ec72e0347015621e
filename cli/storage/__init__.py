"""`greenroom storage`: between a server and the folders in which the SDKs keep storages of their own."""
