-- decisions_over_time --
-- What was decided in each stretch of time, and why.
select date_trunc($step, served_at) as at, decision, coalesce(reason, '') as reason, count(*) as requests
  from outcomes_in_focus
 group by all
 order by all

-- reviews_by_reason --
-- What went to people and what came back: a review is answered when a verdict on it stands.
with standing as (
    select review, arg_max(handling_ms, sequence) as handling_ms
      from verdicts
     where surface = $surface and undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
     group by review
)
select reviews.reason, count(*) as reviews, count(standing.review) as answered,
       median(standing.handling_ms) as handling_ms_median
  from reviews
  left join standing on standing.review = reviews.id
 where reviews.surface = $surface and reviews.impression in (select impression from outcomes_in_focus)
 group by reviews.reason
 order by reviews.reason

-- audits --
-- The audited sample of confident decisions: of how many a verdict stands, and in how many of those a right option was shown.
with standing as (
    select review, impression, item
      from verdicts
     where surface = $surface and undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
   qualify row_number() over (partition by review order by sequence desc) = 1
)
select reviews.id as review, standing.review is not null as answered,
       coalesce(exists (select 1 from slate_options
                         where slate_options.impression = reviews.impression and slate_options.item = standing.item),
                false) as is_right
  from reviews
  left join standing on standing.review = reviews.id
 where reviews.surface = $surface and reviews.reason = 'audit'
   and reviews.impression in (select impression from outcomes_in_focus)
 order by reviews.sequence
