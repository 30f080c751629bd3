-- surface_outcomes --
-- The slates of a surface with what became of them, derived once a snapshot: everything else is counted from here.
create or replace temp table surface_outcomes as
select outcomes.*, slates.reason, json_extract(slates.context, '$.fields') as fields
  from outcomes
  join slates on slates.id = outcomes.impression
 where outcomes.surface = $surface

-- surface_options --
-- The options that were shown with them, whether they were looked at, and whether they were taken.
create or replace temp table surface_options as
select impression, served_at, item, text, position, p_select, propensity, outcome, decision, bundle, selected, examined
  from impression_options
 where surface = $surface

-- focus_outcomes --
-- The slates a report speaks of.
create or replace temp table outcomes_in_focus as
select *
  from surface_outcomes
 where served_at >= $from and served_at < $to
   and ($bundle is null or bundle = $bundle)
   and ($field is null or json_extract_string(fields, $field) = $value)

-- focus_options --
-- Their options.
create or replace temp table options_in_focus as
select *
  from surface_options
 where served_at >= $from and served_at < $to and ($bundle is null or bundle = $bundle)

-- focus_options_of_group --
-- The same, of one group.
create or replace temp table options_in_focus as
select options.*
  from surface_options options
  join outcomes_in_focus using (impression)

-- fields --
-- The context fields that group: a few values each, on enough slates to say something. Their names are as a lens
-- takes them: any other, as one with a quote in it, would be no path.
select name, value, count(*) as slates
  from (select unnest(list_filter(json_keys(fields), lambda key: regexp_full_match(key, '[A-Za-z][A-Za-z0-9_.-]*')))
                 as name, fields
          from surface_outcomes
         where fields is not null)
  cross join lateral (select json_extract_string(fields, '$."' || name || '"') as value)
 where value is not null and length(value) <= 60
 group by name, value
qualify count(*) over (partition by name) <= 24
 order by name, slates desc, value
