-- The vector leg where an audience is small: exact. Audiences one by one, each by its index: for several at once the
-- planner would rather read the whole table.
SELECT found.chunk_id, found.similarity
FROM unnest(%(audiences)s::bigint[]) AS mine(id) CROSS JOIN LATERAL (
    SELECT chunk_id, -(embedding <#> %(vector)s::halfvec) AS similarity
    FROM chunk_vectors WHERE audience_id = mine.id AND model_id = %(model)s
    ORDER BY 2 DESC, 1 LIMIT %(windows)s
) AS found
