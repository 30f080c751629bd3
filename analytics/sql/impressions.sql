-- impressions --
-- The latest slates of some kind, with what was asked, what was shown and what became of it.
with kind as (
    select slate, impression, served_at, decision, outcome, bundle, p_any, item
      from outcomes_in_focus
     where ($outcome is null or outcome = $outcome)
       and ($decision is null or decision = $decision)
       and case coalesce($stage, 'requested')
                when 'reached' then reached
                when 'seen' then reached and outcome in ('selected', 'dismissed', 'overridden', 'ignored')
                when 'answered' then outcome in ('selected', 'dismissed', 'overridden')
                when 'selected' then outcome = 'selected'
                when 'kept' then outcome = 'selected' and not edited
                else true end
       and ($item is null or item = $item)
), latest as (
    from kind order by served_at desc, impression desc limit $most
)
select latest.impression, latest.served_at, json_extract_string(slates.context, '$.text') as text, latest.decision,
       latest.outcome, latest.bundle, latest.p_any, latest.item, slates.shown,
       exists (select 1 from reviews where reviews.impression = latest.impression) as is_reviewed,
       (select count(*) from kind) as total
  from latest
  join slates on slates.sequence = latest.slate
 order by latest.served_at desc, latest.impression desc
