apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}-cainjector
  namespace: {{ .Release.Namespace }}
automountServiceAccountToken: false
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-cainjector
  namespace: {{ .Release.Namespace }}
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: cainjector
      app.kubernetes.io/component: cainjector
  template:
    metadata:
      labels:
        app.kubernetes.io/name: cainjector
        app.kubernetes.io/component: cainjector
    spec:
      serviceAccountName: {{ .Release.Name }}-cainjector
      automountServiceAccountToken: false
      {{- with .Values.global.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: cert-manager-cainjector
          image: quay.io/jetstack/cert-manager-cainjector:{{ .Values.cainjector.image.tag }}
          args: [serve, ':9402']
          ports:
            - name: http-metrics
              containerPort: 9402
          readinessProbe:
            httpGet:
              path: /healthz
              port: http-metrics
          livenessProbe:
            httpGet:
              path: /healthz
              port: http-metrics
          resources:
            {{- toYaml .Values.cainjector.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
