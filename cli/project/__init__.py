"""What `greenroom init` writes into the folder of an Actor."""
