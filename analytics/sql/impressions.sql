-- impressions --
-- The latest slates of some kind, with what was asked, what was shown and what became of it.
select outcomes.impression, outcomes.served_at, json_extract_string(slates.context, '$.text') as text, outcomes.decision,
       outcomes.outcome, outcomes.bundle, outcomes.p_any, outcomes.item, slates.shown,
       exists (select 1 from reviews where reviews.impression = outcomes.impression) as is_reviewed,
       count(*) over () as total
  from (select *, decision in ('show', 'auto') or viewed or decided_at is not null as reached from outcomes_in_focus)
       outcomes
  join slates on slates.id = outcomes.impression
 where ($outcome is null or outcomes.outcome = $outcome)
   and ($decision is null or outcomes.decision = $decision)
   and case coalesce($stage, 'requested')
            when 'reached' then reached
            when 'seen' then reached and outcomes.outcome in ('selected', 'dismissed', 'overridden', 'ignored')
            when 'answered' then outcomes.outcome in ('selected', 'dismissed', 'overridden')
            when 'selected' then outcomes.outcome = 'selected'
            when 'kept' then outcomes.outcome = 'selected' and not coalesce(outcomes.edited, false)
            else true end
   and ($item is null or outcomes.item = $item)
 order by outcomes.served_at desc, outcomes.impression desc
 limit $most
