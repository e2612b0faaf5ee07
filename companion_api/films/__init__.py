"""What is held of each film, in what state it is, and whose it is."""
