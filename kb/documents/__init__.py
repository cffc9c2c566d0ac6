"""The life of a document: registered, claimed, read, put in place, watched, taken out."""
