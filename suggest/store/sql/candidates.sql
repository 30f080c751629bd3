-- latest_candidates --
-- The present version of every candidate of a surface, retired ones too, in the order they first came.
select id, revision, text, fields, tags, retired, candidates."at", encoder, embedding, sequence
  from candidates
 where surface = $surface
qualify row_number() over (partition by id order by sequence desc) = 1
 order by min(sequence) over (partition by id)

-- candidate_versions --
-- Every version of one candidate, oldest first.
select id, revision, text, fields, tags, retired, candidates."at", sequence
  from candidates
 where surface = $surface and id = $id
 order by sequence
