-- Argo CD's own verdict, but for its end: a StatefulSet has no condition that tells of a rollout that stands still, and
-- would be Progressing for ever. Its controller writes the status whenever anything moves, and the API server writes down
-- when that was.
local spec, status = obj.spec, obj.status or {}
local replicas = spec.replicas or 1
local update = spec.updateStrategy or {}
local partition = (update.rollingUpdate or {}).partition or 0
local waiting
if (status.observedGeneration or 0) < (obj.metadata.generation or 0) then
  waiting = "the change is seen by its controller"
elseif (status.readyReplicas or 0) < replicas then
  waiting = (replicas - (status.readyReplicas or 0)) .. " pods are ready"
elseif partition > 0 then
  if (status.updatedReplicas or 0) < replicas - partition then waiting = "the partition is updated" end
elseif update.type ~= "OnDelete" and status.updateRevision ~= status.currentRevision then
  waiting = (replicas - (status.updatedReplicas or 0)) .. " pods are updated"
end
if waiting == nil then return {status = "Healthy", message = ""} end
local deadline = tonumber((obj.metadata.annotations or {})["diptych/progress-deadline-seconds"]) or 600
if elapsed(written()) > deadline then
  return {status = "Degraded", message = "no progress for more than " .. deadline .. " s, while waiting until " .. waiting}
end
return {status = "Progressing", message = "waiting until " .. waiting}
