-- decided_slates --
-- Select, dismiss and override joined with their slates, in the order they were decided: what the memory and the
-- instant head are restored from. One row an impression; the highest of select > dismiss > override counts.
select slates.id as impression, slates.context_key, slates.context, slates.encoder, slates.embedding, slates.user_key,
       slates.session,
       case acts.act when 3 then 'selected' when 2 then 'dismissed' else 'overridden' end as outcome,
       acts.selected_item as item, acts.selected_position as position, slates.shown, slates.pool_ids, slates.p_any,
       case when slates.supplied then slates.features end as features,
       slates."at", acts.first_terminal_at as decided_at, acts.weight, slates.supplied, slates.bundle,
       acts.first_terminal_sequence as sequence
  from slates
  join impression_acts acts on acts.impression = slates.id
 where slates.surface = $surface and slates.learnable and acts.act > 0 and acts.first_terminal_sequence > $after
 order by acts.first_terminal_sequence

-- refused_options --
-- Options that were refused by name, joined with their slates, in the order they were refused.
select refusals.impression, refusals.item, refusals.weight, refusals.sequence, slates.context_key, slates.context,
       slates.encoder, slates.embedding, slates.shown, slates.supplied, slates.pool_ids, slates.user_key, slates.session,
       case when slates.supplied then slates.features end as features, slates."at", slates.bundle
  from refusals
  join slates on slates.id = refusals.impression
 where slates.surface = $surface and slates.learnable and refusals.sequence > $after
 order by refusals.sequence

-- pending_impressions --
-- Impressions nobody decided yet, whose silence may still be waited for: served since a moment, oldest first.
select slates.id as impression, slates.surface, slates."at", slates.p_any, slates.shown, slates.context_key,
       coalesce(acts.viewed, false) as viewed
  from slates
  left join impression_acts acts on acts.impression = slates.id
 where slates."at" >= $since and coalesce(acts.act, 0) = 0
 order by slates.sequence

-- outcomes_of_surface --
-- One row an impression, as things stand at a moment.
select * from outcomes_at($moment)
 where surface = $surface and served_at >= $since
 order by served_at, impression

-- outcome_counts --
-- How many impressions of a surface ended how, as things stand at a moment.
select outcome, count(*) as impressions
  from outcomes_at($moment)
 where surface = $surface
 group by outcome order by outcome

-- accepted_by_p_any --
-- p_any against what people did, oldest first: what p_accept is learned from. Silence that lasted counts as not accepted.
select impression, p_any, outcome = 'selected' as accepted, served_at
  from outcomes_at($moment)
 where surface = $surface and outcome <> 'pending' and decision in ('show', 'auto')
 order by served_at, impression

-- events_of_impressions --
-- Everything reported about some impressions, in order.
select eid, impression, surface, type, item, position, visible_ms, text, edited, edit_ratio, name, value, events."at",
       received_at, trusted, weight, sequence
  from events
 where impression in (select unnest($ids))
 order by sequence

-- known_eids --
-- Which of these event ids are in the log.
select eid from events where eid in (select unnest($eids))
