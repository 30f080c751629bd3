-- waits --
-- From the moment a review was made to the first answer that stands, and how long the answer took.
with timed as (
    select reason, is_answered, epoch(first_at) - epoch("at") as wait_s, first_handling_ms / 1000 as handling_s
      from reviews_in_focus
)
select reason, count(*) as reviews, count(*) filter (is_answered) as answered,
       quantile_cont(wait_s, 0.5) as wait_s_median, quantile_cont(wait_s, 0.9) as wait_s_p90,
       count(wait_s) as wait_s_n,
       quantile_cont(handling_s, 0.5) as handling_s_median, quantile_cont(handling_s, 0.9) as handling_s_p90,
       count(handling_s) as handling_s_n
  from timed
 group by reason
 order by reason

-- waits_at --
-- The same times, sorted, at some fractions of them ($at): the ends of intervals.
select reason, quantile_disc(epoch(first_at) - epoch("at"), $at::double[]) as wait_s_at,
       quantile_disc(first_handling_ms / 1000, $at::double[]) as handling_s_at
  from reviews_in_focus
 group by reason

-- workers --
-- Each worker's standing verdicts: how many, how fast, how often none; and where somebody else, or a known label, says
-- what is right for the same context, how often they agree. A voice of a panel names itself in `undoes`; what a panel
-- came to is by `consensus`, which is nobody.
with voices as (
    from verdicts_in_focus where worker is distinct from 'consensus'
), said as (
    select context_key, item, min(worker) as one, max(worker) as another from voices group by all
), asked as (
    select context_key, min(one) as one, max(another) as another from said group by context_key
), known as (
    select context_key, list(distinct item) filter (item is not null) as items
      from labels
     where surface = $surface and source = 'label'
     group by context_key
)
select ours.worker, count(*) as verdicts, median(ours.handling_ms / 1000) as handling_s_median,
       count(ours.handling_ms) as handling_s_n,
       count(*) filter (ours.item is null) as none_of_these,
       count(*) filter (ours.worker is not null and asked.one <> asked.another) as compared,
       count(*) filter (ours.worker is not null and said.one <> said.another) as agreed,
       count(known.context_key) as checked,
       count(*) filter (known.context_key is not null
                        and case when ours.item is null then known.items is null
                                 else coalesce(list_contains(known.items, ours.item), false) end) as right_n
  from voices ours
  join asked on asked.context_key is not distinct from ours.context_key
  join said on said.context_key is not distinct from ours.context_key and said.item is not distinct from ours.item
  left join known on known.context_key = ours.context_key
 group by ours.worker
 order by verdicts desc, ours.worker

-- workers_at --
-- Their handling times, sorted, at some fractions of them ($at): the ends of intervals.
select worker, quantile_disc(handling_ms / 1000, $at::double[]) as handling_s_at
  from verdicts_in_focus
 where worker is distinct from 'consensus'
 group by worker

-- costs --
-- What each answered item took of people's time: of all who answered it, where several were asked. What a panel came to
-- took no time of its own.
with timed as (
    select reviews.reason, reviews.review, count(*) as answers, sum(voices.handling_ms) / 1000 as seconds
      from reviews_in_focus reviews
      join derived.voices on voices.review = reviews.review
     where voices.handling_ms is not null and voices.worker is distinct from 'consensus'
     group by all
)
select reason, count(*) as items, sum(answers)::bigint as answers, sum(seconds) as seconds,
       stddev_samp(seconds) as spread
  from timed
 group by reason
 order by reason

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
  join reviews_in_focus reviews on reviews.review = claimed.review
