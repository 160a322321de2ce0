"""Many rules at once: what becomes of each, where the results go, what is said of them."""
