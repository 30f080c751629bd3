-- derived_tables --
-- What is derived from the log and kept: a row a slate and a row an option of what became of them, and counts by day.
create table if not exists derived.facts (
    slate bigint, impression varchar, surface varchar, served_at timestamp, context_key varchar, decision varchar,
    reason varchar, mode varchar, bundle varchar, p_any double, p_accept double, outcome varchar, item varchar,
    decided_at timestamp, edited boolean, reached boolean, dismissed_in_part boolean, has_vector boolean, fields json, group_id integer,
    known_by varchar, right_items varchar[], is_right boolean, taken integer, saved double
);
create table if not exists derived.options (
    slate bigint, surface varchar, served_at timestamp, bundle varchar, group_id integer, item varchar, text varchar,
    position integer, p_select double, is_settled boolean, examined boolean, selected boolean
);
create table if not exists derived.cells (
    surface varchar, "at" timestamp, bundle varchar, group_id integer, decision varchar, reason varchar, mode varchar,
    outcome varchar, reached boolean, edited boolean, known_by varchar, is_right boolean, n bigint, n_p bigint,
    sum_p double, sum_p2 double, taken bigint, saved double
);
create table if not exists derived.option_cells (
    surface varchar, "at" timestamp, bundle varchar, group_id integer, item varchar, position integer, n bigint,
    examined bigint, taken bigint, last_at timestamp, text varchar
);
create table if not exists derived.groups (group_id integer, surface varchar, fields varchar);
create table if not exists derived.field_values (surface varchar, name varchar, value varchar, slates bigint);
create table if not exists derived.fields_of_too_many (surface varchar, name varchar);
create table if not exists derived.waits (surface varchar, reward_wait_s integer);
create table if not exists derived.progress (sequence bigint);

-- reach --
-- Up to which row of the log everything is derived, and where the log ends.
select (select max(sequence) from derived.progress) as derived_to,
       (select coalesce(max(sequence), -1) from (select max(sequence) as sequence from log.slates
                                   union all select max(sequence) from log.events
                                   union all select max(sequence) from log.labels
                                   union all select max(sequence) from log.reviews
                                   union all select max(sequence) from log.verdicts
                                   union all select max(sequence) from log.cas)) as ends_at

-- standing --
-- The verdicts that were not taken back, with what they were asked about. A voice of a panel names itself in `undoes`;
-- what stands is what the panel came to.
create or replace table derived.voices as
select verdicts.*, slates.context_key
  from log.verdicts
  join log.slates on slates.id = verdicts.impression
 where (verdicts.undoes is null or verdicts.undoes = verdicts.eid)
   and not exists (select 1 from log.verdicts later where later.undoes = verdicts.eid and later.eid <> verdicts.eid);
create or replace view derived.standing as from derived.voices where undoes is null;

-- answers --
-- The right answers of a context, from labels and from its latest verdict. A none-label speaks only where nothing else
-- does.
create or replace table derived.answers as
select surface, context_key, list(distinct item) filter (item is not null) as items
  from (select surface, context_key, item from log.labels where source = 'label'
        union
        select surface, context_key, item
          from (from derived.standing
             qualify row_number() over (partition by surface, context_key order by sequence desc) = 1))
 group by surface, context_key

-- touched --
-- The slates that are derived now: new ones, and those of which something new is known: an act, a verdict, a label of
-- their context, a silence that has lasted.
create or replace table derived.touched as
with fresh as (
    select impression from log.events where sequence > $derived_to
    union
    select impression from log.verdicts where sequence > $derived_to
    union
    select undone.impression
      from log.verdicts undone
      join log.verdicts undoing on undoing.undoes = undone.eid
     where undoing.sequence > $derived_to
), contexts as (
    select surface, context_key from log.labels where sequence > $derived_to and source = 'label'
    union
    select surface, context_key
      from derived.facts
     where impression in (select impression from log.verdicts where sequence > $derived_to)
), waited as (
    select waits.surface
      from reward_waits waits
      left join derived.waits before using (surface)
     where waits.reward_wait_s is distinct from before.reward_wait_s
)
select sequence as slate, id as impression, true as is_new from log.slates where sequence > $derived_to
union
select slate, impression, false from derived.facts where impression in (from fresh)
union
select slate, impression, false from derived.facts where (surface, context_key) in (from contexts)
union
select slate, impression, false
  from derived.facts
 where outcome = 'pending' or (outcome in ('ignored', 'unseen') and surface in (from waited))

