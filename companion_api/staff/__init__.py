"""The staff's side: who is signed in, what each role may do, and which film is open to whom."""
