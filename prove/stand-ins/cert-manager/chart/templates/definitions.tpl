{{- if .Values.crds.enabled }}
{{- range $file, $_ := .Files.Glob "definitions/*.yaml" }}
{{- $definition := $.Files.Get $file | fromYaml }}
{{- if $.Values.crds.keep }}
{{- $_ := set $definition.metadata "annotations" (merge (dict "helm.sh/resource-policy" "keep") ($definition.metadata.annotations | default dict)) }}
{{- end }}
---
{{ toYaml $definition }}
{{- end }}
{{- end }}
