"""What may be joined: the reviewed file, what it holds back, and the replay of its limits."""
