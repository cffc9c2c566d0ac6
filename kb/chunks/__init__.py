"""From blocks to passages: each a slice of the document's text that knows its section, its page and its windows."""
