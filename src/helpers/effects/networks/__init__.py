"""The small networks of some learners, and the program that trains many of them at once."""
