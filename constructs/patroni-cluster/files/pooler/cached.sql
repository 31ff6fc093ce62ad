-- What PgBouncer keeps of a database, as one number: another one means that something of it is no longer so. Printed
-- every second for as long as the connection lasts.
select hashtextextended(concat_ws(' ',
  -- Which server it is, and whether it was promoted: PgBouncer tells new clients what the first one said of itself.
  pg_postmaster_start_time(), pg_is_in_recovery(),
  current_setting('default_transaction_read_only'), current_setting('search_path'), current_setting('TimeZone'),
  current_setting('DateStyle'), current_setting('IntervalStyle'), current_setting('standard_conforming_strings'),
  -- What sessions took over when they began.
  (select string_agg(concat_ws(' ', setdatabase, setrole, setconfig), ',' order by setdatabase, setrole)
    from pg_db_role_setting),
  -- What prepared statements return: all clients share their plans, so that a new one gets an old plan. Dropped columns
  -- count too: who drops one and adds it again has another one.
  (select string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, atttypmod), ',' order by attrelid, attnum)
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where attrelid >= 16384 and attnum > 0 and relpersistence <> 't' and relkind in ('r', 'p', 'v', 'm', 'f', 'c')),
  (select string_agg(concat_ws(' ', oid, prorettype, proallargtypes, proargnames), ',' order by oid)
    from pg_proc where oid >= 16384)
), 0)
\watch 1
