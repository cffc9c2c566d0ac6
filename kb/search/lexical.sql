-- All that a question needs of one site and channel before its vector is searched, as of one moment. Kinds of rows:
-- 0 the site: model that it is searched with, its dimensions, its name
-- 1 an audience that may be answered: its number, its languages
-- 2 a segment: its number, when it was made, its dead rows; what never changes of it only where nobody has it yet
-- 3 a term in a segment: the segment's number, the postings
WITH mine AS MATERIALIZED (
    SELECT id, languages FROM audiences
    WHERE site_id = %(site_id)s AND channels && %(channels)s::varchar[]
), held AS MATERIALIZED (
    SELECT segments.id, segments.audience_id, segments.dead, segments.chunk_ids, segments.lengths,
           (extract(epoch FROM segments.created_at) * 1000000)::bigint AS made
    FROM mine CROSS JOIN LATERAL (SELECT * FROM segments WHERE audience_id = mine.id OFFSET 0) AS segments
)
SELECT 0 AS kind, coalesce(models.id, 0)::bigint AS id, coalesce(models.dimensions, 0)::bigint AS number,
       coalesce(models.name, '') AS name, NULL::bytea AS data, NULL::bytea AS chunk_ids, NULL::bytea AS lengths
FROM sites LEFT JOIN embedding_models AS models ON models.id = sites.embedding_model_id WHERE sites.id = %(site_id)s
UNION ALL
SELECT 1, id, NULL, array_to_string(languages, ' '), NULL, NULL, NULL FROM mine
UNION ALL
SELECT 2, held.id, held.made, held.audience_id::text, held.dead,
       CASE WHEN known.id IS NULL THEN held.chunk_ids END, CASE WHEN known.id IS NULL THEN held.lengths END
FROM held LEFT JOIN unnest(%(known)s::bigint[], %(made)s::bigint[]) AS known(id, made)
    ON known.id = held.id AND known.made = held.made
UNION ALL
SELECT 3, held.id, NULL, found.term, found.data, NULL, NULL
FROM held CROSS JOIN LATERAL (
    SELECT term, data FROM postings WHERE segment_id = held.id AND term = ANY(%(terms)s::varchar[]) OFFSET 0
) AS found
