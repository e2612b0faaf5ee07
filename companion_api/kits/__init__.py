"""What kits ask for: who is asking, what comes in, and how a film is closed and leaves."""
