-- outcomes_over_time --
-- How many impressions of each stretch of time ended how, of those that reached a person: decided to be shown, or
-- reported as seen whatever was decided. Ignored is missing, not negative.
select date_trunc($step, served_at) as at, outcome, count(*) as impressions
  from outcomes_in_focus
 where (decision in ('show', 'auto') or viewed or decided_at is not null)
 group by all
 order by all

-- outcomes_by_position --
-- One row a position: how often an option stood there, was looked at, and was taken. What is pending is left out.
select position, count(*) as shown, count(*) filter (examined) as examined,
       count(*) filter (examined and selected) as selected
  from options_in_focus
 where outcome <> 'pending' and (decision in ('show', 'auto') or outcome <> 'unseen')
 group by position
 order by position

-- acceptance --
-- p_accept against what people did with what they were shown, the latest slates. Silence that lasted counts as not
-- accepted.
select impression, p_accept, outcome = 'selected' as accepted, context_key
  from outcomes_in_focus
 where decision in ('show', 'auto') and outcome <> 'pending' and p_accept is not null and bundle <> 'imported'
 order by served_at desc, impression desc
 limit $most
