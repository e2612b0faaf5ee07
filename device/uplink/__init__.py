"""The uplink: it brings films to the agency over whatever link there is, and erases what a true receipt covers."""
