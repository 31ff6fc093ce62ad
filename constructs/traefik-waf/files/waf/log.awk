# Reads ModSecurity's audit log, a line of JSON for each request, and tells of each that was refused, or would have been:
# which rules, and in which field, never what was in it. Counts them for Prometheus; an empty line lets it write the numbers.

# The JSON text of a field, with its escapes and without its quotes; the first one of that name.
function text_of(json, name,    start) {
  if (!match(json, "\"" name "\":\"([^\"\\\\]|\\\\.)*\"")) return ""
  start = RSTART + length(name) + 4
  return substr(json, start, RLENGTH - length(name) - 5)
}

function number_of(json, name) {
  if (!match(json, "\"" name "\":[0-9]+")) return 0
  return substr(json, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0
}

# The field that a rule found something in, such as ARGS:comment: what stands between two known texts, if it is a name.
function name_between(text, before, after,    at, name) {
  at = index(text, before)
  if (at == 0) return ""
  text = substr(text, at + length(before))
  at = index(text, after)
  name = substr(text, 1, at - 1)
  if (at == 0 || name !~ /^[A-Z_]+(:[^"\\ ]+)?$/) return ""
  # A body that is no form counts as a name: a long one may be anything.
  if (length(name) > 100) sub(/:.*/, ":", name)
  return name
}

function target_of(message,    name) {
  name = name_between(text_of(message, "data"), " found within ", ": ")
  if (name == "") name = name_between(text_of(message, "match"), "' against variable `", "' (Value: ")
  sub(/^MATCHED_VARS?:/, "", name)
  return name
}

function write_numbers(    key, temporary) {
  temporary = metrics ".new"
  print "# TYPE waf_requests_total counter\n# TYPE waf_rule_matches_total counter" >temporary
  for (key in requests) print "waf_requests_total{" key "} " requests[key] >temporary
  for (key in matches) print "waf_rule_matches_total{" key "} " matches[key] >temporary
  close(temporary)
  system("mv '" temporary "' '" metrics "'")
  changed = 0
}

BEGIN { write_numbers() }

/^$/ {
  if (changed) write_numbers()
  next
}

/^\{"transaction":/ {
  end = index($0, "\"messages\":[")
  if (end == 0) next
  head = substr($0, 1, end - 1)
  count = split(substr($0, end), messages, /\{"message":/)
  list = ""
  score = 0
  decided = 0
  delete seen
  for (i = 2; i <= count; i++) {
    message = "\"message\":" messages[i]
    rule = text_of(message, "ruleId")
    if (rule == "949110" || rule == "949111") {
      decided = 1
      if (match(message, /Total Score: [0-9]+/)) score = substr(message, RSTART + 13, RLENGTH - 13) + 0
      continue
    }
    # Ours, which decide alone.
    if (rule ~ /^10(001|100)[0-9]$/) decided = 1
    target = target_of(message)
    if (rule in seen && index(seen[rule], "|" target "|")) continue
    seen[rule] = seen[rule] "|" target "|"
    list = list (list == "" ? "" : ",") "{\"id\":" rule ",\"target\":\"" target "\",\"message\":\"" text_of(message, "message") "\"}"
  }
  if (!decided) next
  outcome = text_of(head, "secrules_engine") == "Enabled" ? "blocked" : "detected"
  split(text_of(head, "unique_id"), origin, "|")
  path = text_of(head, "uri")
  sub(/\?.*/, "", path)
  labels = "route=\"" origin[2] "\",outcome=\"" outcome "\""
  requests[labels]++
  for (rule in seen) matches["route=\"" origin[2] "\",rule=\"" rule "\",outcome=\"" outcome "\""]++
  changed = 1
  printf "{\"waf\":\"%s\",\"time\":\"%s\",\"client\":\"%s\",\"host\":\"%s\",\"route\":\"%s\",\"request_id\":\"%s\",", outcome, \
    text_of(head, "time_stamp"), text_of(head, "client_ip"), origin[1], origin[2], origin[3]
  printf "\"method\":\"%s\",\"path\":\"%s\",\"status\":%d,\"score\":%d,\"rules\":[%s]}\n", text_of(head, "method"), path, \
    number_of(head, "http_code"), score, list
  fflush()
}

END { write_numbers() }
