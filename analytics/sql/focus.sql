-- focus_views --
-- What a report speaks of: the slates of one surface and one time, of one bundle or one group where a lens is looked
-- through. Whole days come from the counts by day, what is left of the first and the last day row by row.
create or replace temp view outcomes_in_focus as
select *
  from derived.facts
 where surface = getvariable('surface') and served_at >= getvariable('since') and served_at < getvariable('until')
   and (getvariable('bundle') is null or bundle = getvariable('bundle'))
   and (getvariable('groups') is null or list_contains(getvariable('groups'), group_id))
   and (getvariable('value') is null or json_extract_string(fields, getvariable('path')) = getvariable('value'));
create or replace temp view options_in_focus as
select *
  from derived.options
 where surface = getvariable('surface') and served_at >= getvariable('since') and served_at < getvariable('until')
   and (getvariable('bundle') is null or bundle = getvariable('bundle'))
   and (getvariable('groups') is null or list_contains(getvariable('groups'), group_id));
create or replace temp view cells_in_focus as
with cells as (
    select "at", bundle, group_id, decision, reason, mode, outcome, reached, edited, known_by, is_right, n, n_p, sum_p,
           sum_p2, taken, saved
      from derived.cells
     where surface = getvariable('surface') and "at" >= getvariable('days_from') and "at" < getvariable('days_to')
       and (getvariable('bundle') is null or bundle = getvariable('bundle'))
       and (getvariable('groups') is null or list_contains(getvariable('groups'), group_id))
    union all
    select served_at, bundle, group_id, decision, reason, mode, outcome, reached, edited, known_by, is_right, 1,
           (p_any is not null)::int, p_any, p_any * p_any, taken, saved
      from outcomes_in_focus
     where served_at < getvariable('days_from') or served_at >= getvariable('days_to')
)
select cells.*, groups.fields from cells join derived.groups using (group_id);
create or replace temp view option_cells_in_focus as
select "at", item, position, n, examined, taken, last_at, text
  from derived.option_cells
 where surface = getvariable('surface') and "at" >= getvariable('days_from') and "at" < getvariable('days_to')
   and (getvariable('bundle') is null or bundle = getvariable('bundle'))
   and (getvariable('groups') is null or list_contains(getvariable('groups'), group_id))
union all
select served_at, item, position, 1, examined::int, (examined and selected)::int,
       case when examined then served_at end, case when examined then text end
  from options_in_focus
 where is_settled and (served_at < getvariable('days_from') or served_at >= getvariable('days_to'));
create or replace temp view reviews_in_focus as
select *
  from derived.reviewed
 where surface = getvariable('surface') and served_at >= getvariable('since') and served_at < getvariable('until')
   and (getvariable('bundle') is null or bundle = getvariable('bundle'))
   and (getvariable('groups') is null or list_contains(getvariable('groups'), group_id));
create or replace temp view verdicts_in_focus as
select *
  from derived.worked
 where surface = getvariable('surface') and served_at >= getvariable('since') and served_at < getvariable('until')
   and (getvariable('bundle') is null or bundle = getvariable('bundle'))
   and (getvariable('groups') is null or list_contains(getvariable('groups'), group_id));

-- focus_views_of_any_field --
-- The same where a lens looks through a field that is no group: what belongs to the slates that fulfil it.
create or replace temp view options_in_focus as
from derived.options where slate in (select slate from outcomes_in_focus);
create or replace temp view reviews_in_focus as
from derived.reviewed where slate in (select slate from outcomes_in_focus);
create or replace temp view verdicts_in_focus as
from derived.worked where slate in (select slate from outcomes_in_focus);

-- groups_of_value --
-- The groups whose field has a value; null where the field is no group, and every slate is asked for it.
select case when exists (select 1 from derived.field_values where surface = $surface and name = $name)
            then (select coalesce(list(group_id), [])
                    from derived.groups
                   where surface = $surface and json_extract_string(fields, '$."' || $name || '"') = $value) end as found

-- fields --
-- The context fields that group: a few values each, on enough slates to say something.
select name, value, sum(slates)::bigint as slates
  from derived.field_values
 where surface = $surface
 group by name, value
 order by name, slates desc, value
