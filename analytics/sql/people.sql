-- decisions_over_time --
-- What was decided in each stretch of time, and why.
select date_trunc($step, cells."at") as "at", decision, coalesce(reason, '') as reason, sum(n)::bigint as requests
  from cells_in_focus cells
 group by all
 order by all

-- reviews_by_reason --
-- What went to people and what came back: a review is answered when a verdict on it stands.
select reason, count(*) as reviews, count(*) filter (is_answered) as answered,
       median(handling_ms / 1000) as handling_s_median, count(handling_ms) as handling_s_n
  from reviews_in_focus
 group by reason
 order by reason

-- reviews_by_reason_at --
-- Their handling times, sorted, at some fractions of them ($at): the ends of intervals.
select reason, quantile_disc(handling_ms / 1000, $at::double[]) as handling_s_at
  from reviews_in_focus
 group by reason

-- audits_by_bundle --
-- The answered audits of each bundle, and in how many a right option was shown: a random sample of what it showed.
with audited as (
    select bundle, review, slate, item from reviews_in_focus where reason = 'audit' and is_answered
), held as (
    select distinct audited.review
      from audited
      join derived.options on options.slate = audited.slate and options.item = audited.item
)
select coalesce(bundle, '') as bundle, count(*) as answered, count(*) filter (review in (from held)) as "right"
  from audited
 group by all
 order by all

-- audits --
-- The audited sample of confident decisions: of how many a verdict stands, and in how many of those a right option was shown.
with audited as (
    select review, slate, item, is_answered from reviews_in_focus where reason = 'audit'
), held as (
    select distinct audited.review
      from audited
      join derived.options on options.slate = audited.slate and options.item = audited.item
)
select count(*) as sampled, count(*) filter (is_answered) as answered,
       count(*) filter (is_answered and review in (from held)) as "right"
  from audited
