"""Where documents come from: files, folders, web pages, sitemaps, WordPress; through one guarded door."""
