-- picks --
-- Of the slates of a period that were put to people to learn from: how each was chosen, how it was answered, and whether
-- the first option, or any that was shown, was the answer. Doubts about known answers are another question.
with standing as (
    select review, item
      from verdicts
     where surface = $surface and undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
   qualify row_number() over (partition by review order by sequence desc) = 1
)
select reviews.pick, standing.review is not null as answered, standing.item,
       coalesce(list_extract(shown.items, 1) = standing.item, false) as is_first,
       coalesce(list_contains(shown.items, standing.item), false) as is_shown
  from reviews
  left join standing on standing.review = reviews.id
  left join (select impression, array_agg(item order by position) as items
               from slate_options group by impression) shown
    on shown.impression = reviews.impression
 where reviews.surface = $surface and reviews.pick is not null and reviews.pick not in ('doubted', 'guideline')
   and reviews.impression in (select impression from outcomes_in_focus)
 order by reviews.sequence
