-- funnel --
-- From the request to what was kept, each stage within the one before, by a value of each slate.
with valued as (
    select *, coalesce(case $by when '' then '' when 'bundle' then bundle when 'decision' then decision
                                when 'mode' then mode else json_extract_string(fields, $by) end, '') as value
      from cells_in_focus
)
select value, sum(n)::bigint as requested,
       coalesce(sum(n) filter (reached), 0)::bigint as reached,
       coalesce(sum(n) filter (reached and outcome in ('selected', 'dismissed', 'overridden', 'ignored')), 0)::bigint
         as seen,
       coalesce(sum(n) filter (outcome in ('selected', 'dismissed', 'overridden')), 0)::bigint as answered,
       coalesce(sum(n) filter (outcome = 'selected'), 0)::bigint as selected,
       coalesce(sum(n) filter (outcome = 'selected' and not edited), 0)::bigint as kept,
       coalesce(sum(n) filter (outcome = 'dismissed'), 0)::bigint as dismissed,
       coalesce(sum(n) filter (outcome = 'overridden'), 0)::bigint as overridden,
       coalesce(sum(n) filter (reached and outcome = 'ignored'), 0)::bigint as ignored,
       coalesce(sum(n) filter (reached and outcome = 'unseen'), 0)::bigint as unseen,
       coalesce(sum(n) filter (reached and outcome = 'pending'), 0)::bigint as pending
  from valued
 group by value
 order by requested desc, value
