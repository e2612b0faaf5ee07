"""The library: films as staff see them, the cases they belong to, and with whom they are shared."""
