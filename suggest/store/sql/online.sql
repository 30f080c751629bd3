-- last_retired --
-- When each candidate was retired last: what was learned about it before that has no vote.
select id, max(sequence) as sequence
  from candidates
 where surface = $surface and retired
 group by id

-- recent_requests --
-- The last requests that asked for an answer, oldest first: the traffic to come is taken to be like them. The context
-- only where its embedding is of another encoder and must be made again. Told by its text is what has no fields and
-- brought no options along: another bundle can judge it anew by its embedding.
select p_any, bundle, encoder, embedding, context_key, context, is_told_by_text
  from (select p_any, bundle, encoder, embedding, sequence, context_key,
               not supplied and coalesce(json_extract_string(context, '$.fields'), '{}') = '{}' as is_told_by_text,
               case when encoder = $encoder then null else context end as context
          from slates
         where surface = $surface and len(pool_ids) > 0
           and coalesce(reason, '') not in ('needs-no-answer', 'degraded', 'asked')
         order by sequence desc limit $limit)
 order by sequence

-- engagements --
-- The last slates somebody could take an option of, up to a sequence and oldest first, and what became of each as things
-- stood at a moment and that sequence (ended_at null: not known yet): what p_accept is learned from again.
select recent.id as impression, recent."at", recent.user_key, recent.session, recent.context, recent.context_key,
       recent.shown, recent.p_any, recent.sequence,
       coalesce(acts.act, 0) = 3 and acts.first_terminal_sequence <= $upto as taken,
       coalesce(case when acts.first_terminal_sequence <= $upto then acts.first_terminal_at end,
                case when recent."at" + to_seconds(coalesce(waits.reward_wait_s, 1800)) <= $moment
                     then recent."at" + to_seconds(coalesce(waits.reward_wait_s, 1800)) end) as ended_at,
       coalesce(acts.first_terminal_sequence, 0) as ended_sequence
  from (select id, surface, slates."at", user_key, session, context, context_key, shown, p_any, sequence
          from slates
         where surface = $surface and decision in ('show', 'auto') and learnable and bundle <> 'imported'
           and sequence <= $upto
         order by sequence desc limit $limit) recent
  left join impression_acts acts on acts.impression = recent.id
  left join reward_waits waits on waits.surface = recent.surface
 order by recent.sequence

-- latest_decided --
-- The last slates that people decided up to a sequence, and the options they refused by name (act 0), the latest first: who
-- takes what, and who asks for what is not there.
select * from (
select slates.user_key, slates.session, slates."at", slates.p_any, json_extract_string(slates.shown, '$[*].id') as shown,
       acts.act, acts.selected_item as item, acts.trusted or slates.user_key is not null as is_known,
       acts.first_terminal_sequence as sequence
  from slates
  join impression_acts acts on acts.impression = slates.id
 where slates.surface = $surface and slates.learnable and acts.act > 0 and slates.bundle <> 'imported'
   and acts.first_terminal_sequence <= $upto
union all
select slates.user_key, slates.session, slates."at", null, null, 0, refusals.item,
       refusals.trusted or slates.user_key is not null, refusals.sequence
  from slates
  join refusals on refusals.impression = slates.id
 where slates.surface = $surface and slates.learnable and refusals.weight > 0 and refusals.sequence <= $upto)
 order by sequence desc limit $limit

-- busiest_hour --
-- The most requests that a surface had in one hour since a moment: what people must be able to keep up with.
select coalesce(max(n), 0) as n
  from (select count(*) as n
          from slates
         where surface = $surface and "at" >= $since and bundle <> 'imported'
         group by date_trunc('hour', "at"))

-- open_impressions --
-- Impressions of a surface that nobody decided and whose silence may still be waited for, oldest first.
select slates.id as impression, slates."at", slates.p_any, slates.decision in ('show', 'auto') as is_shown,
       coalesce(acts.viewed, false) as viewed
  from slates
  left join impression_acts acts on acts.impression = slates.id
 where slates.surface = $surface and slates."at" >= $since and coalesce(acts.act, 0) = 0
 order by slates.sequence

-- contexts_of_user --
-- The contexts a user asked about: what was learned from them is made anew when the user is erased.
select distinct surface, context_key from slates where user_key = $user_key
union
select distinct surface, context_key from labels where user_key = $user_key

-- remembered_selections --
-- What people chose, once a context and option (the latest time), and what they dismissed (item null): what the memory
-- is restored from, oldest first. The context itself only where its embedding is not of this encoder and must be made
-- again.
with acts as (
    select impression, case when act = 3 then selected_item end as item, weight, first_terminal_sequence as sequence
      from impression_acts
     where act > 0 and weight > 0
),
latest as (
    select arg_max(slates.id, acts.sequence) as impression, acts.item, max(acts.sequence) as sequence,
           max(acts.weight) as weight
      from slates
      join acts on acts.impression = slates.id
     where slates.surface = $surface and slates.learnable
     group by slates.context_key, acts.item
)
select slates.context_key, latest.item, slates.encoder, slates.embedding,
       case when slates.encoder = $encoder then null else slates.context end as context, latest.weight,
       latest.sequence
  from latest
  join slates on slates.id = latest.impression
 order by latest.sequence

-- latest_outcomes --
-- The last decided slates that a bundle has not seen, up to a sequence: the instant head is taught them again.
select slates.id, slates.encoder, slates.embedding, slates.context_key,
       case when slates.encoder = $encoder then null else slates.context end as context,
       acts.act, acts.selected_item as item, slates.shown, slates.bundle, acts.weight,
       acts.first_terminal_sequence as sequence
  from slates
  join impression_acts acts on acts.impression = slates.id
 where slates.surface = $surface and slates.learnable and acts.act > 0 and acts.weight > 0
   and acts.first_terminal_sequence > $after
   and acts.first_terminal_sequence <= $upto
 order by acts.first_terminal_sequence desc limit $limit

-- latest_refusals --
-- The last options that were refused by name and that a bundle has not seen, likewise (act 0).
select slates.id, slates.encoder, slates.embedding, slates.context_key,
       case when slates.encoder = $encoder then null else slates.context end as context,
       0 as act, refusals.item, slates.shown, slates.bundle, refusals.weight, refusals.sequence
  from slates
  join refusals on refusals.impression = slates.id
 where slates.surface = $surface and slates.learnable and refusals.weight > 0
   and refusals.sequence > $after and refusals.sequence <= $upto
 order by refusals.sequence desc limit $limit

-- latest_labels --
-- The last labels that a bundle has not seen, likewise.
select id, encoder, embedding, context_key, case when encoder = $encoder then null else context end as context,
       item, sequence
  from labels
 where surface = $surface and sequence > $after and sequence <= $upto and item is not null
 order by sequence desc limit $limit

-- context_keys_of_surface --
-- Every context that the log still holds: vectors of others are forgotten.
select distinct context_key from slates where surface = $surface
union
select distinct context_key from labels where surface = $surface

-- drifting_requests --
-- The last requests that asked for an answer, oldest first, with what each was taken to be: is traffic still what it was?
select p_any, bundle, encoder, embedding
  from (select p_any, bundle, encoder, embedding, sequence
          from slates
         where surface = $surface and len(pool_ids) > 0 and bundle <> 'imported'
           and coalesce(reason, '') not in ('needs-no-answer', 'degraded', 'asked')
         order by sequence desc limit $limit)
 order by sequence
