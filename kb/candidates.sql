-- The candidates' texts. Site and channel are asked for once more: what was removed or moved while the other statements
-- ran is not shown.
SELECT chunks.id, chunks.document_id::text, documents.title, chunks.section, documents.url, documents.source,
       chunks.text, chunks.page, documents.updated_at, chunks.start, chunks.places, documents.content_hash,
       documents.language
FROM chunks
    JOIN audiences ON audiences.id = chunks.audience_id AND audiences.site_id = %(site_id)s
    JOIN documents ON documents.id = chunks.document_id AND documents.site_id = %(site_id)s
WHERE chunks.id = ANY(%(ids)s::bigint[]) AND chunks.site_id = %(site_id)s
  AND audiences.channels && ARRAY[%(channel)s, '*']::varchar[] AND documents.state = 'live'
