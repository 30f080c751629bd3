-- exported_state --
-- Every version of a policy, of a note and of a claim, in the shape of `cas`, so that the SQL of the reports runs on it.
-- A claim keeps what tells it from another and no more: no text of its task, no worker, not the lease itself.
select sequence, key, revision,
       case when starts_with(key, 'lease/')
            then json_object('lease', md5(json_extract_string(value, '$.lease'))) else value end as value,
       "at"
  from cas
 where starts_with(key, 'policy/') or starts_with(key, 'annotation/') or starts_with(key, 'lease/')
 order by sequence

-- policy_history --
-- Every policy a surface had, oldest first, with who changed it.
select id, policy_changes."at", policy_changes."by", policy, revision, sequence
  from policy_changes
 where surface = $surface
 order by sequence

-- policy_followed --
-- What came between each of the latest changes of a policy and the next: requests, those that went to people, those that
-- were shown or applied, and of these how many an audit judged and how many held a right option. The options of a slate
-- are read of audited ones alone: 0.3 s of processor time over a million slates and 29,000 audits, where it took 1.1.
with changed as (
    select sequence, policy_changes."at"
      from policy_changes
     where surface = $surface
     order by sequence desc limit $limit
),
moments as (
    select min("at") as first from changed
),
audits as (
    select verdicts.impression, verdicts.item
      from verdicts
      join reviews on reviews.id = verdicts.review
     where verdicts.surface = $surface and reviews.reason = 'audit' and undoes is null
       and eid not in (select undoes from verdicts where surface = $surface and undoes is not null)
   qualify row_number() over (partition by verdicts.impression order by verdicts.sequence desc) = 1
),
since as (
    select changed.sequence, count(*) as requests, count(*) filter (decision = 'escalate') as reviewed,
           count(*) filter (decision in ('show', 'auto')) as n_shown
      from slates
      asof join changed on slates."at" >= changed."at"
     where slates.surface = $surface and slates.bundle <> 'imported' and slates."at" >= (select first from moments)
     group by changed.sequence
),
told as (
    select slates."at", list_contains(json_extract_string(shown, '$[*].id'), audits.item) as is_right
      from slates
      join audits on audits.impression = slates.id
     where slates.surface = $surface and slates.bundle <> 'imported' and decision in ('show', 'auto')
       and slates."at" >= (select first from moments)
),
judged as (
    select changed.sequence, count(*) as audited, count(*) filter (is_right) as audited_right
      from told
      asof join changed on told."at" >= changed."at"
     group by changed.sequence
)
select since.sequence, requests, reviewed, n_shown, coalesce(audited, 0) as audited,
       coalesce(audited_right, 0) as audited_right
  from since
  left join judged on judged.sequence = since.sequence

-- bundles_of_surface --
-- Every bundle built for a surface, oldest first; a later row of the same id is a later state of it.
select id, surface, bundles."at", state, blob, parent, encoder, manifest, gate, sequence
  from bundles
 where surface = $surface
 order by sequence

-- counts --
-- Rows of each table, over everything or of one surface ($surface null = all).
select 'slates' as "table", count(*) as n_rows from slates where surface = coalesce($surface, surface)
union all select 'events', count(*) from events where surface = coalesce($surface, surface)
union all select 'labels', count(*) from labels where surface = coalesce($surface, surface)
union all select 'reviews', count(*) from reviews where surface = coalesce($surface, surface)
union all select 'verdicts', count(*) from verdicts where surface = coalesce($surface, surface)
union all select 'bundles', count(*) from bundles where surface = coalesce($surface, surface)
union all select 'policy_changes', count(*) from policy_changes where surface = coalesce($surface, surface)
union all select 'candidates', count(*) from candidates where surface = coalesce($surface, surface)
