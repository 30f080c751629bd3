-- slates_by_id --
-- What was shown, and what was known then, for some impressions.
select id, surface, slates."at", user_key, session, context, context_key, encoder, embedding, shown, k, decision, reason,
       p_any, p_none_raw, p_accept, threshold, mode, bundle, policy_revision, supplied, learnable,
       pool_ids, pool_logits, pool_p, features, feature_version, sequence
  from slates
 where id in (select unnest($ids))
 order by sequence

-- shown_by_id --
-- The part of a slate that feedback needs: what was shown for which context.
select id, surface, slates."at", user_key, session, context_key, encoder, embedding, shown, decision, p_any, supplied,
       learnable
  from slates
 where id in (select unnest($ids))

-- slates_of_surface --
-- The slates of a surface since a moment, oldest first.
select id, slates."at", context, context_key, shown, decision, reason, p_any, p_none_raw, p_accept, threshold, mode,
       bundle, policy_revision, supplied, learnable, sequence
  from slates
 where surface = $surface and slates."at" >= $since
 order by sequence

-- recent_p_none --
-- The raw no-answer probabilities of the last requests of a surface, oldest first: what the prior shift is estimated from.
select p_none_raw, "at"
  from (select p_none_raw, slates."at" as "at", sequence
          from slates
         where surface = $surface and p_none_raw is not null
         order by sequence desc limit $limit)
 order by sequence
