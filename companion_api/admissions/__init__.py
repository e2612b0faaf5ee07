"""Requests of staff that films be sealed to them. The service takes them down; only the offline root can grant them."""
