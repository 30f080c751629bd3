-- outcomes_over_time --
-- How many impressions of each stretch of time ended how, of those that reached a person: decided to be shown, or
-- reported as seen whatever was decided. Ignored is missing, not negative.
select date_trunc($step, cells."at") as "at", outcome, sum(n)::bigint as impressions
  from cells_in_focus cells
 where reached
 group by all
 order by all

-- outcomes_by_position --
-- One row a position: how often an option stood there, was looked at, and was taken. What is pending is left out.
select position, sum(n)::bigint as shown, sum(examined)::bigint as examined, sum(taken)::bigint as selected
  from option_cells_in_focus
 group by position
 order by position

-- acceptance --
-- p_accept against what people did with what they were shown, the latest slates. Silence that lasted counts as not
-- accepted.
select slate, p_accept, outcome = 'selected' as accepted, context_key,
       coalesce(json_extract_string(fields, $by), '') as "group"
  from outcomes_in_focus
 where decision in ('show', 'auto') and outcome <> 'pending' and p_accept is not null and bundle <> 'imported'
 order by served_at desc, slate desc
 limit $most