-- forget_touched --
delete from derived.facts where slate in (select slate from derived.touched);
delete from derived.options where slate in (select slate from derived.touched);

-- chunk_of_the_log_at_rest --
create or replace view slates as from log.slates;
create or replace view events as from log.events;
create or replace view cas as from log.cas;
create or replace view meta as from log.meta;

-- chunk --
-- As many of them as are derived at once.
create or replace table derived.chunk as
from derived.touched order by slate limit $most offset $first

-- chunk_of_the_log --
-- Their rows, under the names that the views of the log read.
create or replace view slates as from log.slates where sequence in (select slate from derived.chunk);
create or replace view events as from log.events where impression in (select impression from derived.chunk);

-- asked --
create or replace table derived.asked as
select slates.sequence as slate, slates.surface, slates.reason, slates.embedding is not null as has_vector,
       json_extract(slates.context, '$.fields')::varchar as fields, chunk.is_new
  from slates
  join derived.chunk on chunk.slate = slates.sequence

-- field_values --
-- The values of the context fields and how many slates have each. The names are as a lens takes them: any other, as
-- one with a quote in it, would be no path.
insert into derived.field_values
select surface, name, value, sum(n)
  from (select surface, fields, n,
               unnest(list_filter(json_keys(fields::json),
                                  lambda key: regexp_full_match(key, '[A-Za-z][A-Za-z0-9_.-]*'))) as name
          from (select surface, fields, count(*) as n from derived.asked where is_new and fields is not null group by all))
  cross join lateral (select json_extract_string(fields, '$."' || name || '"') as value)
 where value is not null and length(value) <= 60 and (surface, name) not in (from derived.fields_of_too_many)
 group by all

-- fields_of_too_many --
-- A field of more than 24 values is no group.
insert into derived.fields_of_too_many
select surface, name from derived.field_values group by all having count(distinct value) > 24;
delete from derived.field_values where (surface, name) in (from derived.fields_of_too_many);

-- groups --
-- The fields that group, alone: slates with the same ones share a group.
create or replace table derived.reduced as
with sets as (
    select distinct surface, fields from derived.asked
), named as (
    select surface, fields, unnest(json_keys(fields::json)) as name from sets where fields is not null
), valued as (
    select surface, fields, name, json_extract_string(fields, '$."' || name || '"') as value
      from named
     where (surface, name) in (select surface, name from derived.field_values)
), told as (
    select surface, fields, to_json(map(list(name order by name), list(value order by name)))::varchar as reduced
      from valued
     group by all
)
select sets.surface, sets.fields, coalesce(told.reduced, '{}') as reduced
  from sets
  left join told on told.surface = sets.surface and told.fields = sets.fields;
insert into derived.groups
select (select coalesce(max(group_id), 0) from derived.groups) + row_number() over (order by surface, reduced),
       surface, reduced
  from (select distinct surface, reduced from derived.reduced)
 where (surface, reduced) not in (select surface, fields from derived.groups);

-- facts --
-- One row a slate: what became of it, and, first that applies, whether a right option was in it:
-- 1 verdict: a worker answered this impression (the latest verdict that was not taken back);
-- 2 label: the right answers of this very context are known, from labels or from verdicts on other impressions of it;
-- 3 act: the person selected (right), dismissed or overrode (wrong). Ignored, unseen and pending are not judged.
-- A none-label judges only where nothing says what is right instead. What was imported gave no probability to judge.
insert into derived.facts
with own as (
    select impression, item
      from derived.standing
   qualify row_number() over (partition by impression order by sequence desc) = 1
), shown as (
    select impression, list(item) as items, count(*) filter (selected) as taken,
           sum(length(text)) filter (selected) as characters
      from impression_options
     group by impression
), known as (
    select asked.slate, outcomes.*, asked.reason, asked.has_vector, asked.fields, groups.group_id, shown.items,
           case when outcomes.bundle <> 'imported' then shown.taken end as taken, shown.characters,
           case when outcomes.bundle = 'imported' or outcomes.bundle is null then null
                when own.impression is not null then 'verdict'
                when answers.context_key is not null then 'label'
                when outcomes.outcome in ('selected', 'dismissed', 'overridden') and not outcomes.dismissed_in_part
                then 'act' end as known_by,
           case when own.impression is not null then case when own.item is null then [] else [own.item] end
                when answers.context_key is not null then coalesce(answers.items, [])
                when outcomes.outcome = 'selected' then [outcomes.item]
                else [] end as right_items
      from outcomes
      join derived.chunk on chunk.impression = outcomes.impression
      join derived.asked on asked.slate = chunk.slate
      join derived.reduced on reduced.surface = asked.surface and reduced.fields is not distinct from asked.fields
      join derived.groups on groups.surface = asked.surface and groups.fields = reduced.reduced
      left join shown on shown.impression = outcomes.impression
      left join own on own.impression = outcomes.impression
      left join derived.answers on answers.surface = outcomes.surface and answers.context_key = outcomes.context_key
)
select slate, impression, surface, served_at, context_key, decision, reason, mode, bundle, p_any, p_accept, outcome,
       item, decided_at, coalesce(edited, false), decision in ('show', 'auto') or viewed or decided_at is not null,
       dismissed_in_part, has_vector, fields, group_id, known_by, case when known_by is not null then right_items end,
       case when known_by is not null then list_has_any(coalesce(items, []), right_items) end,
       coalesce(taken, 0),
       case when taken > 0 then characters * (1 - least(1, coalesce(edit_ratio, 0))) else 0 end
  from known
 order by served_at

