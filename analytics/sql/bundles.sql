-- bundle_history --
-- Every bundle built for a surface with its latest state, the newest first.
select id, bundles."at", state, parent, encoder, manifest, gate
  from bundles
 where surface = $surface
qualify row_number() over (partition by id order by sequence desc) = 1
 order by sequence desc

-- served_by_bundle --
-- How many requests each bundle has answered in this stretch of time, and what people did with what it showed.
select bundle, sum(n)::bigint as slates,
       coalesce(sum(n) filter (outcome <> 'pending' and (decision in ('show', 'auto') or outcome <> 'unseen')),
                0)::bigint as shown,
       coalesce(sum(n) filter (outcome = 'selected'), 0)::bigint as selected
  from cells_in_focus
 group by bundle
 order by bundle

-- served --
-- Whatever ranked a slate of the surface, the latest first: what a report can be narrowed to or compared with.
select bundle
  from derived.cells
 where surface = $surface and bundle is not null
 group by bundle
 order by max("at") desc, bundle desc
