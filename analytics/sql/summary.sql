-- review_waits --
-- How long the requests that somebody waited for were answered in, whatever they were handed over for but checks.
with timed as (
    select is_answered, epoch(first_at) - epoch("at") as wait_s from reviews_in_focus where reason = 'escalated'
)
select count(*) as reviews, count(*) filter (is_answered) as answered,
       quantile_cont(wait_s, 0.5) as wait_s_median, quantile_cont(wait_s, 0.9) as wait_s_p90,
       count(wait_s) as wait_s_n
  from timed

-- review_waits_at --
-- The same, sorted, at some fractions of them ($at): the ends of intervals.
select quantile_disc(epoch(first_at) - epoch("at"), $at::double[]) as wait_s_at
  from reviews_in_focus
 where reason = 'escalated'
