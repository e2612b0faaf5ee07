"""The commands of `companion-api`, a file each. Every one takes the same settings."""
