"""What the agent knows: loading, chunking, embedding, indexing and searching the site's own documents."""
