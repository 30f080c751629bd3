-- funnel --
-- From the request to what was kept, each stage within the one before, by a value of each slate.
select coalesce(case $by when '' then '' when 'bundle' then bundle when 'decision' then decision when 'mode' then mode
                         else json_extract_string(fields, $by) end, '') as value,
       count(*) as requested,
       count(*) filter (reached) as reached,
       count(*) filter (reached and outcome in ('selected', 'dismissed', 'overridden', 'ignored')) as seen,
       count(*) filter (outcome in ('selected', 'dismissed', 'overridden')) as answered,
       count(*) filter (outcome = 'selected') as selected,
       count(*) filter (outcome = 'selected' and not coalesce(edited, false)) as kept,
       count(*) filter (outcome = 'dismissed') as dismissed,
       count(*) filter (outcome = 'overridden') as overridden,
       count(*) filter (reached and outcome = 'ignored') as ignored,
       count(*) filter (reached and outcome = 'unseen') as unseen,
       count(*) filter (reached and outcome = 'pending') as pending
  from (select *, decision in ('show', 'auto') or viewed or decided_at is not null as reached from outcomes_in_focus)
 group by all
 order by requested desc, value
