-- Of a standby whose last restart point is on an earlier timeline than what it receives, and that cannot make one on
-- that yet: both timelines, such as "6 of 7".
set search_path = pg_catalog;
select timeline_id < received_tli as earlier from pg_stat_wal_receiver, pg_control_checkpoint()
union all select false limit 1 \gset
\if :earlier
checkpoint;
\endif
select timeline_id || ' of ' || received_tli from pg_stat_wal_receiver, pg_control_checkpoint() where timeline_id < received_tli;
