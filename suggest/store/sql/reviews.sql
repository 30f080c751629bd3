-- reviews_with_states --
-- Every review with the latest state of its lease: a null state has never been claimed. Oldest first.
select reviews.id, reviews.surface, reviews.impression, reviews.reason, reviews."at", reviews.priority, reviews.deadline,
       leases.value as lease, leases.revision, reviews.sequence
  from reviews
  left join (select key, value, revision from cas where starts_with(key, 'lease/')
            qualify row_number() over (partition by key order by sequence desc) = 1) leases
    on leases.key = 'lease/' || reviews.id
 order by reviews.sequence

-- reviews_by_id --
select id, surface, impression, reason, reviews."at", priority, deadline
  from reviews
 where id in (select unnest($ids))

-- reviews_of_impressions --
select id, surface, impression, reason, reviews."at", priority, deadline
  from reviews
 where impression in (select unnest($ids))

-- verdicts_of_surface --
-- Every verdict of a surface in order; one that undoes another names it.
select eid, review, impression, worker, item, text, none, note, add_candidate, undoes, handling_ms, verdicts."at", sequence
  from verdicts
 where surface = $surface and sequence > $after
 order by sequence

-- verdicts_of_review --
select eid, review, surface, impression, worker, item, text, none, note, add_candidate, undoes, handling_ms,
       verdicts."at", sequence
  from verdicts
 where review = $review
 order by sequence

-- handling_times --
-- How long people took lately, newest first: what the expected wait is estimated from.
select surface, handling_ms, verdicts."at"
  from verdicts
 where handling_ms is not null and undoes is null
 order by sequence desc limit $limit

-- open_escalations_of_session --
-- Escalations of one session of a surface, newest first, with the state of each: what a reloaded page finds again.
select reviews.id, reviews.impression, reviews."at", leases.value as lease
  from reviews
  join slates on slates.id = reviews.impression
  left join (select key, value from cas where starts_with(key, 'lease/')
            qualify row_number() over (partition by key order by sequence desc) = 1) leases
    on leases.key = 'lease/' || reviews.id
 where reviews.surface = $surface and slates.session = $session and reviews.reason = 'escalated'
 order by reviews.sequence desc

-- withdrawn_verdicts --
-- The eids of the verdicts of a surface that were taken back.
select distinct undoes as eid from verdicts where surface = $surface and undoes is not null

-- automatic_decisions --
-- What was applied without asking, newest first: the option, by which bundle and policy, and what its audit found. A
-- standing verdict on another option, a text or none of them says that it was wrong.
select slates.id as impression, slates."at", json_extract_string(slates.shown, '$[0].id') as item,
       json_extract_string(slates.shown, '$[0].text') as text,
       cast(json_extract(slates.shown, '$[0].p_select') as double) as p_select, slates.bundle, slates.policy_revision,
       case when audits.impression is null then null
            when audits.item = json_extract_string(slates.shown, '$[0].id') then 'right'
            else 'wrong' end as verdict
  from slates
  left join (select impression, item, sequence
               from verdicts
              where surface = $surface and undoes is null
                and eid not in (select undoes from verdicts where surface = $surface and undoes is not null)
            qualify row_number() over (partition by impression order by sequence desc) = 1) audits
    on audits.impression = slates.id
 where slates.surface = $surface and slates.decision = 'auto'
 order by slates.sequence desc limit $limit

-- judged_slates --
-- Slates whose answer became known, in the order it did: by a worker's standing verdict, or by what the person who saw
-- it did. Of a slate that was drawn for an audit only the verdict counts; `act` says what its person did, too. What was
-- shown is read of the latest only: it is most of a slate.
with standing as (
    select review, impression, item, sequence
      from verdicts
     where surface = $surface and undoes is null
       and eid not in (select undoes from verdicts where surface = $surface and undoes is not null)
   qualify row_number() over (partition by review order by sequence desc) = 1
),
known as (
    select standing.impression, standing.item, true as is_verdict, reviews.reason = 'audit' as is_audit,
           coalesce(acts.act, 0) as act, standing.sequence
      from standing
      join reviews on reviews.id = standing.review
      left join impression_acts acts on acts.impression = standing.impression
     where reviews.reason in ('audit', 'escalated')
    union all
    select slates.id, case when acts.act = 3 then acts.selected_item end, false, false, acts.act,
           acts.first_terminal_sequence
      from slates
      join impression_acts acts on acts.impression = slates.id
     where slates.surface = $surface and slates.decision = 'show' and acts.act > 0
       and slates.id not in (select impression from reviews where surface = $surface and reason = 'audit')
),
latest as (
    select known.*
      from known
      join slates on slates.id = known.impression
     where slates.surface = $surface and slates.learnable and slates.bundle <> 'imported' and len(slates.pool_ids) > 0
       and coalesce(slates.reason, '') not in ('asked', 'degraded', 'needs-no-answer', 'no-candidates', 'out-of-hours', 'overflow')
     order by known.sequence desc limit $limit
)
select latest.*, slates.decision, slates.p_any, slates.bundle, slates.mode, slates.threshold,
       coalesce(list_contains(json_extract_string(slates.shown, '$[*].id'), latest.item), false) as is_right,
       coalesce(json_extract_string(slates.shown, '$[0].id') = latest.item, false) as is_first,
       coalesce(cast(json_extract_string(slates.shown, '$[0].p_select') as double), 0.0) as p_top1
  from latest
  join slates on slates.id = latest.impression
 order by latest.sequence desc

