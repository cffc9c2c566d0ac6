-- A second wall around each site's knowledge: whoever reads as handrail_reader sees the rows of one site, the one that
-- the setting handrail.site_id names, and nothing at all while it names none.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'handrail_reader') THEN
        CREATE ROLE handrail_reader NOLOGIN;
    END IF;
END $$;
GRANT handrail_reader TO CURRENT_USER;
GRANT SELECT ON documents, audiences, chunks, chunk_vectors, segments, postings, embedding_models TO handrail_reader;
GRANT SELECT (id, kb_version, created_at, embedding_model_id, next_model_id) ON sites TO handrail_reader;

ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE audiences ENABLE ROW LEVEL SECURITY;
ALTER TABLE chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE chunk_vectors ENABLE ROW LEVEL SECURITY;
ALTER TABLE segments ENABLE ROW LEVEL SECURITY;
ALTER TABLE postings ENABLE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS one_site ON documents;
DROP POLICY IF EXISTS one_site ON audiences;
DROP POLICY IF EXISTS one_site ON chunks;
DROP POLICY IF EXISTS one_site ON chunk_vectors;
DROP POLICY IF EXISTS one_site ON segments;
DROP POLICY IF EXISTS one_site ON postings;
CREATE POLICY one_site ON documents USING (site_id = current_setting('handrail.site_id', true));
CREATE POLICY one_site ON audiences USING (site_id = current_setting('handrail.site_id', true));
CREATE POLICY one_site ON chunks USING (site_id = current_setting('handrail.site_id', true));
-- These three name no site; what they do name is seen through the policies above.
CREATE POLICY one_site ON chunk_vectors USING (audience_id IN (SELECT id FROM audiences));
CREATE POLICY one_site ON segments USING (audience_id IN (SELECT id FROM audiences));
CREATE POLICY one_site ON postings USING (segment_id IN (SELECT id FROM segments))
