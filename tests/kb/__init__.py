"""What the agent knows: loaders, chunks, embeddings, the life of a document, and search."""
