"""Actor Standby: requests to an Actor's own address, served by runs that are started and ended as they are needed."""
