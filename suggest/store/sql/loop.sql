-- last_sequence --
-- The last sequence that anything a retrain learns from was given: what a bundle made now has seen.
select greatest(
    coalesce((select max(sequence) from events), 0),
    coalesce((select max(sequence) from labels), 0),
    coalesce((select max(sequence) from verdicts), 0),
    coalesce((select max(sequence) from candidates), 0)) as sequence

-- candidate_births --
-- When each candidate of a surface was first known: a none-label does not speak of those that came later.
select id, min(sequence) as sequence from candidates where surface = $surface group by id

-- known_since --
-- How many outcomes and answers of a surface are newer than a sequence: what a scheduled retrain waits for.
select (select count(*) from impression_acts
         where act > 0 and first_terminal_sequence > $after
           and impression in (select id from slates where surface = $surface)) +
       (select count(*) from labels where surface = $surface and sequence > $after) as n

-- valued_slates --
-- The latest slates whose ranking can be valued from what people did: by a model of ours, with its columns, open to be
-- shown by their mode, and no longer pending; oldest first. Others of the log only count towards what is left out.
select * from (
    select slates.id, slates.sequence, slates."at", slates.bundle, slates.policy_revision, slates.encoder, slates.embedding,
           slates.context_key, json_extract(slates.context, '$.fields') as fields,
           json_extract(slates.context, '$.options') as options, slates.shown, slates.k, slates.decision, slates.reason, slates.threshold, slates.supplied,
           slates.pool_ids, slates.pool_logits, slates.pool_p, slates.features, slates.feature_version,
           outcomes.outcome, outcomes.item
      from slates
      join outcomes on outcomes.impression = slates.id
     where slates.surface = $surface and slates.learnable and outcomes.outcome <> 'pending'
       and slates.mode in ('assist', 'auto') and slates.feature_version > 0 and len(slates.pool_ids) > 0
       and (slates.decision in ('show', 'auto') or slates.reason in ('below-threshold', 'escalation-off'))
       and slates.sequence > $after
     order by slates.sequence desc limit $limit)
 order by sequence

-- audited_contexts --
-- Contexts of which a random audit brought a verdict that stands: what two bundles are compared on without bias.
select distinct slates.context_key
  from reviews
  join slates on slates.id = reviews.impression
  join verdicts on verdicts.review = reviews.id
 where reviews.surface = $surface and reviews.reason = 'audit' and verdicts.undoes is null
   and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)

-- latest_sequence --
-- The last sequence that slates and events were given.
select greatest(
    coalesce((select max(sequence) from events), 0), coalesce((select max(sequence) from slates), 0)) as sequence

-- canary_slates --
-- Slates that two bundles drafted together, since a sequence: how many, and the last of them.
select count(*) as n, max(sequence) as until
  from slates
 where surface = $surface and sequence > $after and contains(cast(shown as varchar), '"team"')
   and contains(cast(shown as varchar), $team)

-- canary_selections --
-- Selections from such slates, oldest first.
select events.sequence, events.impression, events.item, slates.shown, slates.user_key
  from events
  join slates on slates.id = events.impression
 where events.surface = $surface and events.type = 'select' and events.sequence > $after
   and contains(cast(slates.shown as varchar), '"team"')
 order by events.sequence

-- known_of_bundle --
-- Slates that a bundle served since a moment and of which it became known, after a sequence, whether a right option was
-- in them: by a verdict, or by what was done with a slate that was shown. Oldest first; an impression may come twice.
select * from (
    select slates.id as impression, 'act' as known_by, slates.p_any, events.type = 'select' as is_right, events.sequence
      from events
      join slates on slates.id = events.impression
     where events.surface = $surface and events.type in ('select', 'dismiss', 'override') and events.sequence > $after
       and (events.type <> 'dismiss' or events.item is null)
       and slates.bundle = $bundle and slates."at" >= $since and slates.decision in ('show', 'auto')
       and slates.feature_version > 0
    union all
    select slates.id, 'verdict', slates.p_any,
           verdicts.item is not null and list_contains(json_extract_string(slates.shown, '$[*].id'), verdicts.item),
           verdicts.sequence
      from verdicts
      join slates on slates.id = verdicts.impression
     where verdicts.surface = $surface and verdicts.undoes is null and verdicts.sequence > $after
       and slates.bundle = $bundle and slates."at" >= $since and slates.feature_version > 0)
 order by sequence

-- known_before --
-- The same of what other bundles served before a moment, the latest first: what is usual on this surface.
select * from (
    select slates.id as impression, 'act' as known_by, slates.p_any, events.type = 'select' as is_right, events.sequence
      from events
      join slates on slates.id = events.impression
     where events.surface = $surface and events.type in ('select', 'dismiss', 'override')
       and (events.type <> 'dismiss' or events.item is null)
       and slates.bundle <> $bundle and slates.bundle <> 'imported' and slates."at" < $since
       and slates.decision in ('show', 'auto') and slates.feature_version > 0
    union all
    select slates.id, 'verdict', slates.p_any,
           verdicts.item is not null and list_contains(json_extract_string(slates.shown, '$[*].id'), verdicts.item),
           verdicts.sequence
      from verdicts
      join slates on slates.id = verdicts.impression
     where verdicts.surface = $surface and verdicts.undoes is null
       and slates.bundle <> $bundle and slates.bundle <> 'imported' and slates."at" < $since
       and slates.feature_version > 0)
 order by sequence desc limit $limit

-- audited_slates --
-- Slates of a surface that were shown and whose users have had their time: what a random audit found in some of them (of
-- each review the verdict that stands), and what their users did with all of them.
with shown as (
    select slates.id, slates.shown, outcomes.outcome, outcomes.dismissed_in_part
      from slates
      join outcomes on outcomes.impression = slates.id and outcomes.outcome <> 'pending'
     where slates.surface = $surface and slates.learnable and slates.decision in ('show', 'auto')
       and slates.bundle <> 'imported'),
judged as (
    select verdicts.item is not null
           and list_contains(json_extract_string(shown.shown, '$[*].id'), verdicts.item) as is_right
      from verdicts
      join reviews on reviews.id = verdicts.review and reviews.reason = 'audit'
      join shown on shown.id = verdicts.impression
     where verdicts.undoes is null and verdicts.eid not in (select undoes from verdicts where undoes is not null)
   qualify row_number() over (partition by verdicts.review order by verdicts.sequence desc) = 1)
select (select count(*) from judged where is_right) as "right",
       (select count(*) from judged where not is_right) as wrong,
       (select count(*) from shown where outcome = 'selected') as selected,
       (select count(*) from shown where outcome in ('dismissed', 'overridden') and not dismissed_in_part) as dismissed

-- reactions --
-- What people did with what they were shown that tells whether an answer was wanted at all, latest first: they wrote their
-- own, sent all of it away, or looked at it and left. As things stood when the snapshot was taken.
select slates.context_key, slates.context, slates.encoder, slates.embedding, slates.p_any, outcomes.outcome,
       coalesce(acts.weight, 1) as weight
  from outcomes
  join slates on slates.id = outcomes.impression
  left join impression_acts acts on acts.impression = slates.id
 where outcomes.surface = $surface and outcomes.outcome in ('dismissed', 'ignored', 'overridden')
   and not outcomes.dismissed_in_part and outcomes.decision in ('show', 'auto')
   and slates.learnable and not slates.supplied and slates.bundle <> 'imported'
 order by slates.sequence desc limit $limit