-- options --
-- One row a shown option. Settled: of a slate that was shown, and is no longer pending.
insert into derived.options
select facts.slate, facts.surface, facts.served_at, facts.bundle, facts.group_id, options.item, options.text,
       options.position, options.p_select,
       facts.outcome <> 'pending' and (facts.decision in ('show', 'auto') or facts.outcome <> 'unseen'),
       options.examined, options.selected
  from impression_options options
  join derived.chunk on chunk.impression = options.impression
  join derived.facts on facts.slate = chunk.slate
 order by facts.served_at

-- days --
create or replace table derived.days as
select distinct surface, date_trunc('day', served_at) as day
  from derived.facts
 where slate in (select slate from derived.touched)

-- cells --
-- Slates counted by day and everything they are told apart by: what whole days of a report are added up from.
delete from derived.cells where (surface, "at") in (from derived.days);
insert into derived.cells
select surface, date_trunc('day', served_at) as day, bundle, group_id, decision, reason, mode, outcome, reached, edited,
       known_by, is_right, count(*), count(p_any), sum(p_any), sum(p_any * p_any), sum(taken), sum(saved)
  from derived.facts
 where served_at >= (select min(day) from derived.days) and (surface, date_trunc('day', served_at)) in (from derived.days)
 group by all;

-- option_cells --
-- The options of settled slates, likewise.
delete from derived.option_cells where (surface, "at") in (from derived.days);
insert into derived.option_cells
select surface, date_trunc('day', served_at) as day, bundle, group_id, item, position, count(*),
       count(*) filter (examined), count(*) filter (examined and selected), max(served_at) filter (examined),
       arg_max(text, served_at) filter (examined)
  from derived.options
 where is_settled
   and served_at >= (select min(day) from derived.days) and (surface, date_trunc('day', served_at)) in (from derived.days)
 group by all;

-- reviewed --
-- Every review with the slate it is about and the first and the latest answer that stands.
create or replace table derived.reviewed as
with answered as (
    select review, min("at") as first_at, arg_min(handling_ms, sequence) as first_handling_ms,
           arg_max(handling_ms, sequence) as handling_ms
      from derived.standing
     group by review
), last as (
    select review, item
      from derived.standing
   qualify row_number() over (partition by review order by sequence desc) = 1
)
select reviews.sequence, reviews.id as review, reviews.reason, reviews.pick, reviews."at", facts.slate, facts.surface,
       facts.served_at, facts.bundle, facts.group_id, facts.impression, answered.review is not null as is_answered,
       answered.first_at, answered.first_handling_ms, answered.handling_ms, last.item
  from log.reviews
  join derived.facts on facts.impression = reviews.impression and facts.surface = reviews.surface
  left join answered on answered.review = reviews.id
  left join last on last.review = reviews.id

-- worked --
-- Every verdict and every voice with the slate it is about.
create or replace table derived.worked as
select voices.eid, voices.worker, voices.item, voices.text, voices.handling_ms, voices.sequence, voices.undoes,
       facts.surface, facts.slate, facts.impression, facts.context_key, facts.served_at, facts.bundle, facts.group_id
  from derived.voices
  join derived.facts on facts.impression = voices.impression and facts.surface = voices.surface

-- derived_so_far --
create or replace table derived.waits as select surface, reward_wait_s from reward_waits;
insert into derived.progress values ($ends_at);
