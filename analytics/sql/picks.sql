-- picks --
-- Of the slates of a period that were put to people to learn from: how each was chosen, how it was answered, and whether
-- the first option, or any that was shown, was the answer. Doubts about known answers are another question.
with picked as (
    select sequence, slate, pick, is_answered, item
      from reviews_in_focus
     where pick is not null and pick not in ('doubted', 'guideline')
), shown as (
    select slate, array_agg(item order by position) as items
      from options_in_focus
     where slate in (select slate from picked)
     group by slate
)
select picked.pick, picked.is_answered as answered, picked.item,
       coalesce(list_extract(shown.items, 1) = picked.item, false) as is_first,
       coalesce(list_contains(shown.items, picked.item), false) as is_shown
  from picked
  left join shown using (slate)
 order by picked.sequence
