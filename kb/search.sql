-- The vector leg: exact within one site, the best window counts for its chunk. One row per chunk found, or one row
-- with nulls; each row repeats the stamp of the site's index, so that a stale lexical index is noticed in the same trip.
WITH allowed AS MATERIALIZED (
    SELECT id FROM audiences
    WHERE site_id = :site_id AND channels && ARRAY[:channel, '*']::varchar[]
), scored AS (
    SELECT chunk_id, max(similarity) AS similarity
    FROM (
        SELECT chunk_id, -(embedding <#> CAST(:vector AS halfvec)) AS similarity
        FROM chunk_vectors
        WHERE audience_id = ANY(SELECT id FROM allowed)
          AND model_id = (SELECT id FROM embedding_models WHERE name = :model)
        OFFSET 0  -- a fence: else the planner carries whole vectors through a sort on disk
    ) AS windows
    GROUP BY chunk_id
), found AS (
    (SELECT chunk_id, similarity FROM scored ORDER BY similarity DESC, chunk_id LIMIT :pool)
    UNION
    SELECT chunk_id, similarity FROM scored WHERE chunk_id = ANY(:lexical)
)
SELECT sites.kb_version, sites.created_at, found.chunk_id, found.similarity
FROM sites LEFT JOIN found ON true
WHERE sites.id = :site_id
