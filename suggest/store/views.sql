-- State derived from the log. These views live in the file, so that a report over a snapshot means the same by them.

-- The options of each slate as they were shown, one row an option.
create view slate_options as
select slates.id as impression, surface, slates."at" as served_at, option.id as item, option.text as text,
       option.position as position, option.p_select as p_select, option.propensity as propensity
  from slates,
       unnest(from_json(shown, '[{"id": "varchar", "text": "varchar", "position": "integer", "p_select": "double",
                                  "propensity": "double"}]')) as options(option);

-- What people did with each impression, one row an impression that anybody reacted to. The first select is final. A dismissal
-- that names an option refuses that one: it is no act on the slate.
create view impression_acts as
select impression,
       max(says) as act,
       arg_min(item, sequence) filter (type = 'select') as selected_item,
       arg_min(position, sequence) filter (type = 'select') as selected_position,
       min(received_at) filter (says > 0) as first_terminal_at,
       min(sequence) filter (says > 0) as first_terminal_sequence,
       bool_or(type = 'dismiss' and item is not null) as refused,
       count(*) filter (type = 'view') > 0 as viewed,
       bool_or(type = 'view' and item is null and position is null) as viewed_whole,
       max(visible_ms) as visible_ms,
       arg_max(edited, sequence) filter (type = 'commit') as edited,
       arg_max(edit_ratio, sequence) filter (type = 'commit') as edit_ratio,
       bool_and(trusted) filter (says > 0) as trusted,
       coalesce(arg_min(weight, sequence) filter (type = 'select'),
                arg_min(weight, sequence) filter (says > 0), 1) as weight
  from (select *, case when type = 'select' then 3
                       when type = 'dismiss' and item is null then 2
                       when type = 'override' then 1
                       else 0 end as says
          from events)
 group by impression;

-- Options that were refused by name and of which nothing else was said, one row an option of an impression.
create view refusals as
select events.impression, events.surface, events.item, min(events.position) as position,
       coalesce(arg_min(events.weight, events.sequence), 1) as weight, bool_and(events.trusted) as trusted,
       min(events.received_at) as refused_at, min(events.sequence) as sequence
  from events
  join impression_acts acts on acts.impression = events.impression
 where events.type = 'dismiss' and events.item is not null
   and (acts.act = 0 or (acts.act = 3 and events.position > acts.selected_position
                         and events.sequence < acts.first_terminal_sequence))
 group by events.impression, events.surface, events.item;

-- How long silence is waited for on each surface: the latest policy's reward_wait_s.
create view reward_waits as
select substr(key, length('policy/') + 1) as surface,
       arg_max(cast(json_extract_string(value, '$.reward_wait_s') as integer), sequence) as reward_wait_s
  from cas
 where starts_with(key, 'policy/')
 group by key;

-- Outcomes as they stand at a moment: one row an impression. Ignored and unseen are silence that lasted; pending has not yet.
create macro outcomes_at(moment) as table
select slates.id as impression, slates.surface, slates."at" as served_at, slates.context_key, slates.decision,
       slates.mode, slates.bundle, slates.p_any, slates.p_accept, slates.threshold, slates.supplied, slates.learnable,
       case when acts.act = 3 then 'selected'
            when acts.act = 2 or acts.refused then 'dismissed'
            when acts.act = 1 then 'overridden'
            when slates."at" + to_seconds(coalesce(waits.reward_wait_s, 1800)) > moment then 'pending'
            when acts.viewed then 'ignored'
            else 'unseen' end as outcome,
       acts.selected_item as item,
       coalesce(acts.selected_position, options.position) as position,
       acts.first_terminal_at as decided_at,
       coalesce(acts.viewed, false) as viewed,
       coalesce(acts.viewed_whole, false) as viewed_whole,
       coalesce(acts.refused and acts.act = 0, false) as dismissed_in_part,
       acts.visible_ms, acts.edited, acts.edit_ratio, coalesce(acts.trusted, false) as trusted
  from slates
  left join impression_acts acts on acts.impression = slates.id
  left join reward_waits waits on waits.surface = slates.surface
  left join slate_options options on options.impression = slates.id and options.item = acts.selected_item;

-- The moment this file speaks of: when the snapshot was taken; the present one in the live file.
create view as_of as
select coalesce((select max(cast(value as timestamp)) from meta where key = 'as_of'), now() at time zone 'UTC') as moment;

create view outcomes as from outcomes_at((select moment from as_of));

-- One row a shown option. Examined: at or above the selection; all of them where the slate was dismissed, overridden
-- or seen whole; else those that were seen or refused by themselves. A select says nothing about what stands below it.
create view impression_options as
select options.impression, options.surface, options.served_at, options.item, options.text, options.position,
       options.p_select, options.propensity, outcomes.outcome, outcomes.decision, outcomes.bundle,
       outcomes.outcome = 'selected' and options.item = outcomes.item as selected,
       case when outcomes.outcome = 'selected' then options.position <= outcomes.position
            when outcomes.outcome in ('dismissed', 'overridden') and not outcomes.dismissed_in_part then true
            when outcomes.viewed_whole then true
            else seen.impression is not null end as examined
  from slate_options options
  join outcomes on outcomes.impression = options.impression
  left join (select distinct impression, position from events where type in ('view', 'dismiss') and position is not null) seen
    on seen.impression = options.impression and seen.position = options.position;
