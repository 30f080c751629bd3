-- review_waits --
-- How long the requests that somebody waited for were answered in, whatever they were handed over for but checks.
select count(*) as reviews, count(*) filter (is_answered) as answered,
       quantile_cont(epoch(first_at) - epoch("at"), 0.5) as wait_s_median,
       quantile_cont(epoch(first_at) - epoch("at"), 0.9) as wait_s_p90
  from reviews_in_focus
 where reason = 'escalated'
