-- The vector leg where an audience is small: exact. Audiences one by one, each by its index: for several at once the
-- planner would rather read the whole table. What is asked for stands in sub-selects so that the planner does not look
-- at it: else it would plan anew for each question, which takes longer than to search a small site.
SELECT found.chunk_id, found.similarity
FROM unnest((SELECT %(audiences)s::bigint[])) AS mine(id) CROSS JOIN LATERAL (
    SELECT chunk_id, -(embedding <#> %(vector)s::halfvec) AS similarity
    FROM chunk_vectors WHERE audience_id = mine.id AND model_id = (SELECT %(model)s::integer)
    ORDER BY 2 DESC, 1 LIMIT (SELECT %(windows)s::bigint)
) AS found
UNION ALL
-- … and, where there are so many that these may not be among them, those that their words propose: as in proposed.sql.
SELECT chunk_id, -(embedding <#> %(vector)s::halfvec)
FROM chunk_vectors
WHERE chunk_id = ANY((SELECT %(chunk_ids)s::bigint[])::bigint[]) AND model_id = (SELECT %(model)s::integer)
  AND audience_id = ANY((SELECT %(audiences)s::bigint[])::bigint[])
