-- surfaces --
-- Every surface there is a setting or a slate of, with its traffic and when it was last asked.
with set_up as (
    select substr(key, length('surface/') + 1) as surface, value
      from cas
     where starts_with(key, 'surface/')
   qualify row_number() over (partition by key order by sequence desc) = 1
), served as (
    select surface, count(*) as n_slates, max(slates."at") as last_at
      from slates
     group by surface
)
select coalesce(set_up.surface, served.surface) as surface,
       coalesce(json_extract_string(set_up.value, '$.title'), '') as title,
       coalesce(try_cast(json_extract_string(set_up.value, '$.simulated') as boolean), false) as simulated,
       coalesce(served.n_slates, 0) as n_slates, served.last_at
  from set_up
  full join served on served.surface = set_up.surface
 where set_up.value is not null or set_up.surface is null
 order by surface

-- moment --
-- The moment this file speaks of.
select moment from as_of

-- extent --
-- The first and the last request of a surface, and what it has to suggest.
select (select min(slates."at") from slates where surface = $surface) as first_at,
       (select max(slates."at") from slates where surface = $surface) as last_at,
       (select count(*) from (select retired from candidates where surface = $surface
                             qualify row_number() over (partition by id order by sequence desc) = 1)
         where not coalesce(retired, false)) as n_candidates
