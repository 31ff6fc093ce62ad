-- Ends the segment that is written to, if a position is in it. Variable of psql: position (bytes from the beginning).
set search_path = pg_catalog;
with segment as (
  select written - mod(written, bytes) as begins, bytes
  from (
    select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as written, pg_size_bytes(current_setting('wal_segment_size')) as bytes
  ) as wal
)
select pg_switch_wal()
from segment
where :'position'::numeric > begins and :'position'::numeric <= begins + bytes;
