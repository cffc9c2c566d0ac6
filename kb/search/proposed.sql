-- How near those passages are that only their words proposed.
SELECT chunk_id, -(embedding <#> %(vector)s::halfvec)
FROM chunk_vectors
WHERE chunk_id = ANY(%(chunk_ids)s::bigint[]) AND model_id = %(model)s AND audience_id = ANY(%(audiences)s::bigint[])
