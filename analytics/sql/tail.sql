-- unanswered --
-- The latest slates that people found wanting: a worker said none of these or wrote an answer, or the person who asked
-- dismissed them or wrote their own. With what was written, where somebody wrote.
with standing as (
    select impression, item, text
      from verdicts
     where surface = $surface and undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
   qualify row_number() over (partition by impression order by sequence desc) = 1
), written as (
    select impression, arg_max(text, sequence) as text
      from events
     where text is not null
     group by impression
)
select outcomes.impression, json_extract_string(slates.context, '$.text') as text,
       coalesce(standing.text, case when outcomes.outcome = 'overridden' then written.text end) as written,
       slates.embedding, slates.encoder
  from outcomes_in_focus outcomes
  join slates on slates.id = outcomes.impression
  left join standing on standing.impression = outcomes.impression
  left join written on written.impression = outcomes.impression
 where case when standing.impression is not null then standing.item is null
            else outcomes.outcome in ('dismissed', 'overridden') and not outcomes.dismissed_in_part end
   and slates.embedding is not null
 order by outcomes.served_at desc, outcomes.impression desc
 limit $most

-- never_taken --
-- Candidates that were looked at often and never taken.
select item, any_value(text) as text, count(*) as examined, max(served_at) as last_at
  from options_in_focus
 where examined and outcome <> 'pending'
 group by item
having count(*) >= $least and count(*) filter (selected) = 0
 order by examined desc, item
 limit 50
