-- judged_slates --
-- The latest of them, in order of time. $by: the path of a context field, whose value is the slate's group.
select facts.slate, facts.impression, facts.context_key, facts.p_any, facts.known_by, facts.is_right,
       coalesce(json_extract_string(facts.fields, $by), '') as "group"
  from (select slate, served_at
          from outcomes_in_focus
         where known_by is not null
         order by served_at desc, slate desc
         limit $most) latest
  join derived.facts on facts.slate = latest.slate
 where facts.p_any is not null
 order by facts.served_at, facts.slate

-- judged_by --
-- How often the slates of each value of something held a right option, as verdicts and known answers have it, beside
-- what was said of them. Acts are left out: who acts is no random sample.
select coalesce(case $by when 'bundle' then bundle else json_extract_string(fields, $by) end, '') as value,
       sum(n_p)::bigint as n, coalesce(sum(n_p) filter (is_right), 0)::bigint as right_n, sum(sum_p) as said,
       sum(sum_p) - sum(sum_p2) as noise
  from cells_in_focus
 where n_p > 0 and known_by <> 'act'
 group by all
 order by n desc, value

-- judged_tally --
-- Slates known by a verdict or by a known answer, and how many of them held a right option.
select coalesce(sum(n), 0)::bigint as n, coalesce(sum(n) filter (is_right), 0)::bigint as right_n
  from cells_in_focus
 where known_by <> 'act'

-- judged_by_rarity --
-- The same by how often this very context was asked: what is asked once is the long tail.
with asked as (
    select context_key, count(*) as times, count(*) filter (known_by <> 'act') as n,
           count(*) filter (known_by <> 'act' and is_right) as right_n
      from outcomes_in_focus
     where context_key is not null
     group by context_key
)
select case when times = 1 then 1 when times <= 5 then 2 when times <= 20 then 6 else 21 end as band,
       sum(times)::bigint as slates, sum(n)::bigint as n, sum(right_n)::bigint as right_n
  from asked
 group by band
 order by band

-- shown_options --
-- Every option of the slates that are judged, with the probability it was given and whether it was right.
with judged as (
    select slate, context_key, known_by, right_items
      from derived.facts
     where slate in (select unnest($slates::bigint[]))
)
select judged.slate, judged.context_key, judged.known_by, options.p_select,
       list_contains(judged.right_items, options.item) as is_right
  from derived.options
  join judged using (slate)
 where options.p_select is not null
 order by judged.slate, options.position
