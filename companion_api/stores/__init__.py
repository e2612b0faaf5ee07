"""Where sealed bytes are kept: the port, its promise, and its adapters."""
