"""Letters, and the mail server that takes them."""
