-- tally --
-- The counts behind the headline shares. Reached: decided to be shown, or reported as seen whatever was decided.
select coalesce(sum(n), 0)::bigint as requests,
       coalesce(sum(n) filter (decision in ('show', 'auto')), 0)::bigint as shown,
       coalesce(sum(n) filter (decision = 'auto'), 0)::bigint as applied,
       coalesce(sum(n) filter (decision = 'escalate'), 0)::bigint as escalated,
       coalesce(sum(n) filter (outcome in ('selected', 'dismissed', 'overridden', 'ignored')), 0)::bigint as seen,
       coalesce(sum(n) filter (outcome = 'selected'), 0)::bigint as selected
  from cells_in_focus

-- promise --
-- What the owner wishes, as last written before the end of this time, and whether a test stood behind the line then.
select "at", json_extract_string(policy, '$.mode') as mode,
       json_extract_string(policy, '$.target.kind') as target_kind,
       try_cast(json_extract_string(policy, '$.target.value') as double) as target_value,
       try_cast(json_extract_string(policy, '$.auto_target') as double) as auto_target,
       try_cast(json_extract_string(policy, '$.answer_within_s') as double) as answer_within_s,
       try_cast(json_extract_string(policy, '$.learning_per_day') as integer) as learning_per_day,
       try_cast(json_extract_string(policy, '$.line.certified') as boolean) as is_certified
  from policy_changes
 where surface = $surface and policy_changes."at" < $to
 order by sequence desc
 limit 1

-- left_waiting --
-- Of what was handed to people because nobody else knew, what has no answer, for longer than it may take ($within_s).
select count(*) as asked,
       count(*) filter (not is_answered and reviews."at" + to_milliseconds($within_s * 1000)
                                            <= (select moment from as_of)) as late
  from reviews_in_focus reviews
 where reason = 'escalated'

-- typed --
-- Characters that nobody had to type: the length of each option taken, less the part of it that was rewritten.
select coalesce(sum(taken), 0)::bigint as taken, coalesce(sum(saved), 0)::bigint as characters
  from cells_in_focus

-- loop_times --
-- How old what people did was when a bundle that had learned from it began to serve. The next request already uses
-- every act; this is the slower half of the loop.
with promoted as (
    select id, bundles."at" as "at", lag(bundles."at") over (order by sequence) as before
      from bundles
     where surface = $surface and state = 'promoted'
)
select promoted.id as bundle, promoted."at" as "at", count(outcomes.slate) as acts,
       median(epoch(promoted."at") - epoch(outcomes.decided_at)) as age_s_median, count(outcomes.decided_at) as age_s_n
  from promoted
  left join (select slate, decided_at from derived.facts where surface = $surface) outcomes
    on outcomes.decided_at <= promoted."at" and (promoted.before is null or outcomes.decided_at > promoted.before)
 where promoted."at" >= $from and promoted."at" < $to
 group by promoted.id, promoted."at"
 order by promoted."at"

-- loop_times_at --
-- The same ages, sorted, at some fractions of them ($at): the ends of intervals.
with promoted as (
    select id, bundles."at" as "at", lag(bundles."at") over (order by sequence) as before
      from bundles
     where surface = $surface and state = 'promoted'
)
select promoted.id as bundle, quantile_disc(epoch(promoted."at") - epoch(decided_at), $at::double[]) as age_s_at
  from promoted
  join derived.facts
    on decided_at <= promoted."at" and (promoted.before is null or decided_at > promoted.before)
   and facts.surface = $surface
 where promoted."at" >= $from and promoted."at" < $to
 group by promoted.id

-- happenings --
-- What was done to the surface in this time: bundles that were built or began to serve, policies that were changed,
-- and what people wrote down.
select bundles."at" as "at", 'bundle' as kind, id || ': ' || state as what
  from bundles
 where surface = $surface and bundles."at" >= $from and bundles."at" < $to
union all
select policy_changes."at", 'policy', coalesce("by", '')
  from policy_changes
 where surface = $surface and policy_changes."at" >= $from and policy_changes."at" < $to
union all
select cast(json_extract_string(value, '$.at') as timestamptz) at time zone 'UTC', 'note',
       json_extract_string(value, '$.text')
  from cas
 where starts_with(key, 'annotation/') and json_extract_string(value, '$.surface') = $surface
   and cast(json_extract_string(value, '$.at') as timestamptz) at time zone 'UTC' >= $from
   and cast(json_extract_string(value, '$.at') as timestamptz) at time zone 'UTC' < $to
 order by 1
