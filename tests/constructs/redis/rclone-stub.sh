#!/bin/bash
# In place of rclone: buckets are folders of STORES, and nothing is encrypted. Where there is `STORES/cut`, half of what is
# sent arrives; where there is `STORES/closed`, nobody answers;
# where there is `STORES/other-key`, nothing can be decrypted.
while [[ $1 == --* ]]; do shift 2; done
command=$1
shift
bucket=$STORES/${RCLONE_CONFIG_BACKUPS_REMOTE#store:}
file=$bucket/${!#}
file=${file/backups:/}
if [ "$command" = obscure ]; then exec cat; fi
if [ -e "$STORES/closed" ]; then
  echo '2026/11/29 14:00:00 ERROR : error listing: connection refused' >&2
  exit 1
fi
if [ ! -d "$bucket" ]; then
  echo '2026/11/29 14:00:00 ERROR : error listing: directory not found' >&2
  exit 3
fi
case $command in
  lsf) ls "$file" 2>/dev/null ;;
  cat)
    if [ -e "$STORES/other-key" ]; then
      echo "ERROR : ${file##*/}: Failed to send to output: failed to authenticate decrypted block - bad password?" >&2
      exit 1
    fi
    cat "$file"
    ;;
  deletefile) rm "$file" ;;
  copyto)
    mkdir -p "${file%/*}"
    cp "$1" "$file"
    if [ -e "$STORES/cut" ]; then truncate -s "$(($(stat -c %s "$1") / 2))" "$file"; fi
    ;;
esac
exit 0
