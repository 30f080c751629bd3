-- labels_of_surface --
-- Every label of a surface in the order they came; verdicts among them, which replace what was said before.
select id, context, context_key, user_key, encoder, embedding, item, source, labels."at", received_at, impression, sequence
  from labels
 where surface = $surface and sequence > $after
 order by sequence

-- labels_by_id --
-- Which of these labels are in the log.
select id, surface, context_key, item, source, impression
  from labels
 where id in (select unnest($ids))

-- labels_of_context --
-- Every label of one context of a surface in the order they came.
select id, context, context_key, encoder, embedding, item, source, labels."at", received_at, impression, sequence
  from labels
 where surface = $surface and context_key = $context_key
 order by sequence
