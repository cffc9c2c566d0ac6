-- The candidates' texts. Filtered once more: this statement sees what was removed while the others ran.
SELECT chunks.id, chunks.document_id, documents.title, chunks.section, documents.url, documents.source,
       chunks.text, chunks.page, documents.updated_at
FROM chunks JOIN documents ON documents.id = chunks.document_id
WHERE chunks.id = ANY(:ids) AND chunks.site_id = :site_id AND documents.site_id = :site_id
  AND documents.state = 'live' AND documents.channels && ARRAY[:channel, '*']::varchar[]
