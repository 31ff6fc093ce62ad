-- An autoscaler without metrics keeps the replicas it has: that is for an alert, not a reason to call a release failed,
-- and it is so for half a minute after every first installation.
local conditions = (obj.status or {}).conditions or {}
for _, condition in ipairs(conditions) do
  if condition.type == "AbleToScale" and condition.status == "False" and condition.reason ~= "BackoffBoth"
    and condition.reason ~= "BackoffDownscale" and condition.reason ~= "BackoffUpscale" then
    return {status = "Degraded", message = condition.message or condition.reason}
  end
end
for _, condition in ipairs(conditions) do
  -- Somebody scaled to nothing: Argo CD leaves the number to the autoscaler, which rests, so nothing brings a pod back.
  if condition.type == "ScalingActive" and condition.status == "False" and condition.reason == "ScalingDisabled" then
    return {status = "Degraded", message = condition.message or condition.reason}
  end
  if condition.type == "ScalingActive" and condition.status == "False" then
    return {status = "Healthy", message = "does not scale: " .. (condition.message or condition.reason)}
  end
end
return {status = "Healthy", message = ""}
