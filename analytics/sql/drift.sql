-- confidence_over_time --
-- What was said of the requests of each stretch of time: the mean of p_any with its spread, and how many.
select date_trunc($step, cells."at") as "at", sum(n_p)::bigint as n, sum(sum_p) / sum(n_p) as mean,
       case when sum(n_p) > 1
            then sqrt(greatest(0, sum(sum_p2) - sum(sum_p) * sum(sum_p) / sum(n_p)) / (sum(n_p) - 1))
            else 0 end as spread
  from cells_in_focus cells
 where n_p > 0 and bundle <> 'imported'
 group by all
 order by all

-- recent_requests --
-- The latest requests, the newest first: what was said of each, and its vector where the serving encoder made it.
select latest.p_any, slates.embedding, slates.encoder
  from (select slate, served_at, impression, p_any
          from outcomes_in_focus
         where p_any is not null and bundle <> 'imported'
         order by served_at desc, impression desc
         limit $most) latest
  join slates on slates.sequence = latest.slate
 order by latest.served_at desc, latest.impression desc
