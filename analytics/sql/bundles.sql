-- bundle_history --
-- Every bundle built for a surface with its latest state, the newest first.
select id, bundles."at", state, parent, encoder, manifest, gate
  from bundles
 where surface = $surface
qualify row_number() over (partition by id order by sequence desc) = 1
 order by sequence desc

-- served_by_bundle --
-- How many requests each bundle has answered in this stretch of time, and what people did with what it showed.
select bundle, count(*) as slates,
       count(*) filter (outcome <> 'pending' and (decision in ('show', 'auto') or outcome <> 'unseen')) as shown,
       count(*) filter (outcome = 'selected') as selected
  from outcomes_in_focus
 group by bundle
 order by bundle
