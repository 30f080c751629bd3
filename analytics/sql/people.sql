-- decisions_over_time --
-- What was decided in each stretch of time, and why.
select date_trunc($step, cells."at") as "at", decision, coalesce(reason, '') as reason, sum(n)::bigint as requests
  from cells_in_focus cells
 group by all
 order by all

-- reviews_by_reason --
-- What went to people and what came back: a review is answered when a verdict on it stands.
select reason, count(*) as reviews, count(*) filter (is_answered) as answered, median(handling_ms) as handling_ms_median
  from reviews_in_focus
 group by reason
 order by reason

-- audits --
-- The audited sample of confident decisions: of how many a verdict stands, and in how many of those a right option was shown.
select reviews.review, reviews.is_answered as answered, count(options.slate) > 0 as is_right
  from reviews_in_focus reviews
  left join options_in_focus options on options.slate = reviews.slate and options.item = reviews.item
 where reviews.reason = 'audit'
 group by reviews.sequence, reviews.review, reviews.is_answered
 order by reviews.sequence
