-- confidence_over_time --
-- What was said of the requests of each stretch of time: the mean of p_any with its spread, and how many.
select date_trunc($step, served_at) as at, count(*) as n, avg(p_any) as mean, coalesce(stddev_samp(p_any), 0) as spread
  from outcomes_in_focus
 where p_any is not null and bundle <> 'imported'
 group by all
 order by all

-- recent_requests --
-- The latest requests, the newest first: what was said of each, and its vector where the serving encoder made it.
select outcomes.p_any, slates.embedding, slates.encoder
  from outcomes_in_focus outcomes
  join slates on slates.id = outcomes.impression
 where outcomes.p_any is not null and outcomes.bundle <> 'imported'
 order by outcomes.served_at desc, outcomes.impression desc
 limit $most
