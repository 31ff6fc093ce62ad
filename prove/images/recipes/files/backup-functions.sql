
/*
 * Functions under the names that they had before PostgreSQL 15, as far as WAL-G 1.1.3 calls them. initdb runs this
 * together with the functions of PostgreSQL itself, so every database of a new cluster has them.
 */
CREATE FUNCTION pg_start_backup(label text, fast boolean, exclusive boolean)
  RETURNS pg_lsn
  LANGUAGE sql STRICT VOLATILE PARALLEL RESTRICTED
RETURN pg_backup_start(label, fast);

CREATE FUNCTION pg_stop_backup(exclusive boolean, OUT lsn pg_lsn, OUT labelfile text, OUT spcmapfile text)
  LANGUAGE sql STRICT VOLATILE PARALLEL RESTRICTED
BEGIN ATOMIC SELECT b.lsn, b.labelfile, b.spcmapfile FROM pg_backup_stop(true) AS b; END;

REVOKE EXECUTE ON FUNCTION pg_start_backup(text, boolean, boolean), pg_stop_backup(boolean) FROM public;
