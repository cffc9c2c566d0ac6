"""What is stored to be searched, all in PostgreSQL: audiences, passages, postings in segments, vectors."""
