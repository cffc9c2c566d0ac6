"""Personal data in texts: found by form, checksum and context, and taken out. Pure; `clean` is the door."""
