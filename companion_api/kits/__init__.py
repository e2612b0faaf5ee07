"""What kits ask for: how they join and how they are, who is asking, what comes in, how a film is closed and leaves."""
