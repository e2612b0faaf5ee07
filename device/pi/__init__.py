"""The kit on a Raspberry Pi. Nothing here is imported where there is none."""
