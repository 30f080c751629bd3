-- policy_history --
-- Every policy a surface had, oldest first, with who changed it.
select id, policy_changes."at", policy_changes."by", policy, revision, sequence
  from policy_changes
 where surface = $surface
 order by sequence

-- bundles_of_surface --
-- Every bundle built for a surface, oldest first; a later row of the same id is a later state of it.
select id, surface, bundles."at", state, blob, parent, encoder, manifest, gate, sequence
  from bundles
 where surface = $surface
 order by sequence

-- counts --
-- Rows of each table, over everything or of one surface ($surface null = all).
select 'slates' as "table", count(*) as n_rows from slates where surface = coalesce($surface, surface)
union all select 'events', count(*) from events where surface = coalesce($surface, surface)
union all select 'labels', count(*) from labels where surface = coalesce($surface, surface)
union all select 'reviews', count(*) from reviews where surface = coalesce($surface, surface)
union all select 'verdicts', count(*) from verdicts where surface = coalesce($surface, surface)
union all select 'bundles', count(*) from bundles where surface = coalesce($surface, surface)
union all select 'policy_changes', count(*) from policy_changes where surface = coalesce($surface, surface)
union all select 'candidates', count(*) from candidates where surface = coalesce($surface, surface)