-- voices --
-- What panels said, one row a voice that was not taken back, latest 20,000: a voice names itself in `undoes`.
select verdicts.review, verdicts.worker, verdicts.item, verdicts.text, verdicts.none,
       coalesce(json_array_length(slates.shown), 3) + 1 as n_answers
  from verdicts
  left join slates on slates.id = verdicts.impression
 where verdicts.undoes = verdicts.eid
   and verdicts.eid not in (select undoes from verdicts where undoes is not null and undoes <> eid)
 order by verdicts.sequence desc limit 20000

-- answers_of_worker --
-- How many answers a worker gave that were not taken back, and how long one took them.
select count(*) as n, median(handling_ms) as handling_ms
  from verdicts
 where worker = $worker and (undoes is null or undoes = eid)
   and eid not in (select undoes from verdicts where undoes is not null and undoes <> eid)

-- answered_contexts --
-- What people answered lately to these contexts, one row a context: an item, words of their own, or none of these.
select labels.context_key, json_extract_string(labels.context, '$.text') as text, labels.item,
       verdicts.text as words, labels.received_at
  from labels
  left join verdicts on labels.id = 'verdict:' || verdicts.eid
 where labels.surface = $surface and labels.context_key in (select unnest($keys))
   and labels.id not in (select 'verdict:' || undoes from verdicts where surface = $surface and undoes is not null)
qualify row_number() over (partition by labels.context_key order by labels.sequence desc) = 1

-- picks_since --
-- How many learning picks of a surface were made since a moment; what somebody asked for does not count.
select count(*) as n
  from reviews
 where surface = $surface and reviews."at" >= $since and pick in ('informative', 'control', 'doubted')

-- open_contexts --
-- A sample of the latest requests of a surface that asked for an answer and got none from anybody: no label, no act, no
-- review, of the same context either. One row a context, its latest.
with latest as (
    select id, context_key, embedding, json_extract_string(context, '$.text') as text, p_any, sequence
      from slates
     where surface = $surface and learnable and not supplied and bundle <> 'imported'
       and encoder = $encoder and embedding is not null and coalesce(reason, '') <> 'needs-no-answer'
     order by sequence desc limit $looked_at
)
select id, embedding, text, p_any
  from (select * from latest
        qualify row_number() over (partition by context_key order by sequence desc) = 1)
 where context_key not in (select context_key from labels where surface = $surface and context_key is not null)
   and context_key not in (select slates.context_key
                             from reviews join slates on slates.id = reviews.impression
                            where reviews.surface = $surface)
   and context_key not in (select latest.context_key
                             from latest join impression_acts acts on acts.impression = latest.id
                            where acts.act > 0)
 order by hash(id || $salt) limit $limit

-- doubted_contexts --
-- The latest slate of each of these contexts that nobody was asked to look at again for a doubt.
select id, context_key, p_any
  from slates
 where surface = $surface and learnable and not supplied and context_key in (select unnest($keys))
   and context_key not in (select slates.context_key
                             from reviews join slates on slates.id = reviews.impression
                            where reviews.surface = $surface and reviews.pick = 'doubted')
qualify row_number() over (partition by context_key order by sequence desc) = 1

-- pointing_verdicts --
-- What stands of all that points to a paragraph of the guideline, one a slate, newest first; without those whose slate was
-- put to people again for it since. A voice of a panel points, too: its slate's answer is the panel's, `stands` where there
-- is one yet; of several voices one that says what is unclear goes first.
with standing as (
    select * from verdicts
     where surface = $surface
       and eid not in (select undoes from verdicts where surface = $surface and undoes is not null and undoes <> eid)
),
settled as (select review, item, text from standing where worker = 'consensus' and undoes is null)
select said.eid, said.review, said.impression, said.worker, said.note, said.paragraph, said.guideline, said."at",
       case when said.undoes is null then said.item else settled.item end as item,
       case when said.undoes is null then said.text else settled.text end as text,
       said.undoes is null or settled.review is not null as stands
  from standing as said left join settled on said.undoes is not null and settled.review = said.review
 where said.paragraph is not null
   and not exists (select 1 from reviews
                    where reviews.impression = said.impression and reviews.pick = 'guideline'
                      and reviews.sequence > said.sequence)
qualify row_number() over (partition by said.impression
                           order by said.review desc, (said.note is not null) desc, said.sequence desc) = 1
 order by said.sequence desc limit $limit
