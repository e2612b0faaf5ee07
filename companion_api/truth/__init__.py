"""Whether what is held is true: scrub, backup and restore."""
