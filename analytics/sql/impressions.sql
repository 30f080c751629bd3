-- impressions --
-- The latest slates of some kind, with what was asked, what was shown and what became of it. A bar of a reliability
-- diagram is of the latest $judged slates that are judged, and so is what is behind it.
with judged as (
    select slate
      from outcomes_in_focus
     where case cast($said as varchar)
                when 'p_accept' then decision in ('show', 'auto') and outcome <> 'pending' and p_accept is not null
                     and bundle <> 'imported'
                else $said is not null and known_by is not null end
     order by served_at desc, slate desc
     limit $judged
), kind as (
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
       and ($position is null or slate in (select slate
                                             from options_in_focus
                                            where is_settled and examined and position = try_cast($position as integer)))
       and ($valued is null or outcome <> 'pending' and slate in (
             select sequence
               from slates
              where $valued is not null and surface = getvariable('surface') and learnable
                and "at" >= getvariable('since') and "at" < getvariable('until')
                and mode in ('assist', 'auto') and feature_version > 0
                and len(pool_ids) > 0 and (decision in ('show', 'auto') or reason in ('below-threshold', 'escalation-off'))
                and list_min(cast(json_extract(shown, '$[*].propensity') as double[])) < 1))
       and ($said is null or slate in (select slate from judged))
       and case cast($said as varchar)
                when 'p_any' then p_any between try_cast($said_from as double) and try_cast($said_to as double)
                when 'p_select' then slate in (
                    select slate
                      from options_in_focus
                     where p_select between try_cast($said_from as double) and try_cast($said_to as double))
                when 'p_accept' then p_accept between try_cast($said_from as double) and try_cast($said_to as double)
                else true end
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
