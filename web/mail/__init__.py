"""Mail that leaves: what each letter says, how it looks, and handing it to the mail server."""
