"""The web console as the server delivers it: its built files, and the document that a browser gets for every page."""
