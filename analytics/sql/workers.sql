-- waits --
-- From the moment a review was made to the first answer that stands, and how long the answer took.
with standing as (
    select review, min(verdicts."at") as "at", arg_min(handling_ms, sequence) as handling_ms
      from verdicts
     where surface = $surface and undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
     group by review
)
select reviews.reason, count(*) as reviews, count(standing.review) as answered,
       quantile_cont(epoch(standing."at") - epoch(reviews."at"), 0.5) as wait_s_median,
       quantile_cont(epoch(standing."at") - epoch(reviews."at"), 0.9) as wait_s_p90,
       quantile_cont(standing.handling_ms / 1000, 0.5) as handling_s_median,
       quantile_cont(standing.handling_ms / 1000, 0.9) as handling_s_p90
  from reviews
  left join standing on standing.review = reviews.id
 where reviews.surface = $surface and reviews.impression in (select impression from outcomes_in_focus)
 group by reviews.reason
 order by reviews.reason

-- workers --
-- Each worker's standing verdicts: how many, how fast, how often none; and where somebody else, or a known label, says
-- what is right for the same context, how often they agree. A voice of a panel names itself in `undoes`; what a panel
-- came to is by `consensus`, which is nobody.
with standing as (
    select verdicts.eid, verdicts.worker, verdicts.item, verdicts.handling_ms, slates.context_key
      from verdicts
      join outcomes_in_focus slates on slates.impression = verdicts.impression
     where verdicts.surface = $surface and verdicts.worker is distinct from 'consensus'
       and (verdicts.undoes is null or verdicts.undoes = verdicts.eid)
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid and later.eid <> verdicts.eid)
), compared as (
    select ours.eid, bool_or(ours.item is not distinct from theirs.item) as agrees
      from standing ours
      join standing theirs on theirs.context_key = ours.context_key and theirs.worker <> ours.worker
     group by ours.eid
), known as (
    select context_key, list(distinct item) filter (item is not null) as items
      from labels
     where surface = $surface and source = 'label'
     group by context_key
)
select standing.worker, count(*) as verdicts, median(standing.handling_ms / 1000) as handling_s_median,
       count(*) filter (standing.item is null) as none_of_these,
       count(compared.eid) as compared, count(*) filter (compared.agrees) as agreed,
       count(known.context_key) as checked,
       count(*) filter (known.context_key is not null
                        and case when standing.item is null then known.items is null
                                 else coalesce(list_contains(known.items, standing.item), false) end) as right_n
  from standing
  left join compared using (eid)
  left join known on known.context_key = standing.context_key
 group by standing.worker
 order by verdicts desc, standing.worker

-- claims --
-- How often a review was claimed, and how many of those claims came to nothing: the lease ran out, or was given back.
with claimed as (
    select substr(key, length('lease/') + 1) as review, json_extract_string(value, '$.lease') as lease
      from cas
     where starts_with(key, 'lease/') and json_extract_string(value, '$.lease') is not null
     group by all
)
select count(*) as claims,
       count(*) - count(distinct claimed.review) filter (claimed.review in (select review from verdicts)) as came_to_nothing
  from claimed
  join reviews on reviews.id = claimed.review
 where reviews.surface = $surface and reviews.impression in (select impression from outcomes_in_focus)
