{{- if .Values.crds.enabled }}
{{- range $file, $_ := .Files.Glob "definitions/*.yaml" }}
{{- $definition := $.Files.Get $file | fromYaml }}
{{- if $.Values.crds.keep }}
{{- $_ := set $definition.metadata "annotations" (dict "helm.sh/resource-policy" "keep") }}
{{- end }}
---
{{ toYaml $definition }}
{{- end }}
{{- end }}
