"""The site's helpdesk: each ticket is mirrored there, with what staff answer and what becomes of it."""
