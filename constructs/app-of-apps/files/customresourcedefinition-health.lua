-- Healthy unless its names or its schema were refused. Upstream's script waits for the condition Established, a moment
-- that Argo CD misses as long as it starts watching new kinds: measured, the wave then waits for the next comparison.
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  local refused = condition.type == "NamesAccepted" and condition.status == "False"
  if refused or (condition.type == "NonStructuralSchema" and condition.status == "True") then
    return {status = "Degraded", message = condition.message or condition.reason}
  end
end
return {status = "Healthy", message = ""}
