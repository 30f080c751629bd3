-- review_waits --
-- How long the requests that somebody waited for were answered in, whatever they were handed over for but checks.
with standing as (
    select review, min(verdicts."at") as "at"
      from verdicts
     where surface = $surface and undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
     group by review
)
select count(*) as reviews, count(standing.review) as answered,
       quantile_cont(epoch(standing."at") - epoch(reviews."at"), 0.5) as wait_s_median,
       quantile_cont(epoch(standing."at") - epoch(reviews."at"), 0.9) as wait_s_p90
  from reviews
  left join standing on standing.review = reviews.id
 where reviews.surface = $surface and reviews.reason = 'escalated'
   and reviews.impression in (select impression from outcomes_in_focus)
