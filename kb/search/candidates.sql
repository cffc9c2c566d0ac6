-- The candidates' texts. Site and channel are asked for once more: what was removed or moved while the other statements
-- ran is not shown. What is asked for stands in sub-selects, so that it is planned once: see nearest.sql.
SELECT chunks.id, chunks.document_id::text, documents.title, chunks.section, documents.url, documents.source,
       chunks.text, chunks.page, documents.updated_at, chunks.start, chunks.places::text, documents.content_hash,
       documents.language
FROM unnest((SELECT %(ids)s::bigint[])) AS wanted(id)
    JOIN chunks ON chunks.id = wanted.id AND chunks.site_id = (SELECT %(site_id)s::varchar)
    JOIN audiences ON audiences.id = chunks.audience_id AND audiences.site_id = chunks.site_id
    JOIN documents ON documents.id = chunks.document_id AND documents.site_id = chunks.site_id
WHERE audiences.channels && (SELECT %(channels)s::varchar[])::varchar[] AND documents.state = 'live'
