-- unanswered --
-- The latest slates that people found wanting: a worker said none of these or wrote an answer, or the person who asked
-- dismissed them or wrote their own. With what was written, where somebody wrote.
with standing as (
    select slate, item, text
      from verdicts_in_focus
     where undoes is null
   qualify row_number() over (partition by slate order by sequence desc) = 1
), wanting as (
    select outcomes.slate, outcomes.impression, outcomes.served_at, outcomes.outcome, standing.text
      from outcomes_in_focus outcomes
      left join standing on standing.slate = outcomes.slate
     where case when standing.slate is not null then standing.item is null
                else outcomes.outcome in ('dismissed', 'overridden') and not outcomes.dismissed_in_part end
       and outcomes.has_vector
     order by outcomes.served_at desc, outcomes.impression desc
     limit $most
), written as (
    select impression, arg_max(text, sequence) as text
      from events
     where text is not null and impression in (select impression from wanting)
     group by impression
)
select wanting.impression, json_extract_string(slates.context, '$.text') as text,
       coalesce(wanting.text, case when wanting.outcome = 'overridden' then written.text end) as written,
       slates.embedding, slates.encoder
  from wanting
  join slates on slates.sequence = wanting.slate
  left join written on written.impression = wanting.impression
 order by wanting.served_at desc, wanting.impression desc

-- never_taken --
-- Candidates that were looked at often and never taken.
select item, arg_max(text, last_at) as text, sum(examined)::bigint as examined, max(last_at) as last_at
  from option_cells_in_focus
 group by item
having sum(examined) >= $least and sum(taken) = 0
 order by examined desc, item
 limit 50
