-- focus_judged --
-- Slates of which it is known whether a right option was in them, and how it is known. First that applies:
-- 1 verdict: a worker answered this impression (the latest verdict that was not taken back);
-- 2 label: the right answers of this very context are known, from labels or from verdicts on other impressions of it;
-- 3 act: the person selected (right), dismissed or overrode (wrong). Ignored, unseen and pending are not judged.
-- A none-label judges only where nothing says what is right instead. What was imported gave no probability to judge.
create or replace temp table judged_in_focus as
with standing as (
    select verdicts.impression, verdicts.item, verdicts.sequence, slates.context_key
      from verdicts
      join slates on slates.id = verdicts.impression
     where verdicts.surface = $surface and verdicts.undoes is null
       and not exists (select 1 from verdicts later where later.undoes = verdicts.eid)
), own as (
    select impression, item
      from standing
   qualify row_number() over (partition by impression order by sequence desc) = 1
), known as (
    select context_key, item from labels where surface = $surface and source = 'label'
    union
    select context_key, item
      from (select context_key, item from standing
           qualify row_number() over (partition by context_key order by sequence desc) = 1)
), answers as (
    select context_key, list(distinct item) filter (item is not null) as items from known group by context_key
), slate as (
    select outcomes.impression as id, outcomes.context_key, outcomes.decision, outcomes.p_any, outcomes.bundle,
           outcomes.served_at as "at", coalesce(options.shown, []) as shown, outcomes.outcome, outcomes.item,
           outcomes.dismissed_in_part
      from outcomes_in_focus outcomes
      left join (select impression, list(item order by position) as shown from options_in_focus group by all) options
        on options.impression = outcomes.impression
     where outcomes.bundle <> 'imported'
), judged as (
    select slate.id, slate.context_key, slate.decision, slate.p_any, slate.bundle, slate."at", slate.shown,
           case when own.impression is not null then 'verdict'
                when answers.context_key is not null then 'label'
                when slate.outcome in ('selected', 'dismissed', 'overridden') and not slate.dismissed_in_part then 'act'
                end as known_by,
           case when own.impression is not null then case when own.item is null then [] else [own.item] end
                when answers.context_key is not null then coalesce(answers.items, [])
                when slate.outcome = 'selected' then [slate.item]
                else [] end as right_items
      from slate
      left join own on own.impression = slate.id
      left join answers on answers.context_key = slate.context_key
)
select id as impression, context_key, decision, p_any, bundle, judged."at", known_by, shown, right_items,
       list_has_any(shown, right_items) as is_right,
       exists (select 1 from reviews where reviews.impression = judged.id and reviews.reason = 'audit') as is_audited
  from judged
 where known_by is not null

-- judged_slates --
-- The latest of them, in order of time.
select *
  from (from judged_in_focus order by "at" desc, impression desc limit $most)
 order by "at", impression

-- judged_by --
-- How often the slates of each value of something held a right option, as verdicts and known answers have it, beside
-- what was said of them. Acts are left out: who acts is no random sample.
select coalesce(case $by when 'bundle' then judged.bundle else json_extract_string(outcomes.fields, $by) end, '') as value,
       count(*) as n, sum(is_right::int)::bigint as right_n, sum(judged.p_any) as said,
       sum(judged.p_any * (1 - judged.p_any)) as noise
  from judged_in_focus judged
  join outcomes_in_focus outcomes on outcomes.impression = judged.impression
 where judged.p_any is not null and known_by <> 'act'
 group by all
 order by n desc, value

-- judged_tally --
-- Slates known by a verdict or by a known answer, and how many of them held a right option.
select count(*) as n, count(*) filter (is_right) as right_n
  from judged_in_focus
 where known_by <> 'act'

-- judged_by_rarity --
-- The same by how often this very context was asked: what is asked once is the long tail.
with asked as (
    select context_key, count(*) as times from outcomes_in_focus group by context_key
)
select case when times = 1 then 1 when times <= 5 then 2 when times <= 20 then 6 else 21 end as band,
       count(*) as slates, count(judged.impression) as n, count(*) filter (judged.is_right) as right_n
  from outcomes_in_focus outcomes
  join asked using (context_key)
  left join judged_in_focus judged on judged.impression = outcomes.impression and known_by <> 'act'
 group by band
 order by band

-- shown_options --
-- Every option of the latest slates that are judged, with the probability it was given.
select options.impression, item, position, p_select
  from options_in_focus options
  join (select impression from judged_in_focus order by "at" desc, impression desc limit $most) judged
    on judged.impression = options.impression
 where p_select is not null
 order by options.impression, position
