"""Is the world still the same, and what would a policy be worth there?"""
